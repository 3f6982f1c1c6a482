/*
 * `hosts: resolve` of nsswitch.conf: asks the resolver over its varlink socket, one connection per lookup.
 * There is no state between calls and nothing outlives one, so threads, fork() and closed descriptors need no care.
 */
#include <errno.h>
#include <netdb.h>
#include <nss.h>
#include <pthread.h>
#include <resolv.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "json.h"
#include "request.h"
#include "varlink-client.h"

#define PUBLIC __attribute__((visibility("default"))) enum nss_status

enum verdict { ANSWERED, UNREACHABLE, TRY_LATER, NO_DATA_OF_KIND, NO_SUCH_HOST, BUFFER_TOO_SMALL };

/* What was asked, and where the caller wants the answer. */
struct lookup {
  const char *name;               /* by name, or */
  const unsigned char *address;   /* by address */
  int family;                     /* AF_UNSPEC: both, for tuples only */
  struct hostent *host;           /* what to fill, or */
  struct gaih_addrtuple **tuples; /* where to hang the first of a list */
  char *at;                       /* the free part of the caller's buffer */
  size_t left;
  int *error, *host_error;
  int32_t *ttl;                   /* may be NULL */
};

struct address {
  int family;
  uint32_t scope;
  unsigned char bytes[16];
};

static size_t size_of(int family) {
  return family == AF_INET ? 4 : family == AF_INET6 ? 16 : 0;
}

/* Takes space for count things of this size from the caller's buffer, aligned for all of ours; NULL if too little is left. */
static void *carve(struct lookup *lookup, size_t count, size_t size) {
  size_t padding = -(uintptr_t) lookup->at % sizeof(void *);
  if (lookup->left < padding || (lookup->left - padding) / size < count)
    return NULL;
  void *piece = lookup->at + padding;
  lookup->at += padding + count * size;
  lookup->left -= padding + count * size;
  return piece;
}

/* Copies the `name` of an object of the reply into the caller's buffer. */
static enum verdict carve_name(struct lookup *lookup, struct json object, char **text) {
  struct json name;
  ssize_t length = json_get(object, "name", &name) > 0 ? json_string(name, lookup->at, lookup->left) : -1;
  if (length < 0)
    return UNREACHABLE;
  if ((size_t) length >= lookup->left)
    return BUFFER_TOO_SMALL;
  *text = lookup->at;
  (*text)[length] = '\0';
  lookup->at += length + 1;
  lookup->left -= length + 1;
  return ANSWERED;
}

/* Whether a member is a number, or absent and then 0. */
static bool read_number(struct json object, const char *key, long long max, long long *number) {
  struct json value;
  int found = json_get(object, key, &value);
  *number = 0;
  return found == 0 || (found > 0 && json_integer(value, max, number));
}

/* Whether the entry is an address; one of a family that is not ours may have any size. */
static bool read_address(struct json entry, struct address *address) {
  struct json bytes, item;
  long long family, ifindex, byte;
  size_t size = 0;
  if (!read_number(entry, "family", INT32_MAX, &family) || !read_number(entry, "ifindex", INT32_MAX, &ifindex))
    return false;
  if (family == AF_UNSPEC || json_get(entry, "address", &bytes) <= 0 || !json_is_array(bytes))
    return false;
  for (; json_next(&bytes, &item); size++) {
    if (!json_integer(item, UINT8_MAX, &byte))
      return false;
    if (size < sizeof address->bytes)
      address->bytes[size] = (unsigned char) byte;
  }
  address->family = (int) family;
  if (size != size_of(address->family))
    return size_of(address->family) == 0;
  bool is_link_local = family == AF_INET6 && address->bytes[0] == 0xFE && (address->bytes[1] & 0xC0) == 0x80;
  address->scope = is_link_local ? (uint32_t) ifindex : 0; /* R-NSS-4 */
  return true;
}

/* 1: *address is the next one that the lookup can use; 0: there is no more; -1: malformed. */
static int next_address(const struct lookup *lookup, struct json *list, struct address *address) {
  struct json entry;
  while (json_next(list, &entry)) {
    if (!read_address(entry, address))
      return -1;
    if (lookup->family == AF_UNSPEC ? size_of(address->family) > 0 : address->family == lookup->family)
      return 1;
  }
  return 0;
}

