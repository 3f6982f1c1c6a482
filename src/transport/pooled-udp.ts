import type { Millis } from '../base/index.ts'
import type { ConnectedUdp, UdpEvents } from '../sys/index.ts'
import type { Endpoint } from '../upstream/index.ts'

/** Questions that leave by one port, one after the other. */
export const MAX_USES = 32

/** One socket: idle, or carrying the question of an asker. */
export class PooledUdp implements UdpEvents {
  readonly endpoint: Endpoint
  readonly network: object
  readonly openedAt: Millis
  /** Set right after it is made. */
  connection: ConnectedUdp | undefined
  /** Questions sent so far; a socket that is not to be used again has had its fill. */
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

  /** The same for one that was used before: what fails may be no more than news of an earlier question. */
  trySend(wire: Buffer, asker: UdpEvents): boolean {
    try {
      this.send(wire, asker)
      return true
    } catch {
      this.close()
      return false
    }
  }

  rest(): void {
    this.#asker = undefined
  }

  /** No further question: somebody may be trying answers on it. */
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
