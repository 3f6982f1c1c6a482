import type { ChannelContext, ChannelTransport } from './channel-transport.ts'
import { Http2Connection } from './http2-connection.ts'
import { TlsTransport } from './tls-transport.ts'

export { rehearseRequest } from './http2-connection.ts'

/** DNS over HTTPS (RFC 8484), by HTTP/2 alone (§5.2). */
export function openHttpsTransport(context: ChannelContext): ChannelTransport {
  return new TlsTransport(context, { alpn: 'h2', open: (...parts) => new Http2Connection(...parts) })
}
