/*
 * Threads, forks, signals, cancellation and closed descriptors around lookups. Usage: stress THREADS LOOKUPS
 * The daemon is a child process that answers h<n>.test with 10.x.y.z spelling n, so that a mix-up between threads
 * cannot go unseen; names that begin with "silent" are never answered. Meant to run bare, and under ASan, TSan,
 * valgrind and helgrind: the buffers are allocated at exact size, and some answers first asked for with too little.
 */
#include "test/nss.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char socket_path[64];
static int lookups, cases;

static void require(bool holds, const char *what) {
  if (holds)
    return;
  fprintf(stderr, "FAILED %s (errno %d)\n", what, errno);
  unlink(socket_path);
  kill(0, SIGTERM); /* the daemon and the forked children, too */
  _exit(1);
}

static void passed(const char *what) {
  cases++;
  printf("stress: %s\n", what);
  fflush(stdout);
}

/* --- the daemon --- */

static void answer(int peer, const char *request) {
  static const char form[] = "{\"parameters\":{\"%s\":[%s],\"name\":\"%s\",\"flags\":1}}";
  char reply[512], list[256];
  unsigned n = 0, byte[4];
  const char *name = strstr(request, "\"name\":\"h"), *address = strstr(request, "\"address\":[");
  if (name != NULL)
    n = atoi(name + 9);
  if (address != NULL && sscanf(address + 11, "%u,%u,%u,%u", byte, byte + 1, byte + 2, byte + 3) == 4)
    n = byte[1] << 16 | byte[2] << 8 | byte[3];
  snprintf(list, sizeof list, address != NULL ? "{\"name\":\"h%u.test\"}"
      : "{\"family\":2,\"address\":[10,%u,%u,%u]},{\"family\":10,\"ifindex\":9,\"address\":[254,128,0,0,0,0,0,0,0,0,0,0,0,%u,%u,%u]}",
      address != NULL ? n : n >> 16 & 255, n >> 8 & 255, n & 255, n >> 16 & 255, n >> 8 & 255, n & 255);
  int size = snprintf(reply, sizeof reply, form, address != NULL ? "names" : "addresses", list, "canonical.test") + 1;
  send(peer, reply, size / 2, MSG_NOSIGNAL);
  send(peer, reply + size / 2, size - size / 2, MSG_NOSIGNAL);
}

static void serve(int listener) {
  for (;;) {
    char request[4096];
    size_t size = 0;
    int peer = accept(listener, NULL, NULL);
    if (peer < 0)
      continue; /* out of descriptors while many are silent */
    for (ssize_t n; (size == 0 || request[size - 1] != '\0') && (n = recv(peer, request + size, sizeof request - size, 0)) > 0;)
      size += n;
    if (size > 0 && strstr(request, "\"silent") != NULL)
      continue;
    if (size > 0)
      answer(peer, request);
    close(peer);
  }
}

static pid_t start_daemon(void) {
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  snprintf(socket_path, sizeof socket_path, "%s/nss-stress.%d", P_tmpdir, (int) getpid());
  strcpy(address.sun_path, socket_path);
  unlink(socket_path);
  int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  require(listener >= 0 && bind(listener, (struct sockaddr *) &address, sizeof address) == 0, "bind");
  require(listen(listener, 4096) == 0, "listen");
  pid_t child = fork();
  if (child == 0)
    serve(listener);
  close(listener);
  return child;
}

/* --- lookups, each checked --- */

/* Now and then a lookup starts with far too small a buffer. */
static size_t first_room(unsigned n) {
  return n % 16 < 3 ? 20 : 512;
}

/*
 * A sanitizer's allocator may have been locked by another thread when a child was forked from it: children use memory of
 * their own, up to its end, where too much written is found.
 */
static bool is_child;
static char spare[4096];

static char *allocate(size_t room) {
  require(!is_child || room <= sizeof spare, "a child's lookup fits");
  return is_child ? spare + sizeof spare - room : malloc(room);
}

static void release(char *buffer) {
  if (!is_child)
    free(buffer);
}

