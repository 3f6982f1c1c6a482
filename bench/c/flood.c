/*
 * flood ADDRESS RATE SECONDS SOCKETS ZONE
 * Asks for names nobody asked for before, at an even RATE, from SOCKETS sockets by turns, whether or not answers come;
 * reads what comes, and prints as JSON how many it asked and how many answers there were, by rcode.
 */
#define _GNU_SOURCE
#include "dns.h"
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

static const int64_t SECOND = 1000000000;
static long answers[16];

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * SECOND + t.tv_nsec;
}

static void drain(int fd) {
  uint8_t packet[PACKET];
  while (recv(fd, packet, sizeof packet, MSG_DONTWAIT) >= HEADER) answers[packet[3] & 15]++;
}

static void ask(int fd, long number, unsigned seed, const char *zone) {
  char name[128];
  uint8_t packet[PACKET];
  snprintf(name, sizeof name, "x%ld-%u.%s", number, seed, zone);
  send(fd, packet, question(packet, (uint16_t)number, name), MSG_DONTWAIT);
}

int main(int argc, char **argv) {
  if (argc != 6) errx(2, "usage: flood ADDRESS RATE SECONDS SOCKETS ZONE");
  struct sockaddr_in server = endpoint(argv[1], 53);
  long rate = atol(argv[2]), total = (long)(atof(argv[3]) * (double)rate), count = atol(argv[4]);
  if (rate < 1 || total < 1 || count < 1) errx(2, "RATE, SECONDS and SOCKETS are too small");
  struct rlimit files = {(rlim_t)count + 64, (rlim_t)count + 64};
  if (setrlimit(RLIMIT_NOFILE, &files)) getrlimit(RLIMIT_NOFILE, &files);
  int *sockets = calloc((size_t)count, sizeof *sockets);
  for (long i = 0; i < count; i++) {
    sockets[i] = socket(AF_INET, SOCK_DGRAM, 0);
    if (connect(sockets[i], (struct sockaddr *)&server, sizeof server)) err(1, "connect");
  }
  prctl(PR_SET_TIMERSLACK, 1);
  puts("begins"), fflush(stdout);
  int64_t start = now(), gap = SECOND / rate;
  unsigned seed = (unsigned)time(NULL);
  for (long sent = 0; sent < total; sent++) {
    int64_t left = start + sent * gap - now();
    if (left > 0) nanosleep(&(struct timespec){0, left}, NULL);
    int fd = sockets[sent % count];
    drain(fd);
    ask(fd, sent, seed, argv[5]);
  }
  nanosleep(&(struct timespec){0, SECOND / 2}, NULL);
  for (long i = 0; i < count; i++) drain(sockets[i]);
  printf("{\"sent\":%ld,\"noerror\":%ld,\"servfail\":%ld,\"nxdomain\":%ld,\"refused\":%ld}\n", total, answers[0],
         answers[2], answers[3], answers[5]);
}
