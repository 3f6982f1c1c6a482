#include "varlink-client.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* Fixed in the library; only the builds for tests and fuzzing set their own. */
#ifndef RESOLVE_SOCKET
#define RESOLVE_SOCKET "/run/systemd/resolve/io.systemd.Resolve"
#define RESOLVE_PATIENCE_MS 120000 /* R-NSS-2 */
#endif

enum { REPLY_MAX = 16 << 20 /* V-2 */ };

/* Milliseconds of a clock that nobody sets. */
static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * INT64_C(1000) + t.tv_nsec / 1000000;
}

/*
 * Lets the socket calls of one direction block until the deadline and no longer. Kernel timeouts instead of poll():
 * a local connect() that must wait for the listener's queue cannot be polled, and it saves a system call.
 */
static int allow(int fd, int direction, int64_t deadline) {
  int64_t left = deadline - now();
  struct timeval patience = { .tv_sec = left / 1000, .tv_usec = left % 1000 * 1000 };
  if (left <= 0)
    return ETIMEDOUT;
  return setsockopt(fd, SOL_SOCKET, direction, &patience, sizeof patience) == 0 ? 0 : errno;
}

/* Interrupted calls are repeated with what is left of the time; EAGAIN says it ran out, which allow() then confirms. */
static int dial(int fd, int64_t deadline) {
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  strncpy(address.sun_path, RESOLVE_SOCKET, sizeof address.sun_path - 1);
  int error;
  do {
    error = allow(fd, SO_SNDTIMEO, deadline);
    if (error == 0 && connect(fd, (struct sockaddr *) &address, sizeof address) < 0)
      error = errno;
  } while (error == EINTR || error == EAGAIN);
  return error;
}

static int send_request(struct varlink *call, int64_t deadline) {
  for (size_t sent = 0; sent < call->length;) {
    int error = allow(call->fd, SO_SNDTIMEO, deadline);
    if (error != 0)
      return error;
    ssize_t n = send(call->fd, call->small + sent, call->length - sent, MSG_NOSIGNAL);
    if (n < 0 && errno != EINTR && errno != EAGAIN)
      return errno;
    sent += n > 0 ? n : 0;
  }
  return 0;
}

static int grow(struct varlink *call) {
  char *old = call->text == call->small ? NULL : call->text;
  size_t room = call->room * 4;
  char *text = room <= REPLY_MAX ? realloc(old, room) : NULL;
  if (text == NULL)
    return room <= REPLY_MAX ? ENOMEM : EMSGSIZE;
  if (old == NULL)
    memcpy(text, call->small, call->length);
  call->text = text;
  call->room = room;
  return 0;
}

/* Reads up to the NUL that ends the reply (V-1). What came behind it is nothing we asked for. */
static int receive_reply(struct varlink *call, int64_t deadline) {
  for (call->length = 0;;) {
    int error = call->length == call->room ? grow(call) : 0;
    if (error == 0)
      error = allow(call->fd, SO_RCVTIMEO, deadline);
    if (error != 0)
      return error;
    char *start = call->text + call->length;
    ssize_t n = recv(call->fd, start, call->room - call->length, 0);
    if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
      return n == 0 ? ECONNRESET : errno;
    char *nul = n > 0 ? memchr(start, '\0', n) : NULL;
    call->length += nul != NULL ? nul - start : n > 0 ? n : 0;
    if (nul != NULL)
      return 0;
  }
}

int varlink_call(struct varlink *call) {
  int64_t deadline = now() + RESOLVE_PATIENCE_MS;
  call->room = sizeof call->small;
  call->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int error = call->fd < 0 ? errno : dial(call->fd, deadline);
  if (error == 0)
    error = send_request(call, deadline);
  return error != 0 ? error : receive_reply(call, deadline);
}

void varlink_hang_up(void *arg) {
  struct varlink *call = arg;
  int state;
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state); /* or close() might be cancelled half-way */
  if (call->fd >= 0)
    close(call->fd);
  if (call->text != call->small)
    free(call->text);
  pthread_setcancelstate(state, &state);
}
