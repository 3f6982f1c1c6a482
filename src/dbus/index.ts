// The D-Bus wire protocol: messages and their types, cutting a stream into messages, one authenticated connection.
// In: bytes of a bus socket; out: messages and replies as values, or typed errors. A leaf, used by daemon and client
// alike: it knows what a D-Bus type is, but no object, no policy and no text for users.
export { DEFAULT_ADDRESS, socketPaths } from './address.ts'
export type { Codec, IncomingMessage, MessageType, OutgoingMessage } from './codec.ts'
export {
  ALLOW_INTERACTIVE_AUTHORIZATION,
  ERROR_REPLY,
  loadCodec,
  METHOD_CALL,
  METHOD_RETURN,
  NO_REPLY_EXPECTED,
  SIGNAL,
} from './codec.ts'
export type { Receiver, RemoteCall } from './connection.ts'
export { BUS_NAME, BUS_PATH, BusConnection, BusLost, RemoteError } from './connection.ts'
export { Variant } from './variant.ts'
