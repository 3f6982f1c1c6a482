import type { Clock, Millis } from '../base/index.ts'

/** Two renamings are at least this far apart (MD-P-11). */
const INTERVAL: Millis = 10_000

/** Lets one name change at once, and again after 10 s: strangers who claim every name must not make a storm of it. */
export class RenameLimit {
  readonly #clock: Pick<Clock, 'now' | 'after'>
  #renamedAt: Millis = Number.NEGATIVE_INFINITY
  #pending: Disposable | undefined

  constructor(clock: Pick<Clock, 'now' | 'after'>) {
    this.#clock = clock
  }

  /** Whether a change is still to come. */
  get isPending(): boolean {
    return this.#pending !== undefined
  }

  /** Runs `rename` now, or when it may be; what is asked for while one is pending is the same. */
  request(rename: () => void): void {
    if (this.#pending !== undefined) return
    const wait = this.#renamedAt + INTERVAL - this.#clock.now()
    if (wait <= 0) return this.#run(rename)
    this.#pending = this.#clock.after(wait, () => {
      this.#pending = undefined
      this.#run(rename)
    })
  }

  cancel(): void {
    this.#pending?.[Symbol.dispose]()
    this.#pending = undefined
  }

  #run(rename: () => void): void {
    this.#renamedAt = this.#clock.now()
    rename()
  }
}
