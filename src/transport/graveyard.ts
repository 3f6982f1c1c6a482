import type { Clock, Millis } from '../base/index.ts'

/** R-SRV-7. */
const REST: Millis = 5000
const CAPACITY = 100

interface Closable {
  close(): void
}

/**
 * Sockets whose answer may still come: kept for a while, so that a late answer meets an open port and the server is
 * not told by ICMP that nobody was there. The oldest makes room (R-SRV-7).
 */
export class Graveyard implements Disposable {
  readonly #clock: Clock
  /** In the order they came, and so in the order they go. */
  readonly #graves = new Map<Closable, Millis>()
  #sweep: Disposable | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#graves.size
  }

  bury(socket: Closable): void {
    const [oldest] = this.#graves.keys()
    if (this.#graves.size >= CAPACITY && oldest !== undefined) this.exhume(oldest)
    this.#graves.set(socket, this.#clock.now() + REST)
    this.#sweep ??= this.#clock.after(REST, () => this.#onSweep())
  }

  /** Closes one before its time; false when it does not rest here. */
  exhume(socket: Closable): boolean {
    if (!this.#graves.delete(socket)) return false
    socket.close()
    return true
  }

  [Symbol.dispose](): void {
    this.#sweep?.[Symbol.dispose]()
    this.#sweep = undefined
    for (const socket of this.#graves.keys()) this.exhume(socket)
  }

  /** One timer serves all: it is set to the time of the oldest. */
  #onSweep(): void {
    this.#sweep = undefined
    const now = this.#clock.now()
    for (const [socket, restsUntil] of this.#graves) {
      if (restsUntil > now) {
        this.#sweep = this.#clock.after(restsUntil - now, () => this.#onSweep())
        return
      }
      this.exhume(socket)
    }
  }
}
