import { type Clock, type Dependency, type Log, type Millis, reasonOf, Validity } from '../base/index.ts'
import type { FileStamp } from './read-text.ts'

/** What a look at the files came to; undefined when they are still as the stamp says. */
export type Look<T> = (stamp: FileStamp | undefined) => Promise<{ value: T; stamp: FileStamp } | undefined>

/** What is looked at, and how often. */
export interface PolledOptions<T> {
  readonly look: Look<T>
  /** Before the first look. */
  readonly initial: T
  /** How old a look may be. */
  readonly interval: Millis
  readonly clock: Clock
  readonly log: Log
}

/** R-HOSTS-1, R-STATIC-1. */
export const LOCAL_RECORDS_INTERVAL: Millis = 2000
/** A look takes its time, and is not waited for while there are questions all the time: none of these apart, for half an interval. */
const PAUSE: Millis = 100
/** How late a look may be then. On a busy machine it takes a while, and all who waited would go on in one moment. */
const LATEST: Millis = 1000

/**
 * What some files say, looked at again when it is asked for and the last look is too old: no timer, no watch. A look
 * that fails is a warning, once for each reason, and leaves what is known.
 */
export class Polled<T> {
  readonly #options: PolledOptions<T>
  readonly #listeners = new Set<(value: T) => void>()
  #value: T
  #stamp: FileStamp | undefined
  #lookedAt: Millis = Number.NEGATIVE_INFINITY
  #looking: Promise<T> | undefined
  /** When it was last asked for, and since when without a pause; and whether that was all the time as the look began. */
  #askedAt: Millis = Number.NEGATIVE_INFINITY
  #askedSince: Millis = 0
  #isAskedAllTheTime = false
  #lastFailure = ''
  readonly #validity = new Validity()

  constructor(options: PolledOptions<T>) {
    this.#options = options
    this.#value = options.initial
  }

  /** As of the last look; starts none. */
  get value(): T {
    return this.#value
  }

  /** Fresh enough: at once where possible, else after a look that all who wait share. Never rejects. */
  current(): T | Promise<T> {
    return this.revalidate(this.#options.clock.now()) ? this.#value : (this.#looking as Promise<T>)
  }

  /** Looks and reads again at the next request, whatever the stamp says: for a reload. */
  expire(): void {
    this.#lookedAt = Number.NEGATIVE_INFINITY
    this.#stamp = undefined
  }

  /** Current until a look finds other contents. Who keeps what was made of them has to `revalidate` before each use. */
  get dependency(): Dependency {
    return this.#validity.current
  }

  /** Starts a look when one is due at this time. False when the last is so old that this one is to be waited for. */
  revalidate(now: Millis): boolean {
    const { interval } = this.#options
    const late = now - this.#lookedAt - interval
    if (now - this.#askedAt >= PAUSE) this.#askedSince = now
    this.#askedAt = now
    if (late < 0) return true
    if (this.#looking === undefined) {
      this.#isAskedAllTheTime = now - this.#askedSince >= interval / 2
      this.#looking = this.#look().finally(() => (this.#looking = undefined))
    }
    return this.#isAskedAllTheTime && late < LATEST
  }

  /** Calls back after each change, until disposed. */
  onChange(listener: (value: T) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  async #look(): Promise<T> {
    const { look, clock, log } = this.#options
    try {
      const found = await look(this.#stamp)
      this.#lastFailure = ''
      if (found !== undefined) this.#replace(found.value, found.stamp)
    } catch (error) {
      const reason = reasonOf(error)
      if (reason !== this.#lastFailure) log.warning(`Keeping what was read before, as this cannot be read: ${reason}`)
      this.#lastFailure = reason
    }
    this.#lookedAt = clock.now()
    return this.#value
  }

  #replace(value: T, stamp: FileStamp): void {
    this.#value = value
    this.#stamp = stamp
    this.#validity.invalidate()
    for (const listener of this.#listeners) listener(value)
  }
}
