import { sharedAbort } from './abort.ts'
import type { Log } from './log.ts'

/**
 * Work that nobody awaits: each task gets a signal that aborts when the group is closed, and an error that is not
 * that abort reaches the log with its stack instead of ending the process. At most `limit` run at once.
 */
export class Tasks implements AsyncDisposable {
  readonly #log: Log
  readonly #limit: number
  readonly #running = new Set<Promise<void>>()
  /** Every task may wait on it, and thousands do. */
  readonly #abort = sharedAbort()

  constructor(log: Log, limit = Number.POSITIVE_INFINITY) {
    this.#log = log
    this.#limit = limit
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  get size(): number {
    return this.#running.size
  }

  /** Starts `work`; false, and nothing started, when the group is full or closed. */
  run(work: (signal: AbortSignal) => Promise<void>): boolean {
    if (this.#abort.signal.aborted || this.#running.size >= this.#limit) return false
    const task = this.#guard(work).finally(() => this.#running.delete(task))
    this.#running.add(task)
    return true
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort(new Error('shutting down'))
    await Promise.all(this.#running)
  }

  async #guard(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    try {
      await work(this.#abort.signal)
    } catch (error) {
      if (!this.#abort.signal.aborted) this.#log.bug(error)
    }
  }
}
