import type { Clock, Millis } from '../../src/base/index.ts'

interface Timer {
  readonly due: Millis
  readonly callback: () => void
}

/** A clock whose hands only `advance` moves. Starts at a round wall-clock time, or at that given. */
export class FakeClock implements Clock {
  #now: Millis = 0
  #epoch: Millis
  readonly #timers = new Set<Timer>()

  constructor(epoch: Millis = Date.UTC(2026, 0, 1)) {
    this.#epoch = epoch
  }

  now(): Millis {
    return this.#now
  }

  wall(): Millis {
    return this.#epoch + this.#now
  }

  /** Somebody sets the wall clock, `by` so much. */
  setWall(by: Millis): void {
    this.#epoch += by
  }

  after(delay: Millis, callback: () => void): Disposable {
    const timer: Timer = { due: this.#now + Math.max(0, delay), callback }
    this.#timers.add(timer)
    return { [Symbol.dispose]: () => void this.#timers.delete(timer) }
  }

  /** Number of timers that would still fire: what a closed thing leaves behind must be none. */
  get pending(): number {
    return this.#timers.size
  }

  /** When the next timer fires; undefined when there is none. */
  get nextDue(): Millis | undefined {
    return this.#next()?.due
  }

  /** Lets time pass: timers fire in order, and everything they set in motion settles before the next one. */
  async advance(duration: Millis): Promise<void> {
    const end = this.#now + duration
    await settle()
    for (let timer = this.#next(); timer !== undefined && timer.due <= end; timer = this.#next()) {
      this.#timers.delete(timer)
      this.#now = Math.max(this.#now, timer.due)
      timer.callback()
      await settle()
    }
    this.#now = end
  }

  /** The machine sleeps: time goes on, and timers that came due fire only when it is over, all late. */
  async suspend(duration: Millis): Promise<void> {
    await settle()
    this.#now += duration
    await this.advance(0)
  }

  #next(): Timer | undefined {
    let next: Timer | undefined
    for (const timer of this.#timers) if (next === undefined || timer.due < next.due) next = timer
    return next
  }
}

/** A clock on which every look takes a millisecond: so that what is bounded in time comes to its bound. */
export function hurrying(): Pick<Clock, 'now'> {
  let now = 0
  return { now: () => now++ }
}

/** Lets every promise that can go on go on: the microtask queue is empty before an immediate runs. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
