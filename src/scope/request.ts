import type { CacheVariant } from '../cache/index.ts'
import type { Request } from '../upstream/index.ts'

/** What one candidate asks of one scope. */
export interface ScopeRequest {
  readonly request: Request
  readonly variant: CacheVariant
  /** Not validated where the scope does that; it is not remembered there then. */
  readonly isUnchecked?: boolean
  /** It was asked before, of servers that turned out not to do DNSSEC. */
  readonly isRepeated?: boolean
  /** Whether what this machine publishes itself may answer; without meaning for DNS. */
  readonly readsZone?: boolean
  readonly readsCache: boolean
  readonly fillsCache: boolean
  readonly mayAskNetwork: boolean
  /** Whether a cached CNAME may stand in for the answer. */
  readonly mayRedirect: boolean
  /** Whether an expired answer may stand in for one that cannot be had. */
  readonly mayBeStale: boolean
}
