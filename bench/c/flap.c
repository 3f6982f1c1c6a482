/*
 * flap PREFIX LINKS CHANGES RATE
 * Takes PREFIX1, PREFIX3, ... up to LINKS down, then up again, by turns: so many changes in all, at an even RATE per second,
 * or as fast as the kernel takes them where RATE is 0. Each has a peer, PREFIX2, PREFIX4, ..., that loses its carrier and
 * gets it back. Prints changes per second. Fails where the machine cannot do half of RATE.
 */
#define _GNU_SOURCE
#include <err.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
  if (argc != 5) errx(2, "usage: flap PREFIX LINKS CHANGES RATE");
  long pairs = atol(argv[2]) / 2, changes = atol(argv[3]);
  double rate = atof(argv[4]), start = now();
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  if (pairs < 1 || fd < 0) errx(2, "no links");
  for (long i = 0; i < changes; i++) {
    double left = rate > 0 ? start + (double)i / rate - now() : 0;
    if (left > 0) nanosleep(&(struct timespec){(time_t)left, (long)((left - (double)(time_t)left) * 1e9)}, NULL);
    struct ifreq request = {0};
    snprintf(request.ifr_name, IFNAMSIZ, "%s%ld", argv[1], 1 + 2 * (i % pairs));
    request.ifr_flags = i / pairs % 2 == 0 ? 0 : IFF_UP;
    if (ioctl(fd, SIOCSIFFLAGS, &request)) err(1, "%s", request.ifr_name);
  }
  double reached = (double)changes / (now() - start);
  fprintf(stderr, "%.0f changes per second\n", reached);
  if (reached < 0.5 * rate) errx(1, "only %.0f changes per second", reached);
}
