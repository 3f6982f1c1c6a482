import type { Millis } from '../../base/index.ts'

/** Whether something happened too often of late: `count` times within `window`. */
export class Recent {
  readonly #count: number
  readonly #window: Millis
  readonly #times: Millis[] = []

  constructor(count: number, window: Millis) {
    this.#count = count
    this.#window = window
  }

  note(now: Millis): void {
    this.#times.push(now)
    if (this.#times.length > this.#count) this.#times.shift()
  }

  /** When the oldest of so many is out of the window; `now` where there are fewer. */
  freeAt(now: Millis): Millis {
    const oldest = this.#times.length < this.#count ? undefined : this.#times[0]
    return oldest === undefined ? now : Math.max(now, oldest + this.#window)
  }
}
