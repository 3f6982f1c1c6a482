import type { ChannelContext, ChannelTransport } from './channel-transport.ts'
import { MEDIA_TYPE } from './doh-response.ts'
import { Http2Connection } from './http2-connection.ts'
import { REPLY, rehearseExchange } from './rehearsal.ts'
import { type TlsProtocol, TlsTransport } from './tls-transport.ts'

/** By HTTP/2 alone (RFC 8484 §5.2). */
const DNS_OVER_HTTPS: TlsProtocol = {
  alpn: 'h2',
  open: (endpoint, handshake, { clock }, onClosed) => new Http2Connection(endpoint, handshake, clock, onClosed),
}

/** DNS over HTTPS (RFC 8484). */
export function openHttpsTransport(context: ChannelContext): ChannelTransport {
  return new TlsTransport(context, DNS_OVER_HTTPS)
}

/** As `rehearseExchange`. */
export function rehearseRequest(): Promise<boolean> {
  // RFC 9113 §4.1: length, type, flags, stream; RFC 7541: `:status: 200` and `content-type` are entries 8 and 31 of its table.
  const settings = Buffer.from('000000040000000000', 'hex')
  const header = Buffer.concat([Buffer.from([0x88, 0x5f, MEDIA_TYPE.length]), Buffer.from(MEDIA_TYPE)])
  return rehearseExchange(DNS_OVER_HTTPS, [settings, frameOf(1, 4, header), frameOf(0, 1, REPLY)])
}

/** Of the first stream. */
function frameOf(type: number, flags: number, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0, 0, payload.length, type, flags, 0, 0, 0, 1]), payload])
}
