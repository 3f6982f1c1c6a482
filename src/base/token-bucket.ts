/** Bounds how often something is done: `capacity` times in a row, and in the long run as often as tokens are earned. */
export class TokenBucket {
  readonly #capacity: number
  #tokens: number

  /** Full to begin with. */
  constructor(capacity: number) {
    this.#capacity = capacity
    this.#tokens = capacity
  }

  /** False while less than one token is there. */
  get hasToken(): boolean {
    return this.#tokens >= 1
  }

  /** False while what was charged is not earned back. */
  get isSolvent(): boolean {
    return this.#tokens > 0
  }

  /** Adds a part of a token, or several; what does not fit is lost. */
  earn(tokens: number): void {
    this.#tokens = Math.min(this.#capacity, this.#tokens + tokens)
  }

  /** Takes one token; false, and nothing taken, where there is none. */
  take(): boolean {
    if (this.#tokens < 1) return false
    this.#tokens--
    return true
  }

  /** Takes what something has cost, known only afterwards: may leave less than nothing. */
  charge(tokens: number): void {
    this.#tokens -= tokens
  }
}
