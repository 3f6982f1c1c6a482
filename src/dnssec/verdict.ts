import type { Seconds } from '../base/index.ts'
import type { Question, ResourceRecord } from '../wire/index.ts'
import type { VerifiedSet } from './rrset.ts'
import type { SignatureCheck } from './signature-check.ts'

/** Why validation failed, in the words that the bus and varlink use. */
export type FailureResult =
  | 'invalid'
  | 'signature-expired'
  | 'no-signature'
  | 'missing-key'
  | 'unsupported-algorithm'
  | 'nsec-mismatch'
  | 'failed-auxiliary'
  | 'too-many-validations'

/** Extended DNS Errors of validation (RFC 8914 §4). */
export const EDE = {
  UNSUPPORTED_ALGORITHM: 1,
  UNSUPPORTED_DIGEST: 2,
  INDETERMINATE: 5,
  BOGUS: 6,
  EXPIRED: 7,
  NOT_YET_VALID: 8,
  KEY_MISSING: 9,
  SIGNATURES_MISSING: 10,
  NO_ZONE_KEY_BIT: 11,
  NSEC_MISSING: 12,
  NO_REACHABLE_AUTHORITY: 22,
  NETWORK_ERROR: 23,
  EXPIRED_BEFORE_VALID: 25,
  TOO_MANY_ITERATIONS: 27,
} as const

/** The data must not be used: neither proven genuine nor proven to be unsigned (RFC 4035 §4.3, "bogus"). */
export interface ValidationFailure {
  readonly kind: 'failure'
  readonly result: FailureResult
  /** RFC 8914. */
  readonly ede: number
  /** A sentence with the names concerned, for the log and `why`. */
  readonly reason: string
}

/** Proven to have no chain of trust (RFC 4035 §4.3, "insecure"). */
export interface Insecure {
  readonly kind: 'insecure'
  readonly reason: string
  /** Set where the cause is worth telling clients: an unsupported algorithm, digest or number of iterations. */
  readonly ede: number | undefined
  /** How long the proof holds. */
  readonly ttl: Seconds
}

/** What the proof of a negative reply says; it counts more than the header's rcode. */
export type Denied = 'nxdomain' | 'nodata'

export interface SecureAnswer {
  readonly kind: 'secure'
  /** Longest time to keep it (RFC 4035 §5.3.3). */
  readonly ttl: Seconds
  /** Set where the end of the alias chain is proven not to exist, or not to have the type. */
  readonly denied: Denied | undefined
  /**
   * What was verified, and the signatures of it, with TTLs as long as they hold; other records of the reply are nobody's
   * word.
   */
  readonly answer: readonly ResourceRecord[]
  readonly authority: readonly ResourceRecord[]
  /** The same as sets, each with the zone that signed it. */
  readonly sets: readonly VerifiedSet[]
}

export type Verdict = SecureAnswer | Insecure | ValidationFailure

/**
 * What the validator waits for: a reply to `question`, while those `ahead`, which it will probably need, are better asked
 * now than later; the check of a signature; or a turn of the event loop for others.
 */
export type Step =
  | SignatureCheck
  | { readonly kind: 'ask'; readonly question: Question; readonly ahead: readonly Question[] }
  | { readonly kind: 'pause' }

/** Sets and proofs judged so far, as `DNSSECStatistics` counts them (S-RES-3). */
export interface VerdictCounts {
  secure: number
  insecure: number
  bogus: number
  indeterminate: number
}

const INDETERMINATE: ReadonlySet<FailureResult> = new Set([
  'missing-key',
  'unsupported-algorithm',
  'too-many-validations',
])

/** A look-up that failed says nothing of the data: it is not counted. */
export function countVerdict(counts: VerdictCounts, verdict: Pick<Verdict, 'kind'> | ValidationFailure): void {
  if (verdict.kind === 'secure') counts.secure++
  else if (verdict.kind === 'insecure') counts.insecure++
  else if (!('result' in verdict) || verdict.result === 'failed-auxiliary') return
  else if (INDETERMINATE.has(verdict.result)) counts.indeterminate++
  else counts.bogus++
}

export function validationFailure(result: FailureResult, ede: number, reason: string): ValidationFailure {
  return { kind: 'failure', result, ede, reason }
}
