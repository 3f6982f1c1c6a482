/**
 * Validation of DNSSEC (RFC 4033 to 4035, 5155, 6840): replies, trust anchors, the time and a table of algorithms come
 * in, a verdict goes out, or on the way to it the question or the check of a signature that it still needs. It knows nothing of servers, caches,
 * sockets and clients, and never waits.
 */
export type { Algorithms, SignatureAlgorithm, SignatureKey } from './algorithms.ts'
export { nodeAlgorithms } from './algorithms.ts'
export type { PositiveAnchor } from './anchors.ts'
export { anchorsOf, TrustAnchors } from './anchors.ts'
export type { Limits } from './budget.ts'
export { Budget, DEFAULT_LIMITS, OverBudget } from './budget.ts'
export { CheckQueue } from './check-queue.ts'
export type { AuxiliaryReply, ValidationContext } from './context.ts'
export { Replies } from './context.ts'
export { placeOf } from './chain.ts'
export { ChainMemory, type DueLink } from './memory.ts'
export { ProvenNames, type Synthesis } from './proven-names.ts'
export type { Dnskey, Ds } from './rdata.ts'
export { readDnskey, readDs } from './rdata.ts'
export { sentinelFailure } from './sentinel.ts'
export { SignatureCheck } from './signature-check.ts'
export type { KeyObservation, KeyState, TrackedKey, TrustPoint } from './trust-point.ts'
export { afterLook, afterNoAnswer, anchorInForce, newTrustPoint, vouchesFor } from './trust-point.ts'
export { formatTrustPoint, parseTrustPoint, TrustPointFileError } from './trust-point-file.ts'
export { lookAtKeys } from './trust-point-look.ts'
export type { NamedKey, TrustLink, TrustReport } from './trust-report.ts'
export { TrustTrace } from './trust-report.ts'
export { renewLink, validate } from './validation.ts'
export type {
  Denied,
  FailureResult,
  Insecure,
  SecureAnswer,
  Step,
  ValidationFailure,
  Verdict,
  VerdictCounts,
} from './verdict.ts'
