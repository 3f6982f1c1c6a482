import type { IfIndex, Millis } from '../base/index.ts'
import type { CacheView } from '../cache/index.ts'
import type { TrustReport } from '../dnssec/index.ts'
import type { Obstacle } from '../scope/index.ts'
import type { ServerReport } from '../upstream/index.ts'
import type { Name, Question } from '../wire/index.ts'

/** The sources of answers: see `order.ts`. */
export type SourceName = 'refusal' | 'static' | 'hosts' | 'hooks' | 'scopes' | 'synthesized'

/** One source of answers, in the order in which they are consulted (R-ORDER-1). */
export interface ExplainedStep {
  readonly source: SourceName
  /**
   * `decides` ends the search here · `passes` has nothing · `off` by settings or flags · `stands-by` answers if what
   * decides fails · `unreached` behind one that decides.
   */
  readonly verdict: 'decides' | 'passes' | 'off' | 'stands-by' | 'unreached'
  readonly detail: string
}

/** What one scope remembers for one of the questions it would be asked. */
export interface ExplainedCache {
  readonly question: Question
  readonly found: CacheView | undefined
  /** Since it was learnt. */
  readonly age: Millis
  readonly remaining: Millis
  /** Learnt before links, servers or domains last changed. */
  readonly isOlderThanChange: boolean
}

export interface ExplainedScope {
  readonly scope: string
  readonly ifindex: IfIndex
  readonly score: number
  readonly reason: string
  readonly won: boolean
  /** Why it could not ask anybody, though it takes the name. */
  readonly obstacle: Obstacle | 'single-label' | undefined
  /** With search domains, where one is needed. */
  readonly names: readonly Name[]
  readonly cache: readonly ExplainedCache[]
  /** In the order in which they would be asked. */
  readonly servers: readonly ServerReport[]
}

/** The chain of trust of one question in one scope. */
export interface ExplainedTrust extends TrustReport {
  readonly scope: string
  readonly ifindex: IfIndex
  readonly question: Question
}

/** How a question would be treated now, and why. */
export interface Explanation {
  readonly name: Name
  readonly types: readonly number[]
  readonly steps: readonly ExplainedStep[]
  /** Best first. */
  readonly scopes: readonly ExplainedScope[]
  /** Wall clock. */
  readonly changedAt: Millis | undefined
}
