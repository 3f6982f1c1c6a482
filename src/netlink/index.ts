export type { LinkMonitorOptions } from './link-monitor.ts'
export { LinkMonitor } from './link-monitor.ts'
export { loadNetlink } from './rtnetlink-socket.ts'
