import type { IfIndex, Millis } from '../base/index.ts'
import type { MovedNames, ViewableCache } from '../cache/index.ts'
import type { TrustReport } from '../dnssec/index.ts'
import type { Score } from '../routing/index.ts'
import type { ServerReport } from '../upstream/index.ts'
import type { Name, Question } from '../wire/index.ts'
import type { Answer } from './answer.ts'
import type { ScopePlan } from './plan.ts'
import type { ScopeRequest } from './request.ts'
import type { ScopeIdentity } from './scope-identity.ts'

/** A name to be routed; a `Query` is one. */
export interface RouteRequest {
  readonly name: Name
  readonly types: readonly number[]
  /** Only scopes of this link, when not 0 (R-ROUTE-2). */
  readonly ifindex: IfIndex
  /** Bits of `FLAG`: which protocols, whether search domains may complete the name, and so on. */
  readonly flags: number
}

/** What a scope asks at once for one name. */
export interface ScopeQuestions {
  readonly name: Name
  /** Without those that may not be asked; with none of them nothing is asked. */
  readonly types: readonly number[]
}

/**
 * One lookup context: a protocol on a link, or beside all links, with what was learnt in it (R-CACHE-1). Whoever routes,
 * asks, flushes, counts or shows scopes needs no more than this.
 */
export interface Scope extends ScopeIdentity {
  readonly plan: ScopePlan
  /** What it remembers. */
  readonly cache: ViewableCache
  /** How much it wants the name, and by which rule (R-ROUTE-1). */
  score(request: RouteRequest): Score
  /** What it would ask, one name after the other until one succeeds (R-SEARCH-2). */
  questionsFor(request: RouteRequest): readonly ScopeQuestions[]
  /** Whom it asks, in the order in which they would be asked now; none where everybody on the link is asked. */
  servers(now: Millis): readonly ServerReport[]
  /** Never rejects for what a network can do wrong. @throws the signal's reason when aborted */
  lookUp(request: ScopeRequest, signal: AbortSignal): Promise<Answer>
  /** The chain of trust of what is there now, asked for anew; undefined where nothing is validated. */
  explainTrust?(question: Question): Promise<TrustReport | undefined>
  /** Forgets all answers; questions under way are answered, but not remembered nor shared any more. */
  flush(): void
  /** Forgets names that now belong to another scope, and aborts questions about them. */
  purge(moved: MovedNames): void
  /** Ends the scope: what it knew is gone, and questions under way are aborted (R-LINK-5). */
  close(): void
}
