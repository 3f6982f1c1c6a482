import type { Clock, GatherDecision, Millis } from '../base/index.ts'
import { gather } from '../base/index.ts'
import type { ExchangeResult } from '../upstream/index.ts'
import type { CandidateResult } from './candidate.ts'

/** How long a negative answer waits for another scope that may know better. */
export const GRACE: Millis = 1000

/** States that say only that nobody could be asked: any other is more telling (R-MERGE-4). */
const INCONCLUSIVE: ReadonlySet<string> = new Set(['no-servers', 'network-down', 'no-source'])

/**
 * Chooses among scopes that tied. A positive answer ends it at once (R-MERGE-3). Other than the original, NODATA and
 * NXDOMAIN wait for the slower scopes, `GRACE` at most, so that they hide no positive answer that comes shortly after.
 */
export class Merge {
  #best: CandidateResult | undefined
  readonly #tries: ExchangeResult[] = []

  /** One that found nothing tells the exchanges of all: each of them had its part in that. */
  get best(): CandidateResult | undefined {
    return this.#best === undefined || this.#best.isPositive ? this.#best : { ...this.#best, exchanges: this.#tries }
  }

  /** Notes one result, and says whether the others matter still. */
  note(result: CandidateResult): GatherDecision {
    this.#tries.push(...result.exchanges)
    if (this.#best === undefined || isBetter(result, this.#best)) this.#best = result
    if (result.isPositive) return 'enough'
    return result.state === 'success' || result.answers.length > 0 ? 'hurry' : 'wait'
  }
}

/** The best of several candidates. Losers are not cancelled: they go on to fill their caches (R-MERGE-3). */
export async function merge(
  candidates: readonly Promise<CandidateResult>[],
  clock: Clock,
): Promise<CandidateResult | undefined> {
  const choice = new Merge()
  await gather(candidates, (result) => choice.note(result), GRACE, clock)
  return choice.best
}

/** Positive before NODATA before failures; among failures the last conclusive one (R-MERGE-4). */
function isBetter(result: CandidateResult, best: CandidateResult): boolean {
  if (result.isPositive !== best.isPositive) return result.isPositive
  if (best.state === 'success') return false
  if (result.state === 'success') return true
  return !INCONCLUSIVE.has(result.state) || INCONCLUSIVE.has(best.state)
}
