import type { ChannelContext, ChannelTransport } from './channel-transport.ts'
import { ConnectionTransport } from './connection-transport.ts'
import { StreamConnection } from './stream-connection.ts'

/** DNS over TCP (RFC 7766). */
export function openTcpTransport({ outgoing, clock, random }: ChannelContext): ChannelTransport {
  return new ConnectionTransport((endpoint, onClosed) => {
    const socket = outgoing.connectTcp(endpoint)
    return new StreamConnection({ endpoint, socket, acknowledge: socket.acknowledge, clock, random, onClosed })
  }, clock)
}
