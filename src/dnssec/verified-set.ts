import type { Seconds } from '../base/index.ts'
import type { Name } from '../wire/index.ts'
import type { Rrsig } from './rdata.ts'
import type { RrSet } from './rrset.ts'

/** A set that verified. */
export interface VerifiedSet {
  readonly kind: 'verified'
  readonly set: RrSet
  readonly zone: Name
  /** Longest time to keep it: no longer than received, signed or valid (RFC 4035 §5.3.3). */
  readonly ttl: Seconds
  /** Labels of the name above the wildcard that it was expanded from; undefined when it was not. */
  readonly wildcardLabels: number | undefined
  readonly rrsig: Rrsig
}