/* For gethostbyname4: a chain of addresses of both families, each with the canonical name (R-NSS-4). */
static enum verdict fill_tuples(struct lookup *lookup, struct json reply, struct json list) {
  struct gaih_addrtuple *first = NULL, **link = &first;
  struct address address;
  char *name;
  int more;
  enum verdict verdict = carve_name(lookup, reply, &name);
  if (verdict != ANSWERED)
    return verdict;
  while ((more = next_address(lookup, &list, &address)) > 0) {
    struct gaih_addrtuple *tuple = carve(lookup, 1, sizeof *tuple);
    if (tuple == NULL)
      return BUFFER_TOO_SMALL;
    *tuple = (struct gaih_addrtuple) { .name = name, .family = address.family, .scopeid = address.scope };
    memcpy(tuple->addr, address.bytes, size_of(address.family));
    *link = tuple;
    link = &tuple->next;
  }
  if (more < 0 || first == NULL)
    return more < 0 ? UNREACHABLE : NO_SUCH_HOST;
  if (*lookup->tuples != NULL)
    **lookup->tuples = *first; /* the caller brought the first tuple itself */
  else
    *lookup->tuples = first;
  return ANSWERED;
}

/* Room for all of a hostent but its names; the aliases are an array of this many NULLs. */
static enum verdict carve_host(struct lookup *lookup, size_t addresses, size_t aliases) {
  size_t size = size_of(lookup->family);
  char **pointers = carve(lookup, addresses + 1 + aliases, sizeof *pointers);
  char *bytes = carve(lookup, addresses, size);
  if (pointers == NULL || bytes == NULL)
    return BUFFER_TOO_SMALL;
  for (size_t i = 0; i < addresses + 1 + aliases; i++)
    pointers[i] = i < addresses ? bytes + i * size : NULL;
  *lookup->host = (struct hostent) { .h_addrtype = lookup->family, .h_length = (int) size,
    .h_addr_list = pointers, .h_aliases = pointers + addresses + 1 };
  return ANSWERED;
}

/* For gethostbyname 1 to 3: the addresses of one family and the canonical name, no aliases (R-NSS-4). */
static enum verdict fill_addresses(struct lookup *lookup, struct json reply, struct json list) {
  struct json rest = list;
  struct address address;
  size_t count = 0;
  int more;
  while ((more = next_address(lookup, &rest, &address)) > 0)
    count++;
  if (more < 0 || count == 0)
    return more < 0 ? UNREACHABLE : NO_SUCH_HOST;
  enum verdict verdict = carve_host(lookup, count, 1);
  for (size_t i = 0; verdict == ANSWERED && next_address(lookup, &list, &address) > 0; i++)
    memcpy(lookup->host->h_addr_list[i], address.bytes, lookup->host->h_length);
  return verdict == ANSWERED ? carve_name(lookup, reply, &lookup->host->h_name) : verdict;
}

/* For gethostbyaddr: the first name is the host's, the others are its aliases (R-NSS-4). */
static enum verdict fill_names(struct lookup *lookup, struct json list) {
  struct json rest = list, entry;
  size_t count = 0;
  while (json_next(&rest, &entry))
    count++;
  if (count == 0)
    return NO_SUCH_HOST;
  enum verdict verdict = carve_host(lookup, 1, count);
  for (size_t i = 0; verdict == ANSWERED && json_next(&list, &entry); i++)
    verdict = carve_name(lookup, entry, i == 0 ? &lookup->host->h_name : &lookup->host->h_aliases[i - 1]);
  if (verdict == ANSWERED)
    memcpy(lookup->host->h_addr_list[0], lookup->address, lookup->host->h_length);
  return verdict;
}

/* Whether the servers said that there is no such name, or cannot be; every other RCODE is no answer (RFC 1035 4.1.1). */
static bool is_denial(struct json reply) {
  const long long max_rcode = 4095, nxdomain = 3, yxdomain = 6 /* of a DNAME: longer than a name may be, RFC 6672 2.2 */;
  struct json parameters, value;
  long long rcode;
  return json_get(reply, "parameters", &parameters) > 0 && json_get(parameters, "rcode", &value) > 0 &&
      json_integer(value, max_rcode, &rcode) && (rcode == nxdomain || rcode == yxdomain);
}

