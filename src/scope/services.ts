import type { Clock, Log, Random } from '../base/index.ts'
import type { DnssecServices } from './answer-validation.ts'
import type { PreparableTransport } from '../upstream/index.ts'
import type { TransactionCounts } from './transaction-counts.ts'

/** What the scopes share. */
export interface ScopeServices {
  readonly transport: PreparableTransport
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly counts: TransactionCounts
  /** Nothing is validated without. */
  readonly dnssec?: DnssecServices
}
