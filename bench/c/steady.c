/*
 * steady ADDRESS RATE SECONDS COUNT ZONE [PID | LINK AFTER_MS PID]
 * Asks for n0..n<COUNT-1>.ZONE at an even RATE, whether or not answers come, and prints latencies in microseconds as
 * JSON. A latency ends when the kernel has the answer (SO_TIMESTAMPNS), so that this program's own delays do not count.
 * LINK: takes that interface down AFTER_MS from the start, or runs a command for the shell where it begins with '!', and
 * tells the longest latency before and after it: what is the longest time for which nobody was served. The first tenth of
 * a second does not count. Machines have pauses of their own, so for both it also
 * tells for how much of a latency process PID, the server, can be blamed at most: no more than the CPU time that all its
 * threads took from the question until this program saw the answer, and no more than the latency. With PID alone, so
 * measured, the percentiles of that.
 */
#define _GNU_SOURCE
#include "dns.h"
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64, IDS = 65536 };
static const int64_t SECOND = 1000000000;

static int64_t asked_at[IDS]; /* 0: nothing outstanding */
static double *latencies, *works;
static long received, sent_count, failed;
static int64_t started_at, event_at; /* planned from the start; 0: none */
static double before, after, work_before, work_after;
static int has_server;
static clockid_t server_clock;
static int64_t worked_at[IDS]; /* the server's CPU time when it was asked */

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return t.tv_sec * SECOND + t.tv_nsec;
}

static int64_t server_work(void) {
  struct timespec t;
  if (!has_server || clock_gettime(server_clock, &t) < 0) return 0;
  return t.tv_sec * SECOND + t.tv_nsec;
}

static void raise_to(double *longest, double value) {
  if (value > *longest) *longest = value;
}

static void take(const uint8_t *packet, int64_t arrived, int64_t worked) {
  int id = packet[0] << 8 | packet[1];
  if (asked_at[id] == 0) return;
  double took = (double)(arrived - asked_at[id]) / 1000;
  double work = (double)(worked - worked_at[id]) / 1000;
  if (work > took) work = took;
  works[received] = work;
  latencies[received++] = took;
  if ((packet[3] & 15) != 0) failed++;
  /* What was asked shortly before the event is hit by it too. */
  if (event_at && asked_at[id] > event_at - SECOND / 100) raise_to(&after, took), raise_to(&work_after, work);
  else if (event_at && asked_at[id] > started_at + SECOND / 10) raise_to(&before, took), raise_to(&work_before, work);
  asked_at[id] = 0;
}

static void drain(int fd) {
  static uint8_t packets[BATCH][PACKET], control[BATCH][64];
  struct iovec parts[BATCH];
  struct mmsghdr in[BATCH];
  for (int i = 0; i < BATCH; i++) {
    parts[i] = (struct iovec){packets[i], PACKET};
    in[i].msg_hdr = (struct msghdr){NULL, 0, &parts[i], 1, control[i], sizeof control[i], 0};
  }
  int count = recvmmsg(fd, in, BATCH, MSG_DONTWAIT, NULL);
  int64_t worked = count > 0 ? server_work() : 0;
  for (int i = 0; i < count; i++) {
    struct cmsghdr *about = CMSG_FIRSTHDR(&in[i].msg_hdr);
    struct timespec stamp;
    if (about == NULL || about->cmsg_type != SCM_TIMESTAMPNS || in[i].msg_len < HEADER) continue;
    memcpy(&stamp, CMSG_DATA(about), sizeof stamp);
    take(packets[i], stamp.tv_sec * SECOND + stamp.tv_nsec, worked);
  }
  if (count == BATCH) drain(fd);
}

/* In a child: the kernel takes its time, and questions go on meanwhile. */
static void take_down(const char *link) {
  if (fork() != 0) return;
  if (link[0] == '!') execl("/bin/sh", "sh", "-c", link + 1, (char *)NULL), _exit(1);
  struct ifreq request = {0};
  strncpy(request.ifr_name, link, IFNAMSIZ - 1);
  _exit(ioctl(socket(AF_INET, SOCK_DGRAM, 0), SIOCSIFFLAGS, &request) != 0);
}

static void ask(int fd, const char *zone, long count) {
  char name[128];
  uint8_t packet[PACKET];
  uint16_t id = (uint16_t)sent_count;
  /* Not in order, and not all at random: each name comes up equally often. */
  snprintf(name, sizeof name, "n%ld.%s", (long)((uint64_t)sent_count * 2654435761u % (uint64_t)count), zone);
  size_t size = question(packet, id, name);
  worked_at[id] = server_work();
  asked_at[id] = now();
  if (send(fd, packet, size, 0) < 0) asked_at[id] = 0;
  sent_count++;
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double percentile(const double *values, double share) {
  return received == 0 ? -1 : values[(long)((double)(received - 1) * share)];
}

int main(int argc, char **argv) {
  if (argc != 6 && argc != 7 && argc != 9)
    errx(2, "usage: steady ADDRESS RATE SECONDS COUNT ZONE [PID | LINK AFTER_MS PID]");
  struct sockaddr_in server = endpoint(argv[1], 53);
  long rate = atol(argv[2]), count = atol(argv[4]), total = (long)(atof(argv[3]) * (double)rate);
  if (rate < 2 || count < 1 || total < 1) errx(2, "RATE, SECONDS and COUNT are too small");
  latencies = calloc((size_t)total, sizeof *latencies);
  works = calloc((size_t)total, sizeof *works);
  int fd = socket(AF_INET, SOCK_DGRAM, 0), on = 1, room = 8 << 20;
  setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
  if (connect(fd, (struct sockaddr *)&server, sizeof server)) err(1, "connect");
  prctl(PR_SET_TIMERSLACK, 1);
  int64_t start = started_at = now(), gap = SECOND / rate, has_happened = 0;
  if (argc == 9) event_at = start + atol(argv[7]) * 1000000;
  has_server = argc > 6;
  if (has_server && clock_getcpuclockid(atoi(argv[argc - 1]), &server_clock) != 0) errx(1, "no process %s", argv[argc - 1]);
  while (sent_count < total) {
    int64_t due = start + sent_count * gap, left = due - now();
    if (left > 0) nanosleep(&(struct timespec){0, left}, NULL);
    if (event_at && due >= event_at && !has_happened++) take_down(argv[6]);
    ask(fd, argv[5], count);
    drain(fd);
  }
  for (int i = 0; i < 100 && received < total; i++) nanosleep(&(struct timespec){0, SECOND / 100}, NULL), drain(fd);
  int status = 0;
  if (event_at && (wait(&status) < 0 || status != 0)) errx(1, "%s: failed", argv[6]);
  qsort(latencies, (size_t)received, sizeof *latencies, compare);
  qsort(works, (size_t)received, sizeof *works, compare);
  printf("{\"sent\":%ld,\"lost\":%ld,\"failed\":%ld,\"p50\":%.1f,\"p99\":%.1f,\"p999\":%.1f,\"max\":%.1f,"
         "\"before\":%.1f,\"after\":%.1f,\"workBefore\":%.1f,\"workAfter\":%.1f,\"work99\":%.1f,\"work999\":%.1f}\n",
         sent_count, sent_count - received, failed, percentile(latencies, 0.5), percentile(latencies, 0.99),
         percentile(latencies, 0.999), percentile(latencies, 1), before, after, work_before, work_after,
         percentile(works, 0.99), percentile(works, 0.999));
}
