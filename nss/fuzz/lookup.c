/*
 * Any bytes as what the daemon sends, to any of the six functions. The first eight bytes of the input choose the
 * function, the question, the buffer and how the stream is cut; the rest is the stream.
 */
#include "fuzz/hooks.h"
#undef close

#include <errno.h>
#include <string.h>

#include "test/nss.h"

static struct {
  const uint8_t *data;
  size_t size, chunk;
  unsigned faults; /* one bit per call: the next one fails as if a signal came */
  int open;
} daemon_side;

static void require(int holds) {
  if (!holds)
    abort();
}

static int is_interrupted(void) {
  int fault = daemon_side.faults & 1;
  daemon_side.faults >>= 1;
  errno = EINTR;
  return fault;
}

int fuzz_socket(int domain, int type, int protocol) {
  (void) domain, (void) protocol;
  require((type & SOCK_CLOEXEC) != 0);
  daemon_side.open++;
  return 1000;
}

int fuzz_setsockopt(int fd, int level, int option, const void *value, socklen_t size) {
  (void) fd, (void) level, (void) option, (void) value, (void) size;
  return 0;
}

int fuzz_connect(int fd, const struct sockaddr *address, socklen_t size) {
  (void) fd, (void) address, (void) size;
  return is_interrupted() ? -1 : 0;
}

ssize_t fuzz_send(int fd, const void *data, size_t size, int flags) {
  (void) fd;
  require((flags & MSG_NOSIGNAL) != 0 && size > 0 && memchr(data, '\0', size) == (const char *) data + size - 1);
  return is_interrupted() ? -1 : (ssize_t) size;
}

ssize_t fuzz_recv(int fd, void *data, size_t size, int flags) {
  (void) fd, (void) flags;
  if (is_interrupted())
    return -1;
  size_t n = daemon_side.chunk < daemon_side.size ? daemon_side.chunk : daemon_side.size;
  n = n < size ? n : size;
  memcpy(data, daemon_side.data, n);
  daemon_side.data += n;
  daemon_side.size -= n;
  return (ssize_t) n;
}

int fuzz_close(int fd) {
  require(fd == 1000);
  daemon_side.open--;
  return 0;
}

/* All that an answer points to must be inside the caller's buffer. */
static void check_text(const char *text, const char *buffer, size_t room) {
  require(text >= buffer && text < buffer + room && memchr(text, '\0', buffer + room - text) != NULL);
}

static void check_host(const struct hostent *host, const char *buffer, size_t room) {
  check_text(host->h_name, buffer, room);
  require((uintptr_t) host->h_aliases % sizeof(char *) == 0 && (uintptr_t) host->h_addr_list % sizeof(char *) == 0);
  for (char **alias = host->h_aliases; *alias != NULL; alias++)
    check_text(*alias, buffer, room);
  require(host->h_addr_list[0] != NULL && host->h_length == (host->h_addrtype == AF_INET ? 4 : 16));
  for (char **address = host->h_addr_list; *address != NULL; address++)
    require(*address >= buffer && *address + host->h_length <= buffer + room);
}

static void check_tuples(const struct gaih_addrtuple *tuple, const char *buffer, size_t room) {
  require(tuple != NULL);
  for (; tuple != NULL; tuple = tuple->next) {
    require((const char *) tuple >= buffer && (const char *) (tuple + 1) <= buffer + room);
    require(tuple->family == AF_INET || tuple->family == AF_INET6);
    check_text(tuple->name, buffer, room);
  }
}

static void check_status(enum nss_status status, int error, int host_error) {
  if (status == NSS_STATUS_SUCCESS)
    require(host_error == NETDB_SUCCESS);
  else if (status == NSS_STATUS_NOTFOUND)
    require(host_error == HOST_NOT_FOUND || host_error == NO_DATA);
  else if (status == NSS_STATUS_UNAVAIL)
    require(host_error == NO_RECOVERY && error != ERANGE);
  else
    require(status == NSS_STATUS_TRYAGAIN && (error == ERANGE) == (host_error == NETDB_INTERNAL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const names[] = { "host.example", "", "q\"\\\n", "\xC3\xA4.test", "\xFF", "a" };
  static const unsigned char address[16] = { 0xFE, 0x80, [15] = 1 };
  if (size < 8)
    return -1;
  const char *name = names[data[1] % 6];
  int family = data[2] & 1 ? AF_INET6 : AF_INET, error = 0, host_error = -1;
  size_t room = data[3] | (data[4] & 15) << 8, offset = data[4] >> 5;
  daemon_side.chunk = data[5] == 0 ? 1 << 20 : data[5];
  daemon_side.faults = data[6];
  daemon_side.data = data + 8;
  daemon_side.size = size - 8;

  char *block = malloc(offset + room), *buffer = block + offset, *canonical = NULL;
  struct hostent host;
  struct gaih_addrtuple *tuples = NULL;
  int32_t ttl = -1;
  enum nss_status status;
  switch (data[0] % 6) {
  case 0:
    status = _nss_resolve_gethostbyname_r(name, &host, buffer, room, &error, &host_error);
    break;
  case 1:
    status = _nss_resolve_gethostbyname2_r(name, family, &host, buffer, room, &error, &host_error);
    break;
  case 2:
    status = _nss_resolve_gethostbyname3_r(name, family, &host, buffer, room, &error, &host_error, &ttl, &canonical);
    require(status != NSS_STATUS_SUCCESS || (canonical == host.h_name && ttl == 0));
    break;
  case 3:
    status = _nss_resolve_gethostbyname4_r(name, &tuples, buffer, room, &error, &host_error, &ttl);
    if (status == NSS_STATUS_SUCCESS)
      check_tuples(tuples, buffer, room);
    break;
  case 4:
    status = _nss_resolve_gethostbyaddr_r(address, data[2] & 1 ? 16 : 4, family, &host, buffer, room, &error, &host_error);
    break;
  default:
    status = _nss_resolve_gethostbyaddr2_r(address, data[2] & 1 ? 16 : 4, family, &host, buffer, room, &error,
        &host_error, &ttl);
  }
  check_status(status, error, host_error);
  if (status == NSS_STATUS_SUCCESS && data[0] % 6 != 3)
    check_host(&host, buffer, room);
  require(daemon_side.open == 0);
  free(block);
  return 0;
}
