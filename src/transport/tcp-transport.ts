import type { ChannelContext, ChannelTransport } from './channel-transport.ts'
import { ConnectionTransport } from './connection-transport.ts'
import { StreamConnection } from './stream-connection.ts'

/** DNS over TCP (RFC 7766). */
export function openTcpTransport({ outgoing, clock, random }: ChannelContext): ChannelTransport {
  return new ConnectionTransport(
    (endpoint, onClosed) =>
      new StreamConnection({ endpoint, socket: outgoing.connectTcp(endpoint), clock, random, onClosed }),
    clock,
  )
}
