import type { Millis } from '../base/index.ts'
import type { Libc } from './libc.ts'

/** Turns shorter than this are not noted. */
const WORTH_A_NOTE: Millis = 1
const CLOCK_THREAD_CPUTIME_ID = 3

/** What the event loop was mostly busy with, and the longest time for which it did not come to read sockets. */
export interface LongestTurn {
  readonly what: string
  readonly took: Millis
}

/**
 * Measures how long one turn of the event loop takes, and what it is spent on: while one lasts, nobody else is answered. What
 * counts is CPU time of this thread, so that neither idle time nor waiting for a core does. Whoever does more than answering
 * from memory says so; a turn in which nobody does is bounded by its own loops, and not measured: that would cost too much.
 */
export class TurnWatch {
  readonly #cpuTime: () => Millis
  /** The longest turn of each kind, by what most of it was spent on; the kinds are few and all in this program. */
  readonly #longest = new Map<string, Millis>()
  #isMeasuring = false
  /** CPU time when the turn began to be measured, and when the last part of it was over. */
  #beganAt: Millis = 0
  #lookedAt: Millis = 0
  /** The longest part of the turn so far. */
  #part = { what: '', took: -1 }
  readonly #end = () => this.#over()

  constructor(libc: Libc | undefined) {
    this.#cpuTime = libc === undefined || libc.koffi.sizeof('long') !== 8 ? () => performance.now() : cpuTimeBy(libc)
  }

  /** The longest turn of each kind so far, the longest first. */
  get longest(): readonly LongestTurn[] {
    return [...this.#longest].map(([what, took]) => ({ what, took })).toSorted((a, b) => b.took - a.took)
  }

  reset(): void {
    this.#longest.clear()
  }

  /** Part of a turn begins, in a callback of the event loop; it is over when all it began has come to its first wait. */
  part(what: string): void {
    if (!this.#isMeasuring) this.#begin()
    queueMicrotask(() => process.nextTick(() => this.partOver(what)))
  }

  /** What took part of the turn since the last part, or since it began to be measured. */
  partOver(what: string): void {
    if (!this.#isMeasuring) this.#begin()
    const now = this.#cpuTime()
    const took = now - this.#lookedAt
    this.#lookedAt = now
    if (took > this.#part.took) this.#part = { what, took }
  }

  #begin(): void {
    this.#isMeasuring = true
    this.#beganAt = this.#lookedAt = this.#cpuTime()
    this.#part = { what: '', took: -1 }
    setImmediate(this.#end) // after sockets were read
  }

  #over(): void {
    this.#isMeasuring = false
    const took = this.#cpuTime() - this.#beganAt
    const { what } = this.#part
    if (took >= WORTH_A_NOTE && took > (this.#longest.get(what) ?? 0)) this.#longest.set(what, took)
  }
}

/** struct timespec of two longs. */
function cpuTimeBy(libc: Libc): () => Millis {
  const call = libc.function('clock_gettime')
  const timespec = new BigInt64Array(2)
  return () => {
    if (call(CLOCK_THREAD_CPUTIME_ID, timespec) < 0) return performance.now()
    return Number(timespec[0]) * 1000 + Number(timespec[1]) / 1e6
  }
}
