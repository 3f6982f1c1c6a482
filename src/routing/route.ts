import type { Score } from './score.ts'
import { NO } from './score.ts'

/** One scope and how it did. */
export interface Scored<S> extends Score {
  readonly scope: S
}

/** Every scope tied for the best score becomes a candidate; none when all decline (R-ROUTE-1). */
export function winners<S>(scopes: readonly S[], scoreOf: (scope: S) => number): S[] {
  let best = NO
  let found: S[] = []
  for (const scope of scopes) {
    const score = scoreOf(scope)
    if (score === NO || score < best) continue
    if (score > best) found = []
    best = score
    found.push(scope)
  }
  return found
}
