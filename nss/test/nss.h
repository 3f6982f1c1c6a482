/* The six functions as glibc declares them for its modules (R-NSS-1). */
#include <netdb.h>
#include <nss.h>
#include <stdint.h>
#include <sys/socket.h>

enum nss_status _nss_resolve_gethostbyname_r(const char *, struct hostent *, char *, size_t, int *, int *);
enum nss_status _nss_resolve_gethostbyname2_r(const char *, int, struct hostent *, char *, size_t, int *, int *);
enum nss_status _nss_resolve_gethostbyname3_r(const char *, int, struct hostent *, char *, size_t, int *, int *,
    int32_t *, char **);
enum nss_status _nss_resolve_gethostbyname4_r(const char *, struct gaih_addrtuple **, char *, size_t, int *, int *,
    int32_t *);
enum nss_status _nss_resolve_gethostbyaddr_r(const void *, socklen_t, int, struct hostent *, char *, size_t, int *,
    int *);
enum nss_status _nss_resolve_gethostbyaddr2_r(const void *, socklen_t, int, struct hostent *, char *, size_t, int *,
    int *, int32_t *);
