import { type Logger, reasonOf } from '../base/index.ts'
import type { Daemon } from './daemon.ts'
import type { Notifier } from '../sys/index.ts'

const SIGNALS = ['SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const
type Order = (typeof SIGNALS)[number]

/** Where signals arrive: the process. */
export interface SignalSource {
  on(signal: Order, listener: () => void): unknown
}

/**
 * What signals ask of the daemon (R-PROC-1). They are caught from the first moment, as they would end the process; those
 * that come during the start are obeyed after it, and none once this is disposed.
 */
export class SignalOrders implements AsyncDisposable {
  readonly #notifier: Pick<Notifier, 'notify'>
  readonly #logger: Logger
  readonly #early = new Set<Order>()
  #daemon: Pick<Daemon, 'reload' | 'dump' | 'flush'> | undefined
  #reloading = Promise.resolve()
  #hasEnded = false

  constructor(source: SignalSource, notifier: Pick<Notifier, 'notify'>, logger: Logger) {
    this.#notifier = notifier
    this.#logger = logger
    for (const signal of SIGNALS) source.on(signal, () => this.#take(signal))
  }

  /** From now on `daemon` does as it is told. It must outlive this. */
  obeyBy(daemon: Pick<Daemon, 'reload' | 'dump' | 'flush'>): void {
    this.#daemon = daemon
    for (const order of this.#early) this.#take(order)
    this.#early.clear()
  }

  /** Resolves when nothing is being reloaded any more: it would open again what is about to be closed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#hasEnded = true
    await this.#reloading
  }

  #take(order: Order): void {
    if (this.#hasEnded) return
    if (this.#daemon === undefined) this.#early.add(order)
    else if (order === 'SIGHUP') this.#reloading = this.#reload(this.#daemon, this.#reloading)
    else if (order === 'SIGUSR1') this.#daemon.dump()
    else this.#daemon.flush()
  }

  /** One after the other. Never rejects. */
  async #reload(daemon: Pick<Daemon, 'reload'>, after: Promise<void>): Promise<void> {
    await after
    if (this.#hasEnded) return
    this.#notifier.notify('RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`)
    await daemon.reload().catch((error: unknown) => this.#logger.error(`Reload failed: ${reasonOf(error)}`))
    this.#notifier.notify('READY=1')
  }
}
