import type { Millis } from '../base/index.ts'
import type { VerdictCounts } from '../dnssec/index.ts'
import type { Outcome } from '../upstream/index.ts'
import { RCODE } from '../wire/index.ts'

/** Transactions that may live at once (R-ORDER-5). */
const MAX_LIVE = 4096
const NO_VERDICTS: VerdictCounts = { secure: 0, insecure: 0, bogus: 0, indeterminate: 0 }

/** Live and finished transactions of all scopes together, and verdicts on what they brought: the statistics, and the bound. */
export class TransactionCounts {
  current = 0
  total = 0
  timeouts = 0
  failures = 0
  /** Of these, answered with stale data. */
  timeoutsServedStale = 0
  failuresServedStale = 0
  /** Replies replayed without a look into any cache; for people they are cache hits. */
  replays = 0
  /** Questions that found too many others under way. */
  refusals = 0
  /** Wall clock, when the latest of these came. */
  refusedAt: Millis | undefined
  /** What validation has found of sets and proofs. */
  readonly verdicts: VerdictCounts = { ...NO_VERDICTS }

  get isFull(): boolean {
    return this.current >= MAX_LIVE
  }

  begin(): void {
    this.current++
    this.total++
  }

  note(outcome: Outcome): void {
    if (outcome.kind === 'failure') this.timeouts++
    else if (outcome.message.rcode !== RCODE.NOERROR && outcome.message.rcode !== RCODE.NXDOMAIN) this.failures++
  }

  end(): void {
    this.current--
  }

  noteRefusal(at: Millis): void {
    this.refusals++
    this.refusedAt = at
  }

  /** Starts counting anew; what is live stays live. */
  reset(): void {
    this.total = 0
    this.timeouts = 0
    this.failures = 0
    this.timeoutsServedStale = 0
    this.failuresServedStale = 0
    this.replays = 0
    this.refusals = 0
    this.refusedAt = undefined
    Object.assign(this.verdicts, NO_VERDICTS)
  }
}