/* R-NSS-3: the conversation itself failed, or what failed may soon work; any other error is a final no. */
static enum verdict judge_error(const struct lookup *lookup, struct json reply, struct json error) {
  static const struct {
    const char *name;
    enum verdict by_name, by_address;
  } known[] = {
    { "io.systemd.Disconnected", UNREACHABLE, UNREACHABLE },
    { "io.systemd.TimedOut", UNREACHABLE, UNREACHABLE },
    { "io.systemd.Protocol", UNREACHABLE, UNREACHABLE },
    { "org.varlink.service.InterfaceNotFound", UNREACHABLE, UNREACHABLE },
    { "org.varlink.service.MethodNotFound", UNREACHABLE, UNREACHABLE },
    { "org.varlink.service.MethodNotImplemented", UNREACHABLE, UNREACHABLE },
    { "io.systemd.Resolve.NoNameServers", TRY_LATER, TRY_LATER },
    { "io.systemd.Resolve.QueryTimedOut", TRY_LATER, TRY_LATER },
    { "io.systemd.Resolve.MaxAttemptsReached", TRY_LATER, TRY_LATER },
    { "io.systemd.Resolve.NetworkDown", TRY_LATER, TRY_LATER },
    { "io.systemd.Resolve.InvalidReply", TRY_LATER, TRY_LATER },
    { "io.systemd.Resolve.QueryAborted", TRY_LATER, TRY_LATER },
    { "io.systemd.Resolve.StubLoop", TRY_LATER, TRY_LATER },
    { "io.systemd.Resolve.DNSError", TRY_LATER, TRY_LATER },
    { "io.systemd.Resolve.DNSSECValidationFailed", TRY_LATER, TRY_LATER },
    { "io.systemd.Resolve.NoTrustAnchor", TRY_LATER, TRY_LATER },
    { "io.systemd.System", TRY_LATER, TRY_LATER },
    { "io.systemd.Resolve.NoSuchResourceRecord", NO_DATA_OF_KIND, NO_SUCH_HOST },
  };
  char name[64] = "";
  ssize_t length = json_string(error, name, sizeof name - 1);
  if (strcmp(name, "io.systemd.Resolve.DNSError") == 0 && is_denial(reply))
    return NO_SUCH_HOST;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (strcmp(name, known[i].name) == 0 && length == (ssize_t) strlen(name))
      return lookup->name != NULL ? known[i].by_name : known[i].by_address;
  return length > 0 ? NO_SUCH_HOST : UNREACHABLE;
}

static enum verdict judge_reply(struct lookup *lookup, const struct varlink *call) {
  struct json reply, error, continues, parameters, list;
  if (!json_parse(call->text, call->length, &reply))
    return UNREACHABLE;
  int has_error = json_get(reply, "error", &error);
  if (has_error != 0)
    return has_error > 0 ? judge_error(lookup, reply, error) : UNREACHABLE;
  if (json_get(reply, "continues", &continues) != 0 && !json_is(continues, "false"))
    return UNREACHABLE; /* V-4: we did not ask for more */
  if (json_get(reply, "parameters", &parameters) <= 0)
    return UNREACHABLE;
  if (json_get(parameters, lookup->name != NULL ? "addresses" : "names", &list) <= 0 || !json_is_array(list))
    return UNREACHABLE;
  if (lookup->name == NULL)
    return fill_names(lookup, list);
  return lookup->tuples != NULL ? fill_tuples(lookup, parameters, list) : fill_addresses(lookup, parameters, list);
}

/* R-NSS-3. The cause, if known, is told by *error, which is untouched where glibc would not look at it. */
static enum nss_status conclude(const struct lookup *lookup, enum verdict verdict, int cause) {
  static const struct {
    enum nss_status status;
    int host_error, error;
  } table[] = {
    [ANSWERED] = { NSS_STATUS_SUCCESS, NETDB_SUCCESS, 0 },
    [UNREACHABLE] = { NSS_STATUS_UNAVAIL, NO_RECOVERY, EBADMSG },
    [TRY_LATER] = { NSS_STATUS_TRYAGAIN, TRY_AGAIN, EAGAIN },
    [NO_DATA_OF_KIND] = { NSS_STATUS_NOTFOUND, NO_DATA, 0 },
    [NO_SUCH_HOST] = { NSS_STATUS_NOTFOUND, HOST_NOT_FOUND, 0 },
    [BUFFER_TOO_SMALL] = { NSS_STATUS_TRYAGAIN, NETDB_INTERNAL, ERANGE },
  };
  if (table[verdict].error != 0)
    *lookup->error = cause != 0 ? cause : table[verdict].error;
  *lookup->host_error = table[verdict].host_error;
  if (verdict == ANSWERED)
    h_errno = NETDB_SUCCESS; /* the caller's host_error may be another place */
  return table[verdict].status;
}

