#include "request.h"

#include <errno.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "json.h"

struct writer {
  char *out;
  size_t length, room;
  int error; /* stays once set */
};

__attribute__((format(printf, 2, 3))) static void put(struct writer *w, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int n = vsnprintf(w->out + w->length, w->room - w->length, format, arguments);
  va_end(arguments);
  if (n < 0 || (size_t) n >= w->room - w->length)
    w->error = ENAMETOOLONG;
  else
    w->length += n;
}

static void put_bytes(struct writer *w, const char *bytes, size_t count) {
  if (w->room - w->length < count)
    w->error = ENAMETOOLONG;
  else
    memcpy(w->out + w->length, bytes, count);
  w->length += w->error == 0 ? count : 0;
}

static void put_string(struct writer *w, const char *text) {
  put(w, "\"");
  for (int n; *text != '\0' && w->error == 0; text += n) {
    n = utf8_length(text, strnlen(text, 4));
    if (n == 0)
      w->error = EILSEQ;
    else if ((unsigned char) *text < 0x20 || *text == '"' || *text == '\\')
      put(w, "\\u%04x", (unsigned) *text);
    else
      put_bytes(w, text, n);
  }
  put(w, "\"");
}

/* A switch that is off raises its flag; on is the default, and what is no boolean counts as not set. */
static unsigned flags_of_environment(void) {
  static const char *const off[] = { "0", "no", "n", "false", "f", "off" };
  static const char *const switches[] = { /* in the order of their bits, NO_VALIDATE (1 << 10) to NO_NETWORK */
    "SYSTEMD_NSS_RESOLVE_VALIDATE", "SYSTEMD_NSS_RESOLVE_SYNTHESIZE", "SYSTEMD_NSS_RESOLVE_CACHE",
    "SYSTEMD_NSS_RESOLVE_ZONE", "SYSTEMD_NSS_RESOLVE_TRUST_ANCHOR", "SYSTEMD_NSS_RESOLVE_NETWORK",
  };
  unsigned flags = 0;
  for (size_t bit = 0; bit < sizeof switches / sizeof *switches; bit++) {
    const char *value = secure_getenv(switches[bit]);
    for (size_t i = 0; value != NULL && i < sizeof off / sizeof *off; i++)
      flags |= strcasecmp(value, off[i]) == 0 ? 1U << (10 + bit) : 0;
  }
  return flags;
}

/* The interface asked for by index or name; 0, which is any, if none is set or there is no such interface. */
static unsigned long ifindex_of_environment(void) {
  const char *value = secure_getenv("SYSTEMD_NSS_RESOLVE_INTERFACE");
  if (value == NULL)
    return 0;
  if (value[strspn(value, "0123456789")] != '\0')
    return if_nametoindex(value);
  unsigned long index = strtoul(value, NULL, 10);
  return index <= INT32_MAX ? index : 0;
}

/* What all requests end with. An ifindex of 0 is left out: older daemons never saw that key. */
static ssize_t finish(struct writer *w) {
  unsigned long ifindex = ifindex_of_environment();
  if (ifindex > 0)
    put(w, ",\"ifindex\":%lu", ifindex);
  put(w, ",\"flags\":%u}}", flags_of_environment());
  return w->error != 0 ? -w->error : (ssize_t) w->length + 1;
}

ssize_t request_hostname(char *out, size_t room, const char *name, int family) {
  struct writer w = { .out = out, .room = room };
  put(&w, "{\"method\":\"io.systemd.Resolve.ResolveHostname\",\"parameters\":{\"name\":");
  put_string(&w, name);
  if (family != 0)
    put(&w, ",\"family\":%d", family);
  return finish(&w);
}

ssize_t request_address(char *out, size_t room, const unsigned char *address, size_t size, int family) {
  struct writer w = { .out = out, .room = room };
  put(&w, "{\"method\":\"io.systemd.Resolve.ResolveAddress\",\"parameters\":{\"family\":%d,\"address\":", family);
  for (size_t i = 0; i < size; i++)
    put(&w, "%c%d", i == 0 ? '[' : ',', address[i]);
  put(&w, "]");
  return finish(&w);
}
