/*
 * A strict, bounded reader of JSON text (RFC 8259) that never allocates, and copies only what it is asked to.
 * Check a text once with json_parse(); the values handed out afterwards are windows into it.
 */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct json {
  const char *at, *end; /* from the first byte of a value to one past its last */
};

/* Arrays and objects inside each other: a legal reply needs five, its future fields may need a few more. */
enum { JSON_MAX_DEPTH = 16 };

/* Whether the whole text is exactly one well-formed value, which then is *value. A NUL in a string is refused too. */
bool json_parse(const char *text, size_t length, struct json *value);

/* A member of an object. 1: found; 0: absent or null (V-7); -1: not an object, or the key occurs twice. */
int json_get(struct json object, const char *key, struct json *value);

bool json_is_array(struct json value);

/* The next element of an array, beginning with a copy of the array itself; false when all were seen. */
bool json_next(struct json *array, struct json *element);

/* Whether the value is an integer from 0 to max, written without fraction or exponent. */
bool json_integer(struct json value, long long max, long long *number);

/* Whether the value is this literal: true, false or null. */
bool json_is(struct json value, const char *literal);

/* The length of a string once its escapes are undone, or -1 for another type. Whole characters that fit are put in out. */
ssize_t json_string(struct json value, char *out, size_t room);

/* Bytes in the UTF-8 sequence that s starts with, 1 to 4; 0 if it is not one (RFC 3629). */
int utf8_length(const char *s, size_t room);

#endif
