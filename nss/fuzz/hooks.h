/* Stands in front of every source of fuzz-lookup: the system calls of varlink-client.c are played by fuzz/lookup.c. */
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

int fuzz_socket(int domain, int type, int protocol);
int fuzz_setsockopt(int fd, int level, int option, const void *value, socklen_t size);
int fuzz_connect(int fd, const struct sockaddr *address, socklen_t size);
ssize_t fuzz_send(int fd, const void *data, size_t size, int flags);
ssize_t fuzz_recv(int fd, void *data, size_t size, int flags);
int fuzz_close(int fd);

#define socket fuzz_socket
#define setsockopt fuzz_setsockopt
#define connect fuzz_connect
#define send fuzz_send
#define recv fuzz_recv
#define close fuzz_close
