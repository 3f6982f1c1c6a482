import type { Clock, Millis } from '../base/index.ts'

/** How long a socket is kept, and how many at most (R-SRV-7). */
const KEPT_FOR: Millis = 5000
const CAPACITY = 100

interface Closable {
  close(): void
}

/**
 * Sockets kept for late replies: a reply then meets an open port, and the server is not told by ICMP that the port is
 * unreachable. The oldest makes room (R-SRV-7).
 */
export class LateReplySockets implements Disposable {
  readonly #clock: Clock
  /** When each is closed, in that order. */
  readonly #keptUntil = new Map<Closable, Millis>()
  #sweep: Disposable | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#keptUntil.size
  }

  /** Owns the socket until its time is over. */
  keep(socket: Closable): void {
    const [oldest] = this.#keptUntil.keys()
    if (this.#keptUntil.size >= CAPACITY && oldest !== undefined) this.close(oldest)
    this.#keptUntil.set(socket, this.#clock.now() + KEPT_FOR)
    this.#sweep ??= this.#clock.after(KEPT_FOR, () => this.#onSweep())
  }

  /** Closes one before its time; false when it is not kept here. */
  close(socket: Closable): boolean {
    if (!this.#keptUntil.delete(socket)) return false
    socket.close()
    return true
  }

  [Symbol.dispose](): void {
    this.#sweep?.[Symbol.dispose]()
    this.#sweep = undefined
    for (const socket of this.#keptUntil.keys()) this.close(socket)
  }

  /** One timer serves all: it is set to the time of the oldest. */
  #onSweep(): void {
    this.#sweep = undefined
    const now = this.#clock.now()
    for (const [socket, keptUntil] of this.#keptUntil) {
      if (keptUntil > now) {
        this.#sweep = this.#clock.after(keptUntil - now, () => this.#onSweep())
        return
      }
      this.close(socket)
    }
  }
}
