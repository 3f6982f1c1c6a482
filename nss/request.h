/* The text of a varlink request, the switches of the environment included (R-NSS-2, R-NSS-5). */
#ifndef REQUEST_H
#define REQUEST_H

#include <stddef.h>
#include <sys/types.h>

/* Each writes a whole message into out: its length with the NUL that ends it (V-1), or a negative errno value:
   -EILSEQ if the name is not UTF-8, -ENAMETOOLONG if it does not fit. Family 0 asks for both. */
ssize_t request_hostname(char *out, size_t room, const char *name, int family);
ssize_t request_address(char *out, size_t room, const unsigned char *address, size_t size, int family);

#endif
