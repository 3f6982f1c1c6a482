import { type Clock, Lifetime, type Random } from '../base/index.ts'
import type { Outgoing } from '../sys/index.ts'
import type { OutgoingQuery, Settle, Transport } from '../upstream/index.ts'
import { TcpTransport } from './tcp-transport.ts'
import { UdpTransport } from './udp-transport.ts'

export interface PlainTransportOptions {
  readonly outgoing: Outgoing
  readonly clock: Clock
  readonly random: Random
}

/** Messages without encryption: UDP or TCP, as each query says. */
export class PlainTransport implements Transport, AsyncDisposable {
  readonly #life = new Lifetime()
  readonly #udp: UdpTransport
  readonly #tcp: TcpTransport

  constructor({ outgoing, clock, random }: PlainTransportOptions) {
    this.#udp = this.#life.adopt(new UdpTransport(outgoing, clock, random))
    this.#tcp = this.#life.adopt(new TcpTransport(outgoing, clock, random))
  }

  exchange(query: OutgoingQuery, settle: Settle): () => void {
    return query.protocol === 'udp' ? this.#udp.exchange(query, settle) : this.#tcp.exchange(query, settle)
  }

  /** Addresses, routes or the place of this machine have changed: what is asked from now on goes out anew. */
  renew(): void {
    this.#udp.renew()
    this.#tcp.renew()
  }

  /** What is under way fails with `io`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#life[Symbol.asyncDispose]()
  }
}
