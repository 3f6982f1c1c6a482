// The varlink services `io.systemd.Resolve`, `.Monitor`, `io.systemd.service` and our own `io.tsresolved.*`.
// `connection/` accepts clients, limits them and orders their calls; `methods/` has one file per interface; `output/` turns
// values of other rooms into reply members; `errors.ts` names failures. Descriptions and messages are the varlink-idl room.
// It translates and decides nothing about names; who may do what is asked of `control`.
export { activatedSockets, passedOr } from './connection/activation.ts'
export type { ServerLimits } from './connection/limits.ts'
export type { ListenAt, OnClient, OpenListener } from './connection/listener.ts'
export { plainListener } from './connection/listener.ts'
export type { About, Inspection, PeerProcess, ProcessControl } from './ports.ts'
export type { ServerContext } from './connection/server.ts'
export { VarlinkServer } from './connection/server.ts'
export type { Stream, StreamEvents } from './connection/stream.ts'
export type { VarlinkPorts } from './services.ts'
export { monitorService, resolveService } from './services.ts'
