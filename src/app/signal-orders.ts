import { type Logger, reasonOf } from '../base/index.ts'
import { controlCommand } from './control-command.ts'
import type { Daemon } from './daemon.ts'
import { memoryText, trimMemory } from './process-memory.ts'
import type { Notifier, OnRealTimeSignal } from '../sys/index.ts'

const SIGNALS = ['SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const
/**
 * They would end the process, and mean nothing to it. Those of a crash, a limit or the terminal's quit key do end it.
 */
const IGNORED = ['SIGALRM', 'SIGVTALRM', 'SIGPROF', 'SIGIO', 'SIGPWR', 'SIGSTKFLT'] as const
type Order = (typeof SIGNALS)[number] | 'SIGRTMIN+1'
type SignalTarget = Pick<Daemon, 'reload' | 'dump' | 'flush' | 'resetServerFeatures'>

/** Where signals arrive: the process. */
export interface SignalSource {
  on(signal: (typeof SIGNALS)[number] | (typeof IGNORED)[number], listener: () => void): unknown
}

/**
 * What signals ask of the daemon (R-PROC-1). They are caught from the first moment, as they would end the process;
 * those that come during the start are carried out after it, and none once this is disposed.
 */
export class SignalOrders implements AsyncDisposable {
  readonly #notifier: Pick<Notifier, 'notify'>
  readonly #logger: Logger
  readonly #early = new Set<Order>()
  #daemon: SignalTarget | undefined
  #reloading = Promise.resolve()
  #hasEnded = false

  constructor(source: SignalSource, notifier: Pick<Notifier, 'notify'>, logger: Logger) {
    this.#notifier = notifier
    this.#logger = logger
    for (const signal of SIGNALS) source.on(signal, () => this.#take(signal))
    for (const signal of IGNORED) source.on(signal, () => logger.debug(`${signal} is ignored.`))
  }

  /** What real-time signals ask, by their distance from SIGRTMIN. */
  get realTime(): ReadonlyMap<number, OnRealTimeSignal> {
    return new Map<number, OnRealTimeSignal>([
      [1, () => this.#take('SIGRTMIN+1')],
      [18, (value) => this.#control(value)],
    ])
  }

  /** From now on signals act on `daemon`, those that came before included. It must outlive this. */
  handleWith(daemon: SignalTarget): void {
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
    else if (order === 'SIGUSR2') this.#daemon.flush()
    else this.#daemon.resetServerFeatures()
  }

  /** SIGRTMIN+18 concerns the process alone: at once, whatever the daemon is doing. */
  #control(value: number | undefined): void {
    const command = controlCommand(value)
    if (command.kind === 'log-level') this.#logger.level = command.level
    else if (command.kind === 'trim-memory') trimMemory()
    else if (command.kind === 'memory-use') this.#logger.notice(`Memory: ${memoryText()}`)
    else this.#logger.notice(`SIGRTMIN+18 ${command.text} is ignored.`)
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
