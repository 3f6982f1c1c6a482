import type { Millis } from '../base/index.ts'
import type { Scored } from '../routing/index.ts'
import type { Scope } from '../scope/index.ts'
import { FLAG } from '../scope/index.ts'
import type { ExplainedScope } from './explained.ts'
import type { Query } from './query.ts'

/** How one scope takes a name, what it would ask for it, and what it remembers of that. */
export function explainScope(
  { scope, score, reason }: Scored<Scope>,
  won: boolean,
  query: Query,
  changedAt: Millis | undefined,
  now: Millis,
): ExplainedScope {
  const { label, ifindex } = scope
  // Only the winner completes the name.
  const steps = scope.questionsFor(won ? query : { ...query, flags: query.flags | FLAG.NO_SEARCH })
  const names = steps.map(({ name }) => name)
  const mayRedirect = (query.flags & FLAG.NO_CNAME) === 0
  const cache = names.flatMap((name) =>
    query.types.map((type) => {
      const question = { name, type, class: query.class }
      const found = scope.cache.peek(question, '', mayRedirect, now)
      return {
        question,
        found,
        age: found === undefined ? 0 : now - found.storedAt,
        remaining: found === undefined ? 0 : found.expiresAt - now,
        isOlderThanChange: (found?.learntFrom.learntAt ?? Infinity) < (changedAt ?? 0),
      }
    }),
  )
  // R-ROUTE-14: a scope may win a name that it then may not ask for.
  const maySend = steps.some(({ types }) => types.length > 0)
  const obstacle = scope.plan.obstacle ?? (maySend ? undefined : 'single-label')
  return { scope: label, ifindex, score, reason, won, obstacle, names, cache, servers: scope.servers(now) }
}
