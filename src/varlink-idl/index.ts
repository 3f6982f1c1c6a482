// Varlink as it is written down: messages and their framing, the types of the interface definition language, and the
// description of every interface of this service. In: bytes or JSON values; out: typed values, or which member does not
// fit. A leaf, used by daemon and client alike: calls and replies are checked by the same description on both sides.
export { EXPLAIN_INTERFACE } from './explain-interface.ts'
export type { Failure, Provenance, Remembered, Scope, Server, Trust } from './explain-types.ts'
export type { Fields, Interface, Method, Methods, Parameters, Received, Reply, ValueOf } from './idl.ts'
export { firstMisfit } from './idl.ts'
export { idlText } from './idl-text.ts'
export type { Call, JsonObject, ReplyMessage } from './message.ts'
export { encodeCall, encodeError, encodeReply, isObject, parseCall, parseReply } from './message.ts'
export { HOOK_INTERFACE } from './hook-interface.ts'
export { MAX_MESSAGE, MessageReader } from './message-reader.ts'
export { MONITOR_INTERFACE } from './monitor-interface.ts'
export type { Histogram, Link, Question } from './observe-interface.ts'
export { OBSERVE_INTERFACE } from './observe-interface.ts'
export { PROCESS_INTERFACE } from './process-interface.ts'
export { ProtocolError } from './protocol-error.ts'
export { RESOLVE_INTERFACE } from './resolve-interface.ts'
export { SERVICE_INTERFACE } from './service-interface.ts'
export { SETTINGS_INTERFACE } from './settings-interface.ts'
export type {
  DNSConfiguration,
  DNSScope,
  DNSServer,
  ResourceKey,
  ResourceRecord,
  SearchDomain,
} from './shared-types.ts'
export { MONITOR_SOCKET, RESOLVE_SOCKET } from './socket-names.ts'
