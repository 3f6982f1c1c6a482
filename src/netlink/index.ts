export type { LinkMonitorOptions } from './link-monitor.ts'
export { LinkMonitor } from './link-monitor.ts'
