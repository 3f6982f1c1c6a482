#include "json.h"

#include <string.h>

/* Steps over c if it comes next. */
static bool take(struct json *j, char c) {
  if (j->at == j->end || *j->at != c)
    return false;
  j->at++;
  return true;
}

static void skip_space(struct json *j) {
  while (take(j, ' ') || take(j, '\t') || take(j, '\n') || take(j, '\r'))
    ;
}

static bool take_mark(struct json *j, char c) {
  skip_space(j);
  return take(j, c);
}

static bool take_word(struct json *j, const char *word) {
  size_t length = strlen(word);
  bool is_next = (size_t) (j->end - j->at) >= length && memcmp(j->at, word, length) == 0;
  j->at += is_next ? length : 0;
  return is_next;
}

static bool take_digits(struct json *j) {
  const char *start = j->at;
  while (j->at < j->end && *j->at >= '0' && *j->at <= '9')
    j->at++;
  return j->at > start;
}

static bool take_number(struct json *j) {
  take(j, '-');
  if (!take(j, '0') && !take_digits(j))
    return false;
  if (take(j, '.') && !take_digits(j))
    return false;
  if (!take(j, 'e') && !take(j, 'E'))
    return true;
  return (take(j, '+') || take(j, '-') || true) && take_digits(j);
}

int utf8_length(const char *s, size_t room) {
  unsigned char a = room > 0 ? s[0] : 0xFF, b = room > 1 ? s[1] : 0;
  int length = a < 0x80 ? 1 : a < 0xC2 ? 0 : a < 0xE0 ? 2 : a < 0xF0 ? 3 : a < 0xF5 ? 4 : 0;
  if ((size_t) length > room)
    return 0;
  for (int i = 1; i < length; i++)
    if ((s[i] & 0xC0) != 0x80)
      return 0;
  /* Longer than needed, a surrogate half, or beyond U+10FFFF. */
  bool is_bad = (a == 0xE0 && b < 0xA0) || (a == 0xED && b > 0x9F) || (a == 0xF0 && b < 0x90) || (a == 0xF4 && b > 0x8F);
  return is_bad ? 0 : length;
}

static int utf8_encode(long code, char out[4]) {
  int length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  for (int i = length - 1; i > 0; i--, code >>= 6)
    out[i] = (char) (0x80 | (code & 0x3F));
  out[0] = (char) (length == 1 ? code : (0xF00 >> length) | code);
  return length;
}

/* Four hexadecimal digits, or -1. */
static long take_hex(struct json *j) {
  long code = 0;
  for (int i = 0; i < 4; i++, j->at++) {
    char c = j->at < j->end ? *j->at : '\0', letter = c | 0x20;
    if (!(c >= '0' && c <= '9') && !(letter >= 'a' && letter <= 'f'))
      return -1;
    code = code << 4 | (c <= '9' ? c - '0' : letter - 'a' + 10);
  }
  return code;
}

/* Behind \u: one code unit, or two that make a pair. No NUL (it would cut a C string), no lone half of a pair. */
static int take_unicode(struct json *j, char out[4]) {
  long code = take_hex(j);
  if (code >= 0xD800 && code <= 0xDBFF) {
    long low = take_word(j, "\\u") ? take_hex(j) : -1;
    code = low >= 0xDC00 && low <= 0xDFFF ? 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00) : -1;
  } else if (code >= 0xDC00 && code <= 0xDFFF) {
    return -1;
  }
  return code > 0 ? utf8_encode(code, out) : -1;
}

