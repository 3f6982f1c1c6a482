/* Stands in front of every source of a test build: where the socket is and how long to wait become variables. */
extern const char *resolve_test_socket;
extern int resolve_test_patience;
#define RESOLVE_SOCKET resolve_test_socket
#define RESOLVE_PATIENCE_MS resolve_test_patience
