import { type Clock, type IpAddress, Lifetime, type Random } from '../base/index.ts'
import type { Outgoing } from '../sys/index.ts'
import type { OutgoingQuery, Transport } from '../upstream/index.ts'
import { Egress } from './egress.ts'
import { TcpTransport } from './tcp-transport.ts'
import { UdpTransport } from './udp-transport.ts'

export interface PlainTransportOptions {
  readonly outgoing: Outgoing
  readonly clock: Clock
  readonly random: Random
  /** Whether an address is one of this machine's at the moment. */
  isOwnAddress(address: IpAddress): boolean
}

/** Messages without encryption: UDP or TCP, as each query says. */
export class PlainTransport implements Transport, AsyncDisposable {
  readonly #life = new Lifetime()
  readonly #byProtocol: Readonly<Record<OutgoingQuery['protocol'], Transport>>

  constructor(options: PlainTransportOptions) {
    const { outgoing, clock, random } = options
    const egress = new Egress(outgoing, (address) => options.isOwnAddress(address))
    this.#byProtocol = {
      udp: this.#life.adopt(new UdpTransport(egress, clock)),
      tcp: this.#life.adopt(new TcpTransport(egress, clock, random)),
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
