import type { CachedAnswer, CacheVariant, AnswerOrigin } from '../cache/index.ts'
import type { FailureState, Request, ExchangeResult } from '../upstream/index.ts'
import type { Message } from '../wire/index.ts'

/** What one candidate asks of one scope. */
export interface ScopeRequest {
  readonly request: Request
  readonly variant: CacheVariant
  readonly readsCache: boolean
  readonly fillsCache: boolean
  readonly mayAskNetwork: boolean
  /** Whether a cached CNAME may stand in for the answer. */
  readonly mayRedirect: boolean
  /** Whether an expired answer may stand in for one that cannot be had. */
  readonly mayBeStale: boolean
}

export type ScopeOutcome = ScopeAnswer | ScopeFailure

export interface ScopeAnswer {
  readonly kind: 'answer'
  /** `stale`: from the cache, past its time, as no server could be reached (RFC 8767). */
  readonly origin: 'cache' | 'network' | 'stale'
  readonly wire: Buffer
  readonly message: Message
  readonly learntFrom: AnswerOrigin
  /** The cache entry it rests on; undefined when it was not kept. */
  readonly basis: CachedAnswer | undefined
  readonly exchanges: readonly ExchangeResult[]
}

export interface ScopeFailure {
  readonly kind: 'failure'
  readonly state: FailureState | 'stub-loop' | 'aborted' | 'no-source' | 'errno'
  /** Set for `errno`. */
  readonly errno: number | undefined
  readonly exchanges: readonly ExchangeResult[]
}

export function failure(
  state: ScopeFailure['state'],
  errno?: number,
  exchanges: readonly ExchangeResult[] = [],
): ScopeFailure {
  return { kind: 'failure', state, errno, exchanges }
}