static void check_name4(unsigned n) {
  char name[32];
  snprintf(name, sizeof name, "h%u.test", n);
  for (size_t room = first_room(n);; room *= 2) {
    char *buffer = allocate(room);
    struct gaih_addrtuple *first = NULL;
    int error = 0, host_error = 0;
    enum nss_status status = _nss_resolve_gethostbyname4_r(name, &first, buffer, room, &error, &host_error, NULL);
    bool is_short = status == NSS_STATUS_TRYAGAIN && error == ERANGE && host_error == NETDB_INTERNAL;
    if (!is_short) {
      require(status == NSS_STATUS_SUCCESS && first->family == AF_INET, "name4 succeeds");
      require(ntohl(first->addr[0]) == (10U << 24 | n), "name4 tells our address");
      require(first->next->family == AF_INET6 && first->next->scopeid == 9, "name4 tells the scope");
      require(first->next->next == NULL && strcmp(first->name, "canonical.test") == 0, "name4 tells the name");
    }
    release(buffer);
    if (!is_short)
      return;
  }
}

static void check_host(unsigned n, bool is_by_name) {
  uint32_t address = htonl(10U << 24 | n);
  char name[32];
  snprintf(name, sizeof name, "h%u.test", n);
  for (size_t room = first_room(n);; room *= 2) {
    char *buffer = allocate(room);
    struct hostent host;
    int error = 0, host_error = 0;
    enum nss_status status = is_by_name
        ? _nss_resolve_gethostbyname2_r(name, AF_INET, &host, buffer, room, &error, &host_error)
        : _nss_resolve_gethostbyaddr_r(&address, 4, AF_INET, &host, buffer, room, &error, &host_error);
    bool is_short = status == NSS_STATUS_TRYAGAIN && error == ERANGE;
    if (!is_short) {
      require(status == NSS_STATUS_SUCCESS && memcmp(host.h_addr_list[0], &address, 4) == 0, "host has our address");
      require(strcmp(host.h_name, is_by_name ? "canonical.test" : name) == 0, "host has our name");
    }
    release(buffer);
    if (!is_short)
      return;
  }
}

static void *look_up_often(void *seed) {
  unsigned n = (unsigned) (uintptr_t) seed << 14;
  for (int i = 0; i < lookups; i++, n++)
    if (i % 3 == 0)
      check_name4(n & 0xFFFFFF);
    else
      check_host(n & 0xFFFFFF, i % 3 == 1);
  return NULL;
}

static void *look_up_silence(void *unused) {
  char buffer[1024];
  struct gaih_addrtuple *first = NULL;
  int error, host_error;
  (void) unused;
  _nss_resolve_gethostbyname4_r("silent.test", &first, buffer, sizeof buffer, &error, &host_error, NULL);
  return NULL;
}

static int descriptors(void) {
  int count = 0;
  DIR *folder = opendir("/proc/self/fd");
  while (readdir(folder) != NULL)
    count++;
  closedir(folder);
  return count;
}

/* --- the cases --- */

static void with_threads(int threads) {
  pthread_t thread[256];
  for (int i = 0; i < threads; i++)
    require(pthread_create(&thread[i], NULL, look_up_often, (void *) (uintptr_t) i) == 0, "a thread starts");
  for (int i = 0; i < threads; i++)
    pthread_join(thread[i], NULL);
  passed("threads look up side by side");
}

/* Children are made while other threads are in the middle of lookups, and look up themselves. */
static void with_forks(int threads) {
  pthread_t thread[256];
  for (int i = 0; i < threads; i++)
    require(pthread_create(&thread[i], NULL, look_up_often, (void *) (uintptr_t) i) == 0, "a thread starts");
  for (int i = 0; i < 40; i++) {
    pid_t child = fork();
    if (child == 0) {
      is_child = true;
      check_name4(i);
      check_host(i, false);
      _exit(0);
    }
    int status = -1;
    require(waitpid(child, &status, 0) == child && status == 0, "a forked child looks up");
  }
  for (int i = 0; i < threads; i++)
    pthread_join(thread[i], NULL);
  passed("children forked in the middle of lookups look up");
}