/* A cancelled thread leaves no descriptor behind. The result goes to *verdict, as locals may not survive the cleanup macros. */
static int converse(struct lookup *lookup, struct varlink *call, enum verdict *verdict) {
  int cause;
  pthread_cleanup_push(varlink_hang_up, call);
  cause = varlink_call(call);
  *verdict = cause == 0 ? judge_reply(lookup, call) : UNREACHABLE;
  pthread_cleanup_pop(1);
  return cause;
}

static enum nss_status look_up(struct lookup *lookup) {
  struct varlink call; /* not initialised as a whole: it holds a page */
  enum verdict verdict = UNREACHABLE;
  int errno_before = errno;
  ssize_t length = lookup->name != NULL
      ? request_hostname(call.small, sizeof call.small, lookup->name, lookup->family)
      : request_address(call.small, sizeof call.small, lookup->address, size_of(lookup->family), lookup->family);
  int cause = length < 0 ? (int) -length : 0;
  call.fd = -1;
  call.text = call.small;
  call.length = length;
  if (cause == ENAMETOOLONG)
    verdict = NO_SUCH_HOST; /* no DNS name fills a page: what the daemon would say */
  else if (cause == 0)
    cause = converse(lookup, &call, &verdict);
  errno = errno_before;
  if (verdict == ANSWERED && lookup->ttl != NULL)
    *lookup->ttl = 0; /* R-NSS-3 */
  return conclude(lookup, verdict, cause);
}

PUBLIC _nss_resolve_gethostbyname4_r(const char *name, struct gaih_addrtuple **tuples, char *buffer, size_t room,
    int *error, int *host_error, int32_t *ttl) {
  struct lookup lookup = { .name = name, .tuples = tuples, .at = buffer, .left = room, .error = error,
    .host_error = host_error, .ttl = ttl };
  return look_up(&lookup);
}

PUBLIC _nss_resolve_gethostbyname3_r(const char *name, int family, struct hostent *host, char *buffer, size_t room,
    int *error, int *host_error, int32_t *ttl, char **canonical) {
  struct lookup lookup = { .name = name, .family = family == AF_UNSPEC ? AF_INET : family /* R-NSS-2 */, .host = host,
    .at = buffer, .left = room, .error = error, .host_error = host_error, .ttl = ttl };
  if (size_of(lookup.family) == 0)
    return conclude(&lookup, UNREACHABLE, EAFNOSUPPORT);
  enum nss_status status = look_up(&lookup);
  if (status == NSS_STATUS_SUCCESS && canonical != NULL)
    *canonical = host->h_name;
  return status;
}

PUBLIC _nss_resolve_gethostbyname2_r(const char *name, int family, struct hostent *host, char *buffer, size_t room,
    int *error, int *host_error) {
  return _nss_resolve_gethostbyname3_r(name, family, host, buffer, room, error, host_error, NULL, NULL);
}

PUBLIC _nss_resolve_gethostbyname_r(const char *name, struct hostent *host, char *buffer, size_t room, int *error,
    int *host_error) {
  const unsigned long use_inet6 = 0x2000; /* RES_USE_INET6, which headers no longer name; resolv.conf may still set it */
  enum nss_status status = NSS_STATUS_NOTFOUND;
  if ((_res.options & use_inet6) != 0)
    status = _nss_resolve_gethostbyname2_r(name, AF_INET6, host, buffer, room, error, host_error);
  if (status == NSS_STATUS_NOTFOUND)
    status = _nss_resolve_gethostbyname2_r(name, AF_INET, host, buffer, room, error, host_error);
  return status;
}

PUBLIC _nss_resolve_gethostbyaddr2_r(const void *address, socklen_t size, int family, struct hostent *host,
    char *buffer, size_t room, int *error, int *host_error, int32_t *ttl) {
  struct lookup lookup = { .address = address, .family = family, .host = host, .at = buffer, .left = room,
    .error = error, .host_error = host_error, .ttl = ttl };
  if (size_of(family) == 0 || size != size_of(family)) {
    conclude(&lookup, UNREACHABLE, size_of(family) == 0 ? EAFNOSUPPORT : EINVAL);
    *host_error = size_of(family) == 0 ? NO_DATA : NO_RECOVERY; /* R-NSS-3 */
    return NSS_STATUS_UNAVAIL;
  }
  return look_up(&lookup);
}

PUBLIC _nss_resolve_gethostbyaddr_r(const void *address, socklen_t size, int family, struct hostent *host,
    char *buffer, size_t room, int *error, int *host_error) {
  return _nss_resolve_gethostbyaddr2_r(address, size, family, host, buffer, room, error, host_error, NULL);
}
