export type { PlainTransportOptions } from './plain-transport.ts'
export { PlainTransport } from './plain-transport.ts'
export { TcpTransport } from './tcp-transport.ts'
export { UdpTransport } from './udp-transport.ts'
