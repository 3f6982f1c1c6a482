import { TokenBucket } from '../base/index.ts'

/** Refreshes that may start in a row, and those under way at once. */
const BURST = 10
const AT_ONCE = 8
/** One for so many questions. */
const SHARE = 0.1

/** Bounds what is asked ahead of time, without anybody waiting for it. */
export class RefreshBudget {
  readonly #bucket = new TokenBucket(BURST)
  #underWay = 0

  /** A client asked something. */
  earn(): void {
    this.#bucket.earn(SHARE)
  }

  /** Leave to refresh one answer: `end` is to be called when that is over. */
  begin(): boolean {
    if (this.#underWay >= AT_ONCE || !this.#bucket.take()) return false
    this.#underWay++
    return true
  }

  end(): void {
    this.#underWay--
  }
}
