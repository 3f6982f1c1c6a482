export type { Endpoint, OutgoingQuery, Transport, TransportErrorCode } from './transport.ts'
export { TransportError } from './transport.ts'
