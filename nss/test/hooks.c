const char *resolve_test_socket = "/nonexistent";
int resolve_test_patience = 5000;
void resolve_test_set(const char *socket, int patience);

void resolve_test_set(const char *socket, int patience) {
  resolve_test_socket = socket;
  resolve_test_patience = patience;
}
