import { type Channel, CHANNELS, Lifetime } from '../base/index.ts'
import type { OutgoingQuery, Settle } from '../upstream/index.ts'
import type { ChannelContext, ChannelTransport } from './channel-transport.ts'
import { LateTransport } from './late-transport.ts'
import { openTcpTransport } from './tcp-transport.ts'
import { UdpTransport } from './udp-transport.ts'

const OPENERS: Readonly<Record<Channel, (context: ChannelContext) => ChannelTransport>> = {
  udp: (context) => new UdpTransport(context),
  tcp: openTcpTransport,
  https: (context) => new LateTransport(async () => (await import('./https-transport.ts')).openHttpsTransport(context)),
  tls: (context) => new LateTransport(async () => new (await import('./tls-transport.ts')).TlsTransport(context)),
}

/** All channels: each query says by which it goes. */
export class ChannelTransports implements ChannelTransport {
  readonly #life = new Lifetime()
  readonly #byChannel: Readonly<Record<Channel, ChannelTransport>>

  constructor(context: ChannelContext) {
    const opened = CHANNELS.map((channel) => [channel, this.#life.adopt(OPENERS[channel](context))] as const)
    this.#byChannel = Object.fromEntries(opened) as Record<Channel, ChannelTransport>
  }

  exchange(query: OutgoingQuery, settle: Settle): () => void {
    return this.#byChannel[query.channel].exchange(query, settle)
  }

  renew(): void {
    for (const channel of CHANNELS) this.#byChannel[channel].renew()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#life[Symbol.asyncDispose]()
  }
}
