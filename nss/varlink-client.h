/* One varlink call: connect, send one request, read one reply, hang up. Nothing outlives the call. */
#ifndef VARLINK_CLIENT_H
#define VARLINK_CLIENT_H

#include <stddef.h>

/* Begins with fd -1 and text at `small`, where it stays until a reply outgrows that. Ends with varlink_hang_up(). */
struct varlink {
  int fd;
  char *text;
  size_t length, room;
  char small[4096];
};

/* Sends the `length` bytes in `small` (a request and its NUL); text and length are then the reply without its NUL.
   0, or an errno value: after at most RESOLVE_PATIENCE_MS, however slowly the daemon drips. A cancellation point. */
int varlink_call(struct varlink *call);

/* Closes and frees what is held; fits pthread_cleanup_push(). */
void varlink_hang_up(void *call);

#endif
