import { type Channel, CHANNELS, Lifetime } from '../base/index.ts'
import type { OutgoingQuery, PreparableTransport, Settle } from '../upstream/index.ts'
import type { ChannelContext, ChannelTransport } from './channel-transport.ts'
import { inTurns, loadAhead } from './load-ahead.ts'
import { LateTransport } from './late-transport.ts'
import { openTcpTransport } from './tcp-transport.ts'
import { UdpTransport } from './udp-transport.ts'

const OPENERS: Readonly<Record<Channel, (context: ChannelContext) => ChannelTransport>> = {
  udp: (context) => new UdpTransport(context),
  tcp: openTcpTransport,
  https: (context) =>
    new LateTransport(async () => {
      await loadAhead('http2')
      const { openHttpsTransport, rehearseRequest } = await import('./https-transport.ts')
      await inTurns([(await import('./rehearsal.ts')).rehearseHandshake, rehearseRequest])
      return openHttpsTransport(context)
    }),
  tls: (context) =>
    new LateTransport(async () => {
      await loadAhead('tls')
      const { rehearseHandshake, rehearseTls } = await import('./rehearsal.ts')
      await inTurns([rehearseHandshake, rehearseTls])
      return new (await import('./tls-transport.ts')).TlsTransport(context)
    }),
}

/** All channels: each query says by which it goes. */
export class ChannelTransports implements PreparableTransport, AsyncDisposable {
  readonly #life = new Lifetime()
  readonly #byChannel: Readonly<Record<Channel, ChannelTransport>>

  constructor(context: ChannelContext) {
    const opened = CHANNELS.map((channel) => [channel, this.#life.adopt(OPENERS[channel](context))] as const)
    this.#byChannel = Object.fromEntries(opened) as Record<Channel, ChannelTransport>
  }

  exchange(query: OutgoingQuery, settle: Settle): () => void {
    return this.#byChannel[query.channel].exchange(query, settle)
  }

  prepare(channel: Channel, isVerified: boolean): void {
    this.#byChannel[channel].prepare?.(isVerified)
  }

  /** As of each of them: old sockets are not used again. */
  renew(): void {
    for (const channel of CHANNELS) this.#byChannel[channel].renew()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#life[Symbol.asyncDispose]()
  }
}
