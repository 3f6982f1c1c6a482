import type { Score } from './score.ts'
import { NO } from './score.ts'

/** One scope and how it did. */
export interface Scored<S> extends Score {
  readonly scope: S
}

/** Every scope tied for the best score becomes a candidate; none when all decline (R-ROUTE-1). */
export function winners<S>(scored: readonly Scored<S>[]): S[] {
  const best = Math.max(NO, ...scored.map(({ score }) => score))
  return best === NO ? [] : scored.filter(({ score }) => score === best).map(({ scope }) => scope)
}
