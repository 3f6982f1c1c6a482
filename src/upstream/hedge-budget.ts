import { type Millis, TokenBucket } from '../base/index.ts'

/** So many can be asked twice in a row: the first questions after a start, when no round trip is known, are among them. */
const BURST = 20

/** One question asked a second time; whoever holds it says if that was in vain. */
export interface Hedge {
  /** The first server answered after all: the second message was for nothing. */
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

  /** Undefined when there is nothing to spend. An answer to the first message counts as possible until `settledAt`. */
  spend(settledAt: Millis, now: Millis): Hedge | undefined {
    this.#settle(now)
    if (!this.#bucket.take()) return undefined
    const hedge: Hedge = { wasUnneeded: false }
    this.#pending.push({ hedge, settledAt })
    return hedge
  }

  #settle(now: Millis): void {
    this.#pending = this.#pending.filter(({ hedge, settledAt }) => {
      if (hedge.wasUnneeded) return false
      if (settledAt > now) return true
      this.#bucket.earn(1)
      return false
    })
  }
}
