import type { Clock, GatherDecision, Millis } from '../base/index.ts'
import { gather } from '../base/index.ts'
import type { Answer } from '../scope/index.ts'
import { DNS, isPositive, unrepeatable } from '../scope/index.ts'
import type { ExchangeResult } from '../upstream/index.ts'
import { addressOfReverseName } from '../wire/index.ts'
import type { Query } from './query.ts'

/** How long a negative answer waits for another scope that may know better. */
export const GRACE: Millis = 1000
/** The same where only neighbours are left, who are asked after 0 to 100 ms and answer at once or not at all (LL-Q-1, MD-R-5). */
export const GRACE_FOR_MULTICAST: Millis = 300
/** Of the name of an address, which programs wait for that can do without (MC-REV-2). */
export const GRACE_FOR_REVERSE: Millis = 60

/** States that say only that nobody could be asked, or that no neighbour felt meant: any other is more telling (R-MERGE-4). */
const INCONCLUSIVE: ReadonlySet<string> = new Set(['no-servers', 'network-down', 'no-source', 'not-found'])

/**
 * Chooses among scopes that tied. A positive answer ends it at once (R-MERGE-3). Other than the original, NODATA and
 * NXDOMAIN wait for the slower scopes, `GRACE` at most, so that they hide no positive answer that comes shortly after.
 */
class Merge {
  readonly #query: Query
  /** Scopes of unicast DNS that have not answered yet. */
  #unicastLeft: number
  #best: Answer | undefined
  #hasPositive = false
  readonly #attempts: ExchangeResult[] = []

  constructor(query: Query, unicastCount: number) {
    this.#query = query
    this.#unicastLeft = unicastCount
  }

  /**
   * One that found nothing tells the attempts of all: each of them had its part in that. Nor is it to be repeated, as a
   * slower scope may find something yet.
   */
  get best(): Answer | undefined {
    if (this.#best === undefined || this.#hasPositive) return this.#best
    return { ...unrepeatable(this.#best), attempts: this.#attempts }
  }

  /** Notes one answer, and says whether the others matter still. */
  note(answer: Answer): GatherDecision {
    if (this.#hasPositive) return 'enough'
    this.#attempts.push(...answer.attempts)
    if (isPositive(answer, this.#query.types, this.#query.class)) {
      this.#hasPositive = true
      this.#best = answer
      return 'enough'
    }
    if (this.#best === undefined || isBetter(answer, this.#best)) this.#best = answer
    if (isMulticast(answer)) return answer.state === 'success' ? GRACE : 'wait'
    this.#unicastLeft--
    if (answer.state !== 'success' && answer.origin === undefined) return 'wait'
    if (this.#unicastLeft > 0) return GRACE
    return addressOfReverseName(this.#query.name) === undefined ? GRACE_FOR_MULTICAST : GRACE_FOR_REVERSE
  }
}

function isMulticast({ scope }: Answer): boolean {
  return scope !== undefined && scope.protocol !== DNS
}

/** The best of several candidates, so many of them of unicast DNS. Losers are not cancelled: they go on to fill their caches (R-MERGE-3). */
export async function merge(
  candidates: readonly Promise<Answer>[],
  unicastCount: number,
  query: Query,
  clock: Clock,
): Promise<Answer | undefined> {
  const choice = new Merge(query, unicastCount)
  await gather(candidates, (answer) => choice.note(answer), clock)
  return choice.best
}

/** Of two that found nothing: NODATA before failures; among failures the last conclusive one (R-MERGE-4). */
function isBetter(answer: Answer, best: Answer): boolean {
  if (best.state === 'success') return false
  if (answer.state === 'success') return true
  return !INCONCLUSIVE.has(answer.state) || INCONCLUSIVE.has(best.state)
}
