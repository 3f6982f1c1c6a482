/** Refreshes that may start in a row, and those under way at once. */
const BURST = 10
const AT_ONCE = 8
/** One for so many questions. */
const SHARE = 0.1

/** Bounds what is asked ahead of time, without anybody waiting for it. */
export class RefreshBudget {
  #credit = BURST
  #underWay = 0

  /** A client asked something. */
  earn(): void {
    this.#credit = Math.min(BURST, this.#credit + SHARE)
  }

  /** Leave to refresh one answer: `end` is to be called when that is over. */
  begin(): boolean {
    if (this.#credit < 1 || this.#underWay >= AT_ONCE) return false
    this.#credit--
    this.#underWay++
    return true
  }

  end(): void {
    this.#underWay--
  }
}
