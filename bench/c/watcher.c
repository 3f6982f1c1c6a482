/*
 * watcher CORE...
 * Sleeps for a millisecond at a time on each of these cores, before everybody else where it may (SCHED_FIFO), and for
 * each line of input prints as JSON, since the line before: the longest time for which a core did not let it run though
 * it was due, and how long the hypervisor ran somebody else (steal, proc(5)), in milliseconds, all cores together; and
 * how many threads of the whole machine wanted a core, on average (looked at ten times a second).
 */
#define _GNU_SOURCE
#include <err.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static const int64_t SECOND = 1000000000, STEP = 1000000;
static _Atomic int64_t longest;
static _Atomic int64_t runnable, looks;
static atomic_int first; /* whether it goes before everybody else */

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * SECOND + t.tv_nsec;
}

static void *watch(void *core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET((size_t)(intptr_t)core, &set);
  if (sched_setaffinity(0, sizeof set, &set) < 0) err(1, "core %ld", (long)(intptr_t)core);
  if (sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){.sched_priority = 1}) < 0) first = 0;
  for (;;) {
    int64_t due = now() + STEP;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &(struct timespec){due / SECOND, due % SECOND}, NULL);
    int64_t late = now() - due, known = longest;
    while (late > known && !atomic_compare_exchange_weak(&longest, &known, late)) {}
  }
  return NULL;
}

static void *count(void *unused) {
  for (;; nanosleep(&(struct timespec){0, SECOND / 10}, NULL)) {
    long now = 0;
    FILE *file = fopen("/proc/loadavg", "r");
    if (file == NULL) continue;
    if (fscanf(file, "%*f %*f %*f %ld/", &now) == 1) {
      runnable += now - 1; /* one of them is this thread */
      looks++;
    }
    fclose(file);
  }
  return unused;
}

static double stolen(int count, char **cores) {
  FILE *stat = fopen("/proc/stat", "r");
  char line[512];
  long sum = 0, core, steal;
  while (stat != NULL && fgets(line, sizeof line, stat) != NULL)
    for (int i = 0; i < count; i++)
      if (sscanf(line, "cpu%ld %*d %*d %*d %*d %*d %*d %*d %ld", &core, &steal) == 2 && core == atol(cores[i])) sum += steal;
  if (stat != NULL) fclose(stat);
  return (double)sum * 1000 / (double)sysconf(_SC_CLK_TCK);
}

int main(int argc, char **argv) {
  pthread_t thread;
  char line[16];
  first = 1;
  for (int i = 1; i < argc; i++)
    if (pthread_create(&thread, NULL, watch, (void *)(intptr_t)atol(argv[i]))) errx(1, "no thread");
  if (pthread_create(&thread, NULL, count, NULL)) errx(1, "no thread");
  double before = stolen(argc - 1, argv + 1);
  while (fgets(line, sizeof line, stdin) != NULL) {
    double after = stolen(argc - 1, argv + 1);
    int64_t gap = atomic_exchange(&longest, 0);
    int64_t wanted = atomic_exchange(&runnable, 0), times = atomic_exchange(&looks, 0);
    printf("{\"gap\":%.1f,\"stolen\":%.0f,\"runnable\":%.1f,\"first\":%s}\n", (double)gap / 1e6, after - before,
           times == 0 ? 0.0 : (double)wanted / (double)times, first ? "true" : "false");
    fflush(stdout);
    before = after;
  }
  return 0;
}
