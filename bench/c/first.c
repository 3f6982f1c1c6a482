/*
 * first ADDRESS NAME COMMAND...
 * Starts a server and asks it for NAME every millisecond; prints the milliseconds from before fork() to the first good
 * answer, then ends the server.
 */
#include "dns.h"
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1000 + (double)t.tv_nsec / 1e6;
}

int main(int argc, char **argv) {
  if (argc < 4) errx(2, "usage: first ADDRESS NAME COMMAND...");
  struct sockaddr_in server = endpoint(argv[1], 53);
  uint8_t packet[PACKET], reply[PACKET];
  size_t size = question(packet, 1, argv[2]);
  int fd = socket(AF_INET, SOCK_DGRAM, 0); /* not connected: that nobody listens yet is no error */
  double begin = now();
  pid_t child = fork();
  if (child == 0) {
    execvp(argv[3], argv + 3);
    err(127, "%s", argv[3]);
  }
  int answered = 0;
  while (!answered && now() - begin < 20000) {
    sendto(fd, packet, size, 0, (struct sockaddr *)&server, sizeof server);
    if (poll(&(struct pollfd){fd, POLLIN, 0}, 1, 1) > 0 && recv(fd, reply, sizeof reply, 0) >= HEADER)
      answered = (reply[3] & 15) == 0 && reply[7] > 0;
  }
  double took = now() - begin;
  kill(child, SIGTERM);
  waitpid(child, NULL, 0);
  if (!answered) errx(1, "no answer");
  printf("%.1f\n", took);
}
