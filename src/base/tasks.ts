import { sharedAbort } from './abort.ts'
import type { Log } from './log.ts'

/**
 * Background work: each task gets a signal that aborts when the group is closed, and an error that is not
 * that abort reaches the log with its stack instead of ending the process. At most `limit` run at once.
 */
export class Tasks implements AsyncDisposable {
  readonly #log: Log
  readonly #limit: number
  #running = 0
  /** Thousands of tasks may wait on it at once. */
  readonly #abort = sharedAbort()
  /** Resolvers of those that wait for the last task to end. */
  readonly #onIdle: (() => void)[] = []

  constructor(log: Log, limit = Number.POSITIVE_INFINITY) {
    this.#log = log
    this.#limit = limit
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  get size(): number {
    return this.#running
  }

  /** Starts `work`; false, and nothing started, when the group is full or closed. */
  run(work: (signal: AbortSignal) => Promise<void>): boolean {
    if (this.#abort.signal.aborted || this.#running >= this.#limit) return false
    this.#running++
    void this.#guard(work)
    return true
  }

  /** Resolves when nothing runs. */
  async idle(): Promise<void> {
    if (this.#running > 0) await new Promise<void>((resolve) => this.#onIdle.push(resolve))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort(new Error('shutting down'))
    await this.idle()
  }

  async #guard(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    try {
      await work(this.#abort.signal)
    } catch (error) {
      if (!this.#abort.signal.aborted) this.#log.bug(error)
    }
    if (--this.#running === 0) for (const resolve of this.#onIdle.splice(0)) resolve()
  }
}
