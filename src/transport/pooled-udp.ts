import type { Millis } from '../base/index.ts'
import type { ConnectedUdp, UdpEvents } from '../sys/index.ts'
import type { Endpoint } from '../upstream/index.ts'

/** Questions that leave by one port, one after the other: few enough that a forger gains nothing by watching (R-SRV-7). */
export const MAX_USES = 32

/** One connected socket: idle, or carrying the question of one asker, to whom its messages and errors go. */
export class PooledUdp implements UdpEvents {
  readonly endpoint: Endpoint
  /** Which network it was opened on; see `UdpPool.renew`. */
  readonly network: object
  readonly openedAt: Millis
  /** Set right after it is made. */
  connection: ConnectedUdp | undefined
  /** Questions sent so far; `MAX_USES` when it is not to be used again. */
  uses = 0
  readonly #onUnasked: (socket: PooledUdp) => void
  #asker: UdpEvents | undefined

  constructor(endpoint: Endpoint, network: object, openedAt: Millis, onUnasked: (socket: PooledUdp) => void) {
    this.endpoint = endpoint
    this.network = network
    this.openedAt = openedAt
    this.#onUnasked = onUnasked
  }

  /** @throws an error with the system's `code` */
  send(wire: Buffer, asker: UdpEvents): void {
    this.#asker = asker
    this.uses++
    this.connection?.send(wire)
  }

  /** The same for a used socket, where an error may belong to an earlier question: then it is closed, and false returned. */
  trySend(wire: Buffer, asker: UdpEvents): boolean {
    try {
      this.send(wire, asker)
      return true
    } catch {
      this.close()
      return false
    }
  }

  /** Idle from now on: messages are unsolicited. */
  rest(): void {
    this.#asker = undefined
  }

  /** Takes no further question: a wrong answer came, so a forger may know the port. */
  retire(): void {
    this.uses = MAX_USES
  }

  close(): void {
    this.connection?.close()
    this.#asker = undefined
  }

  readonly onMessage = (bytes: Buffer): void => {
    if (this.#asker === undefined) this.#onUnasked(this)
    else this.#asker.onMessage(bytes)
  }

  readonly onError = (error: Error): void => {
    if (this.#asker === undefined) this.#onUnasked(this)
    else this.#asker.onError(error)
  }
}
