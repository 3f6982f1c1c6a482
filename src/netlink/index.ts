/**
 * What the kernel says over netlink: links, addresses and default routes as `NetworkFacts` (`LinkMonitor`), whose a
 * socket on this machine is (`SocketOwners`), and which way a packet would take (`routeTo`). Bytes of the kernel come in; out come facts that are replaced as a whole, the
 * same object while nothing changed. Which links matter and what follows from a change is decided in `scope/` and
 * `control/`; nothing here knows DNS. Message layouts are those of rtnetlink(7) and sock_diag(7).
 */
export type { LinkMonitorOptions } from './link-monitor.ts'
export { LinkMonitor } from './link-monitor.ts'
export { routeTo } from './route-lookup.ts'
export { SocketOwners } from './socket-owners.ts'
export { loadNetlink } from './rtnetlink-socket.ts'
