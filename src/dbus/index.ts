// The D-Bus wire protocol: messages and their types, cutting a stream into messages, one authenticated connection; and
// the description of every interface that is served or used here.
// In: bytes of a bus socket; out: messages and replies as typed values, or typed errors. A leaf, used by daemon and
// client alike: it knows what a D-Bus type is, but no object, no policy and no text for users.
export { DEFAULT_ADDRESS, RESOLVE1, socketPaths } from './address.ts'
export type { Codec, IncomingMessage, MessageType, OutgoingMessage } from './codec.ts'
export {
  ALLOW_INTERACTIVE_AUTHORIZATION,
  ERROR_REPLY,
  CODEC,
  METHOD_CALL,
  METHOD_RETURN,
  NO_REPLY_EXPECTED,
  SIGNAL,
} from './codec.ts'
export { TooManyValues } from './unmarshal.ts'
export type { CallOptions, Receiver, RemoteCall, Target } from './connection.ts'
export { BUS_TARGET, BusConnection, BusLost, RemoteError } from './connection.ts'
export type {
  Argument,
  ArgumentsOf,
  EmitsChange,
  InterfaceDescription,
  MethodName,
  PropertyName,
  PropertyOf,
  ReplyOf,
} from './description.ts'
export { argumentsOf, signatureOf } from './description.ts'
export { InconsistentReply } from './inconsistent-reply.ts'
export type { PropertiesOf } from './properties.ts'
export { readProperties } from './properties.ts'
export {
  DELEGATE,
  DNSSD_SERVICE,
  LINK,
  LOG_CONTROL,
  LOG_CONTROL_PATH,
  MANAGER,
  MANAGER_PATH,
  NETWORK_MANAGER,
} from './resolve1.ts'
export { BUS, INTROSPECTABLE, PEER, PROPERTIES } from './standard-interfaces.ts'
export { Variant } from './variant.ts'
