import { NO } from '../routing/index.ts'
import type { RouteRequest, ScopeSet } from '../scope/index.ts'
import type { ScopeScore } from './query.ts'

/** How every scope takes this name now. */
export function scoresOf(request: RouteRequest, scopes: ScopeSet): ScopeScore[] {
  const scored = scopes.score(request)
  const best = Math.max(NO, ...scored.map(({ score }) => score))
  return scored.map(({ scope: { label, ifindex }, score, reason }) => {
    return { scope: label, ifindex, score, reason, won: score === best && best !== NO }
  })
}
