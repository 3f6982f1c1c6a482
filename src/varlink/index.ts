export { activatedSockets } from './activation.ts'
export type { ServerLimits } from './limits.ts'
export type { ListenAt, OnVisitor, OpenEntrance } from './entrance.ts'
export { plainEntrance } from './entrance.ts'
export type {
  About,
  CacheDumpEntry,
  Inspector,
  Peer,
  ProcessControl,
  QueryReport,
  ScopeDump,
} from './ports.ts'
export type { ServerContext } from './server.ts'
export { VarlinkServer } from './server.ts'
export type { Stream, StreamEvents } from './stream.ts'
export type { VarlinkPorts } from './services.ts'
export { monitorService, resolveService } from './services.ts'
