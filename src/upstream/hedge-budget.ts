import { type Millis, TokenBucket } from '../base/index.ts'

/** Hedges in a row: the first questions after a start, when no round trip is known, need some. */
const BURST = 20

/** One hedge: a question asked again while the first message may still be answered. */
export interface Hedge {
  /** The first message was answered after all, so the second was not needed. */
  wasUnneeded: boolean
}

/**
 * Pays for asking again while the first server may still answer. Each new question earns a share of a message; a hedge
 * costs one, and gets it back if no answer to the first message came: it was lost, and asking again was needed. So a
 * lossy path does not run out of retries, and a healthy one carries no more than its share of extra messages.
 */
export class HedgeBudget {
  readonly #bucket = new TokenBucket(BURST)
  /** At most `BURST`, as each holds one token. */
  #pending: { readonly hedge: Hedge; readonly settledAt: Millis }[] = []

  /** A new question was asked; `share` is what it adds, 0..1. */
  earn(share: number): void {
    this.#bucket.earn(share)
  }

  /** Undefined when the budget is used up. An answer to the first message counts as possible until `settledAt`. */
  spend(settledAt: Millis, now: Millis): Hedge | undefined {
    this.#settle(now)
    if (!this.#bucket.take()) return undefined
    const hedge: Hedge = { wasUnneeded: false }
    this.#pending.push({ hedge, settledAt })
    return hedge
  }

  /** Pays back hedges whose first message is now known to be lost. */
  #settle(now: Millis): void {
    this.#pending = this.#pending.filter(({ hedge, settledAt }) => {
      if (hedge.wasUnneeded) return false
      if (settledAt > now) return true
      this.#bucket.earn(1)
      return false
    })
  }
}
