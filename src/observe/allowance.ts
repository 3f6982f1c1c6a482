import type { Clock } from '../base/index.ts'

/** Ten times a second there is room for more. */
const TICK = 100

/** Lets `burst` pass at once, and `perSecond` in the long run. Spends a timer, so that `hasRoom` need not read the clock. */
export class Allowance implements Disposable {
  readonly #clock: Clock
  readonly #perTick: number
  readonly #burst: number
  #room: number
  #timer: Disposable

  constructor(clock: Clock, perSecond: number, burst: number) {
    this.#clock = clock
    this.#perTick = (perSecond * TICK) / 1000
    this.#burst = burst
    this.#room = burst
    this.#timer = this.#wait()
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]()
  }

  get hasRoom(): boolean {
    return this.#room >= 1
  }

  /** False when there is no room. */
  take(): boolean {
    if (!this.hasRoom) return false
    this.#room--
    return true
  }

  #wait(): Disposable {
    return this.#clock.after(TICK, () => {
      this.#room = Math.min(this.#burst, this.#room + this.#perTick)
      this.#timer = this.#wait()
    })
  }
}
