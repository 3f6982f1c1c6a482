export type { LinkMonitorOptions } from './link-monitor.ts'
export { LinkMonitor } from './link-monitor.ts'
export { SocketOwners } from './socket-owners.ts'
export { loadNetlink } from './rtnetlink-socket.ts'