/* One character of a string as UTF-8, escapes undone: its length; 0 behind the closing quote; -1 if malformed. */
static int take_character(struct json *j, char out[4]) {
  static const char names[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
  if (take(j, '"'))
    return 0;
  if (take_word(j, "\\u"))
    return take_unicode(j, out);
  bool is_escape = take(j, '\\');
  const char *name = is_escape && j->at < j->end ? memchr(names, *j->at, sizeof names - 1) : NULL;
  int length = is_escape ? name != NULL : utf8_length(j->at, j->end - j->at);
  if (length == 0 || (unsigned char) *j->at < 0x20)
    return -1;
  memcpy(out, is_escape ? &meanings[name - names] : j->at, length);
  j->at += length;
  return length;
}

/* What follows an opening quote. */
static bool take_string(struct json *j) {
  char ignored[4];
  int length;
  while ((length = take_character(j, ignored)) > 0)
    ;
  return length == 0;
}

static bool take_value(struct json *j, int depth, struct json *value);

/* 1: one more element of an array, or member of an object (key is given); 0: behind the closing bracket; -1: malformed. */
static int step(struct json *j, bool is_first, int depth, struct json *key, struct json *value) {
  if (take_mark(j, key != NULL ? '}' : ']'))
    return 0;
  if (!is_first && !take_mark(j, ','))
    return -1;
  skip_space(j);
  if (key != NULL) {
    key->at = j->at;
    if (!take(j, '"') || !take_string(j))
      return -1;
    key->end = j->at;
    if (!take_mark(j, ':'))
      return -1;
  }
  return take_value(j, depth, value) ? 1 : -1;
}

/* The only recursion: as deep as the text nests, which JSON_MAX_DEPTH bounds. */
static bool take_container(struct json *j, int depth, bool is_object) {
  struct json key, value;
  int more = depth > JSON_MAX_DEPTH ? -1 : 1;
  for (bool is_first = true; more > 0; is_first = false)
    more = step(j, is_first, depth, is_object ? &key : NULL, &value);
  return more == 0;
}

static bool take_value(struct json *j, int depth, struct json *value) {
  skip_space(j);
  value->at = j->at;
  bool is_sound = take(j, '{') ? take_container(j, depth + 1, true)
      : take(j, '[') ? take_container(j, depth + 1, false)
      : take(j, '"') ? take_string(j)
      : take_word(j, "true") || take_word(j, "false") || take_word(j, "null") || take_number(j);
  value->end = j->at;
  return is_sound;
}

bool json_parse(const char *text, size_t length, struct json *value) {
  struct json j = { text, text + length };
  bool is_sound = take_value(&j, 0, value);
  skip_space(&j);
  return is_sound && j.at == j.end;
}

bool json_is(struct json value, const char *literal) {
  return take_word(&value, literal) && value.at == value.end;
}

int json_get(struct json object, const char *key, struct json *value) {
  char text[32]; /* longer than any key we look for */
  struct json name, member;
  int found = 0;
  if (!take(&object, '{'))
    return -1;
  for (bool is_first = true; step(&object, is_first, 0, &name, &member) > 0; is_first = false) {
    if (json_string(name, text, sizeof text) != (ssize_t) strlen(key) || memcmp(text, key, strlen(key)) != 0)
      continue;
    if (found++ > 0)
      return -1;
    *value = member;
  }
  return found > 0 && !json_is(*value, "null");
}

bool json_is_array(struct json value) {
  return take(&value, '[');
}

bool json_next(struct json *array, struct json *element) {
  return step(array, take(array, '['), 0, NULL, element) > 0;
}

bool json_integer(struct json value, long long max, long long *number) {
  long long n = 0;
  for (const char *at = value.at; at < value.end; at++) {
    int digit = *at - '0';
    if (digit < 0 || digit > 9 || n > max / 10 || n * 10 > max - digit)
      return false;
    n = n * 10 + digit;
  }
  *number = n;
  return value.at < value.end;
}

ssize_t json_string(struct json value, char *out, size_t room) {
  char character[4];
  size_t length = 0;
  int n = -1;
  if (take(&value, '"'))
    for (; (n = take_character(&value, character)) > 0; length += n)
      if (room >= (size_t) n && length <= room - n)
        memcpy(out + length, character, n);
  return n < 0 ? -1 : (ssize_t) length;
}