static volatile sig_atomic_t ticks;

static void on_tick(int number) {
  (void) number;
  ticks++;
}

static void with_signals(void) {
  struct sigaction action = { .sa_handler = on_tick }; /* no SA_RESTART: every wait is interrupted */
  struct itimerval often = { { 0, 300 }, { 0, 300 } }, never = { { 0, 0 }, { 0, 0 } };
  sigaction(SIGALRM, &action, NULL);
  setitimer(ITIMER_REAL, &often, NULL);
  for (unsigned i = 0; i < 300 || ticks < 20; i++)
    check_name4(i & 0xFFFF);
  setitimer(ITIMER_REAL, &never, NULL);
  passed("lookups survive a storm of signals");

  struct timespec start, end;
  resolve_test_patience = 300;
  setitimer(ITIMER_REAL, &often, NULL);
  clock_gettime(CLOCK_MONOTONIC, &start);
  look_up_silence(NULL);
  clock_gettime(CLOCK_MONOTONIC, &end);
  setitimer(ITIMER_REAL, &never, NULL);
  long took = (end.tv_sec - start.tv_sec) * 1000 + (end.tv_nsec - start.tv_nsec) / 1000000;
  require(took >= 299 && took < 20000, "signals do not extend the deadline");
  resolve_test_patience = 60000;
  passed("signals neither end nor extend the wait for a silent daemon");
}

static void with_cancellation(void) {
  int before = descriptors();
  for (int i = 0; i < 50; i++) {
    pthread_t thread;
    void *result = NULL;
    struct timespec pause = { 0, i * 100000 };
    require(pthread_create(&thread, NULL, look_up_silence, NULL) == 0, "a thread starts");
    nanosleep(&pause, NULL);
    pthread_cancel(thread);
    pthread_join(thread, &result);
    require(result == PTHREAD_CANCELED, "a waiting thread can be cancelled");
  }
  require(descriptors() == before, "cancelled threads leave no descriptor");
  passed("threads cancelled in the middle of a lookup leave no descriptor");
}

/* As a program does that becomes a daemon; the lookups then use 0, 1 or 2 themselves. */
static void with_closed_descriptors(void) {
  pid_t child = fork();
  if (child == 0) {
    for (int fd = 0; fd < 256; fd++)
      close(fd);
    check_name4(1);
    check_host(2, true);
    _exit(0);
  }
  int status = -1;
  require(waitpid(child, &status, 0) == child && status == 0, "closed descriptors do not matter");
  passed("lookups work after all descriptors were closed");
}

static void with_dying_daemon(pid_t daemon_process) {
  pthread_t thread;
  struct timespec pause = { 0, 50000000 };
  require(pthread_create(&thread, NULL, look_up_silence, NULL) == 0, "a thread starts");
  nanosleep(&pause, NULL);
  kill(daemon_process, SIGKILL);
  waitpid(daemon_process, NULL, 0);
  pthread_join(thread, NULL); /* in far less than the patience of a minute */
  passed("a daemon killed in mid-request ends the lookup");
}

int main(int count, char **argument) {
  if (count != 3 || atoi(argument[1]) < 1 || atoi(argument[1]) > 256) {
    fprintf(stderr, "usage: %s THREADS LOOKUPS\n", argument[0]);
    return 2;
  }
  lookups = atoi(argument[2]);
  setpgid(0, 0);
  resolve_test_patience = 60000;
  pid_t daemon_process = start_daemon();
  resolve_test_socket = socket_path;
  int before = descriptors();
  with_threads(atoi(argument[1]));
  lookups = lookups < 300 ? lookups : 300;
  with_forks(8);
  with_signals();
  with_closed_descriptors();
  with_cancellation();
  require(descriptors() == before, "no descriptor is left open");
  with_dying_daemon(daemon_process);
  unlink(socket_path);
  printf("stress: %d cases, 0 failed\n", cases);
  return 0;
}
