/** The sockets in the runtime directory, each named after the first of its interfaces. */
export const RESOLVE_SOCKET = 'io.systemd.Resolve'
export const MONITOR_SOCKET = 'io.systemd.Resolve.Monitor'
