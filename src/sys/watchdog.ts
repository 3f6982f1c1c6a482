import type { Clock } from '../base/index.ts'
import type { Notifier } from './notifier.ts'

/**
 * Tells the service manager twice per period that the event loop still turns (sd_watchdog_enabled(3)). One that is
 * stuck stays silent, and is killed and started again.
 */
export class Watchdog implements Disposable {
  readonly #notifier: Notifier
  readonly #clock: Clock
  readonly #interval: number
  #timer: Disposable | undefined

  private constructor(notifier: Notifier, clock: Clock, interval: number) {
    this.#notifier = notifier
    this.#clock = clock
    this.#interval = interval
    this.#feed()
  }

  /** Undefined when nobody watches, or another process: $WATCHDOG_USEC and $WATCHDOG_PID say so. */
  static start(notifier: Notifier, clock: Clock, environment: NodeJS.ProcessEnv): Watchdog | undefined {
    const { WATCHDOG_USEC: period = '', WATCHDOG_PID: pid = String(process.pid) } = environment
    const isForUs = /^[1-9]\d*$/.test(period) && pid === String(process.pid)
    return isForUs ? new Watchdog(notifier, clock, Number(period) / 1000 / 2) : undefined
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]()
  }

  #feed(): void {
    this.#notifier.notify('WATCHDOG=1')
    this.#timer = this.#clock.after(this.#interval, () => this.#feed())
  }
}
