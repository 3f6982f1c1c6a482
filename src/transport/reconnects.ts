import type { Millis } from '../base/index.ts'
import type { TransportError } from '../upstream/index.ts'

const FIRST_PAUSE: Millis = 100
/** A server that is back is noticed within so long, and one that is not gets no more than one attempt in it. */
const LONGEST_PAUSE: Millis = 1000
/** Failures of so many servers are remembered; the oldest are forgotten. */
const CAPACITY = 256

interface Failure {
  readonly error: TransportError
  readonly count: number
  readonly until: Millis
}

/**
 * Pauses between attempts to connect, so that questions to a server that cannot be reached cause no storm of them
 * (E-LIFE-4). Grows with failures in a row; a connection that comes about, or that the server closes when idle, ends it.
 */
export class Reconnects {
  readonly #failures = new Map<string, Failure>()

  /** Why the last attempt failed, while it is too early for the next. */
  pauseAt(key: string, now: Millis): TransportError | undefined {
    const failure = this.#failures.get(key)
    return failure !== undefined && now < failure.until ? failure.error : undefined
  }

  onFailed(key: string, error: TransportError, now: Millis): void {
    const count = (this.#failures.get(key)?.count ?? 0) + 1
    const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (count - 1))
    this.#failures.delete(key)
    const [oldest] = this.#failures.keys()
    if (this.#failures.size >= CAPACITY && oldest !== undefined) this.#failures.delete(oldest)
    this.#failures.set(key, { error, count, until: now + pause })
  }

  onConnected(key: string): void {
    this.#failures.delete(key)
  }

  /** Other ways out: what failed before says nothing. */
  clear(): void {
    this.#failures.clear()
  }
}
