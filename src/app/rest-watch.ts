import type { Clock, Millis } from '../base/index.ts'

/** Without work for so long, it is over. */
const REST: Millis = 5000

/** Gives memory back when there was work and there is none any more. While there is neither, nothing runs. */
export class RestWatch implements Disposable {
  readonly #clock: Clock
  readonly #giveBack: () => void
  #workedAt: Millis = 0
  #timer: Disposable | undefined

  /** `giveBack` is called with everybody waiting: it should take no more than a millisecond. */
  constructor(clock: Clock, giveBack: () => void) {
    this.#clock = clock
    this.#giveBack = giveBack
  }

  /** To be told now and then while there is work. */
  onWork(): void {
    this.#workedAt = this.#clock.now()
    this.#timer ??= this.#clock.after(REST, () => this.#look())
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
  }

  #look(): void {
    const left = this.#workedAt + REST - this.#clock.now()
    this.#timer = left > 0 ? this.#clock.after(left, () => this.#look()) : undefined
    if (left <= 0) this.#giveBack()
  }
}
