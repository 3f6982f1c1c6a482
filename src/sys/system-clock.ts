import { readFileSync } from 'node:fs'
import type { Clock, Millis } from '../base/index.ts'
import type { Libc } from './libc.ts'
import type { TurnWatch } from './turn-watch.ts'

/** Milliseconds of the longest single timeout: a timer set before a suspend is at most this late after it. */
const MAX_STEP = 60_000
/** Milliseconds between looks at CLOCK_BOOTTIME: so long a suspend may go unnoticed after it. */
const CHECK_INTERVAL = 10
const CLOCK_BOOTTIME = 7
/** Milliseconds of suspend from which on `onResume` is called. */
const NOTICEABLE = 5000
/** Milliseconds below which differences of /proc/uptime, which counts hundredths, mean nothing. */
const COARSE = 50

/**
 * CLOCK_MONOTONIC as Node has it, plus the time the machine slept, which only CLOCK_BOOTTIME knows: what was learnt
 * before a night's suspend must not look fresh in the morning.
 */
export class SystemClock implements Clock {
  readonly #bootTime: () => Millis
  readonly #grain: Millis
  readonly #turnWatch: TurnWatch | undefined
  /** CLOCK_BOOTTIME minus our own time when the clock was made. */
  readonly #base: Millis
  /** Time spent in suspend since then. */
  #suspended: Millis = 0
  /** Called soon after the machine was suspended, also where no logind reports it. */
  onResume: () => void = () => undefined
  #checkedAt: Millis

  /** @param turnWatch told of what runs when time has come */
  constructor(libc: Libc | undefined, turnWatch?: TurnWatch) {
    this.#turnWatch = turnWatch
    // 32-bit machines lay timespec out in more than one way
    const hasLibc = libc !== undefined && libc.koffi.sizeof('long') === 8
    this.#bootTime = hasLibc ? bootTimeBy(libc) : uptime
    this.#grain = hasLibc ? 1 : COARSE
    this.#checkedAt = performance.now()
    this.#base = this.#bootTime() - this.#checkedAt
  }

  now(): Millis {
    const awake = performance.now()
    if (awake - this.#checkedAt >= CHECK_INTERVAL) this.#check(awake)
    return awake + this.#suspended
  }

  wall(): Millis {
    return Date.now()
  }

  after(delay: Millis, callback: () => void): Disposable {
    return new Timer(this, this.now() + delay, delay, callback)
  }

  /** Of a timer. */
  run(callback: () => void): void {
    this.#turnWatch?.part('timers')
    callback()
  }

  #check(awake: Millis): void {
    this.#checkedAt = awake
    // Reads the time again: this thread may have been preempted since `awake` was read.
    const suspended = this.#bootTime() - performance.now() - this.#base
    if (suspended <= this.#suspended + this.#grain) return
    const isNoticeable = suspended - this.#suspended > NOTICEABLE
    this.#suspended = suspended
    if (isNoticeable) queueMicrotask(() => this.onResume()) // not within the call that asked for the time
  }
}

/**
 * Calls back only after the sockets were read that had data by then. Node runs timers before it reads sockets, so a daemon
 * that was kept from running would count servers as silent whose answers are waiting in the socket.
 *
 * A class, as an object literal with a computed key is slow to make, and every question has two timers.
 */
class Timer implements Disposable {
  readonly #clock: SystemClock
  readonly #due: Millis
  readonly #callback: () => void
  /** Undefined once disposed. */
  #timer: NodeJS.Timeout | undefined

  constructor(clock: SystemClock, due: Millis, delay: Millis, callback: () => void) {
    this.#clock = clock
    this.#due = due
    this.#callback = callback
    this.#timer = this.#sleep(delay)
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /** Whole milliseconds: Node keeps a list for each duration that occurs. */
  #sleep(delay: Millis): NodeJS.Timeout {
    return setTimeout(() => this.#tick(), Math.min(Math.ceil(delay), MAX_STEP))
  }

  #tick(): void {
    const left = this.#due - this.#clock.now() // setTimeout may be a millisecond early
    if (left > 0) this.#timer = this.#sleep(left)
    else setImmediate(() => this.#timer && this.#clock.run(this.#callback))
  }
}

/** struct timespec of two longs. */
function bootTimeBy(libc: Libc): () => Millis {
  const call = libc.function('clock_gettime')
  const timespec = new BigInt64Array(2)
  return () => {
    if (call(CLOCK_BOOTTIME, timespec) < 0) throw libc.lastError('clock_gettime')
    return Number(timespec[0]) * 1000 + Number(timespec[1]) / 1e6
  }
}

function uptime(): Millis {
  return Number.parseFloat(readFileSync('/proc/uptime', 'latin1')) * 1000
}
