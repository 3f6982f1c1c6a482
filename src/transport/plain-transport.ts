import { type Clock, Lifetime, type Random } from '../base/index.ts'
import type { Outgoing } from '../sys/index.ts'
import type { OutgoingQuery, Transport } from '../upstream/index.ts'
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
  readonly #byProtocol: Readonly<Record<OutgoingQuery['protocol'], Transport>>

  constructor(options: PlainTransportOptions) {
    const { outgoing, clock, random } = options
    this.#byProtocol = {
      udp: this.#life.adopt(new UdpTransport(outgoing, clock)),
      tcp: this.#life.adopt(new TcpTransport(outgoing, clock, random)),
    }
  }

  exchange(query: OutgoingQuery, signal: AbortSignal): Promise<Buffer> {
    return this.#byProtocol[query.protocol].exchange(query, signal)
  }

  /** What is under way fails with `io`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#life[Symbol.asyncDispose]()
  }
}
