/*
 * gai THREADS SECONDS COUNT ZONE inet|unspec
 * Calls getaddrinfo() for n0..n<COUNT-1>.ZONE, as fast as it returns; prints JSON, latencies in microseconds, and which
 * library did the work.
 */
#define _GNU_SOURCE
#include "dns.h"
#include <netdb.h>
#include <pthread.h>
#include <time.h>

enum { SLOTS = 1 << 20, MAX_THREADS = 64 }; /* microseconds; what takes longer is in the last slot */

struct worker {
  pthread_t thread;
  unsigned seed;
  long calls, failures;
};

static uint32_t histogram[SLOTS];
static double until;
static long count;
static const char *zone;
static int family;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void *work(void *argument) {
  struct worker *me = argument;
  struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_STREAM}, *list;
  char name[128];
  for (double begin = now(); begin < until;) {
    snprintf(name, sizeof name, "n%ld.%s", rand_r(&me->seed) % count, zone);
    if (getaddrinfo(name, NULL, &hints, &list) == 0) freeaddrinfo(list);
    else me->failures++;
    double end = now();
    long took = (long)((end - begin) * 1e6);
    __atomic_fetch_add(&histogram[took < SLOTS ? took : SLOTS - 1], 1, __ATOMIC_RELAXED);
    me->calls++;
    begin = end;
  }
  return NULL;
}

static long percentile(long calls, double share) {
  long passed = 0, at = 0;
  while (at < SLOTS - 1 && (passed += histogram[at]) <= (long)((double)(calls - 1) * share)) at++;
  return at;
}

static void print_library(void) {
  char line[4096], *path;
  FILE *maps = fopen("/proc/self/maps", "r");
  while (maps != NULL && fgets(line, sizeof line, maps) != NULL) {
    if (strstr(line, "libnss_resolve") == NULL || (path = strchr(line, '/')) == NULL) continue;
    printf("\"%.*s\"}\n", (int)strcspn(path, "\n"), path);
    return;
  }
  puts("null}");
}

int main(int argc, char **argv) {
  if (argc != 6) errx(2, "usage: gai THREADS SECONDS COUNT ZONE inet|unspec");
  int threads = atoi(argv[1]);
  count = atol(argv[3]), zone = argv[4];
  family = strcmp(argv[5], "inet") == 0 ? AF_INET : AF_UNSPEC;
  if (threads < 1 || threads > MAX_THREADS || count < 1) errx(2, "THREADS or COUNT out of range");
  struct worker workers[MAX_THREADS] = {0};
  double start = now();
  until = start + atof(argv[2]);
  for (int i = 0; i < threads; i++) {
    workers[i].seed = (unsigned)i + 1;
    if (pthread_create(&workers[i].thread, NULL, work, &workers[i])) errx(1, "pthread_create");
  }
  long calls = 0, failures = 0;
  for (int i = 0; i < threads; i++) {
    pthread_join(workers[i].thread, NULL);
    calls += workers[i].calls, failures += workers[i].failures;
  }
  printf("{\"calls\":%ld,\"failures\":%ld,\"rate\":%.0f,\"p50\":%ld,\"p99\":%ld,\"library\":", calls, failures,
         (double)calls / (now() - start), percentile(calls, 0.5), percentile(calls, 0.99));
  print_library();
}
