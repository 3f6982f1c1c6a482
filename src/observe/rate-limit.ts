import { type Clock, TokenBucket } from '../base/index.ts'

/** Ten times a second there is room for more. */
const TICK = 100

/** Lets `burst` pass at once, and `perSecond` in the long run. Spends a timer, so that `take` need not read the clock. */
export class RateLimit implements Disposable {
  readonly #clock: Clock
  readonly #perTick: number
  readonly #bucket: TokenBucket
  #timer: Disposable

  constructor(clock: Clock, perSecond: number, burst: number) {
    this.#clock = clock
    this.#perTick = (perSecond * TICK) / 1000
    this.#bucket = new TokenBucket(burst)
    this.#timer = this.#wait()
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]()
  }

  /** False when there is no room. */
  take(): boolean {
    return this.#bucket.take()
  }

  #wait(): Disposable {
    return this.#clock.after(TICK, () => {
      this.#bucket.earn(this.#perTick)
      this.#timer = this.#wait()
    })
  }
}
