/*
 * flood ADDRESS RATE SECONDS SOCKETS ZONE [OUTSTANDING]
 * Asks for names nobody asked for before, at an even RATE, from SOCKETS sockets by turns, whether or not answers come;
 * with OUTSTANDING no more than so many are unanswered at a time, where those of the last second count. Reads what
 * comes, and prints as JSON how many it asked and how many answers there were, by rcode.
 */
#define _GNU_SOURCE
#include "dns.h"
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

static const int64_t SECOND = 1000000000;
static long answers[16], answered, *sockets, count;

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * SECOND + t.tv_nsec;
}

static void drain(long fd) {
  uint8_t packet[PACKET];
  for (; recv((int)fd, packet, sizeof packet, MSG_DONTWAIT) >= HEADER; answered++) answers[packet[3] & 15]++;
}

static void ask(long fd, long number, unsigned seed, const char *zone) {
  char name[128];
  uint8_t packet[PACKET];
  snprintf(name, sizeof name, "x%ld-%u.%s", number, seed, zone);
  send((int)fd, packet, question(packet, (uint16_t)number, name), MSG_DONTWAIT);
}

/* Waits until there are fewer than `most` questions without an answer, or a second has gone. */
static void wait_for_answers(long sent, long most) {
  for (int64_t end = now() + SECOND; most > 0 && sent - answered >= most; nanosleep(&(struct timespec){0, SECOND / 1000}, NULL)) {
    for (long i = 0; i < count; i++) drain(sockets[i]);
    if (now() > end) answered = sent;
  }
}

int main(int argc, char **argv) {
  if (argc != 6 && argc != 7) errx(2, "usage: flood ADDRESS RATE SECONDS SOCKETS ZONE [OUTSTANDING]");
  struct sockaddr_in server = endpoint(argv[1], 53);
  long rate = atol(argv[2]), total = (long)(atof(argv[3]) * (double)rate), most = argc > 6 ? atol(argv[6]) : 0, sent = 0;
  count = atol(argv[4]);
  if (rate < 1 || total < 1 || count < 1) errx(2, "RATE, SECONDS and SOCKETS are too small");
  struct rlimit files = {(rlim_t)count + 64, (rlim_t)count + 64};
  if (setrlimit(RLIMIT_NOFILE, &files)) getrlimit(RLIMIT_NOFILE, &files);
  sockets = calloc((size_t)count, sizeof *sockets);
  for (long i = 0; i < count; i++) {
    sockets[i] = socket(AF_INET, SOCK_DGRAM, 0);
    if (connect((int)sockets[i], (struct sockaddr *)&server, sizeof server)) err(1, "connect");
  }
  prctl(PR_SET_TIMERSLACK, 1);
  puts("begins"), fflush(stdout);
  int64_t start = now(), gap = SECOND / rate, end = start + total * gap;
  unsigned seed = (unsigned)time(NULL);
  for (; sent < total && now() < end; sent++) {
    int64_t left = start + sent * gap - now();
    if (left > 0) nanosleep(&(struct timespec){0, left}, NULL);
    wait_for_answers(sent, most);
    drain(sockets[sent % count]);
    ask(sockets[sent % count], sent, seed, argv[5]);
  }
  nanosleep(&(struct timespec){0, SECOND / 2}, NULL);
  for (long i = 0; i < count; i++) drain(sockets[i]);
  printf("{\"sent\":%ld,\"noerror\":%ld,\"servfail\":%ld,\"nxdomain\":%ld,\"refused\":%ld}\n", sent, answers[0],
         answers[2], answers[3], answers[5]);
}
