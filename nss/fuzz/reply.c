/* Any bytes as a reply text: the reader must stay inside them, and what it hands out must be what it promises. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

static void require(bool holds) {
  if (!holds)
    abort();
}

static void read_string(struct json value) {
  ssize_t length = json_string(value, NULL, 0);
  if (length < 0)
    return;
  require(length <= value.end - value.at); /* undoing escapes never lengthens a string */
  for (size_t room = 0; room <= (size_t) length; room += 1 + room * 2) {
    char *part = malloc(room); /* of exact size, so that the sanitizer sees a byte too many */
    require(json_string(value, part, room) == length);
    free(part);
  }
  char *text = malloc(length + 1);
  require(json_string(value, text, length) == length);
  text[length] = '\0';
  require(strlen(text) == (size_t) length);
  for (int n; length > 0; length -= n) {
    n = utf8_length(text, length);
    require(n > 0);
    memmove(text, text + n, length - n + 1);
  }
  free(text);
}

static void walk(struct json value, int depth) {
  struct json rest = value, item;
  long long number;
  require(value.at < value.end && depth <= JSON_MAX_DEPTH);
  read_string(value);
  if (json_integer(value, INT64_MAX, &number)) {
    char text[24];
    require(snprintf(text, sizeof text, "%lld", number) == value.end - value.at);
    require(memcmp(text, value.at, value.end - value.at) == 0);
  }
  if (json_is_array(value))
    while (json_next(&rest, &item)) {
      require(item.at > value.at && item.end < value.end);
      walk(item, depth + 1);
    }
  static const char *const keys[] = { "error", "parameters", "addresses", "names", "name", "address", "family", "" };
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
    if (json_get(value, keys[i], &item) > 0) {
      require(item.at > value.at && item.end < value.end && !json_is(item, "null"));
      walk(item, depth + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct json value;
  char *text = malloc(size); /* without a NUL behind it */
  if (size > 0)
    memcpy(text, data, size);
  if (json_parse(text, size, &value))
    walk(value, 0);
  free(text);
  return 0;
}
