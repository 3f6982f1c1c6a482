/* What the helpers share: questions of type A for names like n17.bench.test. */
#pragma once
#include <arpa/inet.h>
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEADER = 12, PACKET = 512 };

/* Writes a recursive question without EDNS; returns its size. */
static inline size_t question(uint8_t *out, uint16_t id, const char *name) {
  static const uint8_t header[HEADER] = {0, 0, 1, 0, 0, 1};
  memcpy(out, header, HEADER);
  out[0] = id >> 8, out[1] = id & 0xff;
  uint8_t *at = out + HEADER;
  while (*name) {
    size_t label = strcspn(name, ".");
    *at++ = (uint8_t)label;
    memcpy(at, name, label);
    at += label;
    name += label + (name[label] == '.');
  }
  memcpy(at, (uint8_t[]){0, 0, 1, 0, 1}, 5);
  return (size_t)(at + 5 - out);
}

static inline struct sockaddr_in endpoint(const char *address, int port) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  if (inet_pton(AF_INET, address, &to.sin_addr) != 1) errx(2, "not an IPv4 address: %s", address);
  return to;
}
