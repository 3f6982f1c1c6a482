import type { Clock } from '../base/index.ts'
import type { Notifier } from './notifier.ts'

/**
 * Reports to the service manager twice per period that the event loop runs (sd_watchdog_enabled(3)). A daemon that is
 * stuck does not report, and is killed and restarted.
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

  /** Undefined when $WATCHDOG_USEC is not set, or $WATCHDOG_PID is another process. */
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
