import type { Message } from '../wire/index.ts'
import { CLASS, TYPE } from '../wire/index.ts'
import type { Algorithms } from './algorithms.ts'
import type { PositiveAnchor } from './anchors.ts'
import type { Budget } from './budget.ts'
import { entryKeys, zoneKey } from './keys.ts'
import type { Dnskey } from './rdata.ts'
import { readDnskey, REVOKED, ZONE_KEY } from './rdata.ts'
import { rrsetsOf, type RrSet } from './rrset.ts'
import { verifySet } from './signature.ts'
import type { KeyObservation } from './trust-point.ts'
import type { Step } from './verdict.ts'

/** RFC 4034 §2.1.1: the key is meant as an entry point. */
const ENTRY_POINT = 0x0001
const PROTOCOL = 3

/** What one look works with. */
export interface LookContext {
  readonly algorithms: Algorithms
  readonly budget: Budget
  /** Seconds since 1970. */
  readonly now: number
}

/**
 * Reads the reply to the question for a trust point's keys: which are there by the word of a trusted key, and which say of
 * themselves that they are revoked (RFC 5011 §2). Undefined for a reply without keys.
 */
export function* lookAtKeys(
  message: Message,
  anchor: PositiveAnchor,
  context: LookContext,
): Generator<Step, KeyObservation | undefined, void> {
  const sets = rrsetsOf(message, 'answer')
  const set = sets.find(
    ({ name, type, class: own }) => name === anchor.name && type === TYPE.DNSKEY && own === CLASS.IN,
  )
  if (set === undefined) return undefined
  const keys = set.records.flatMap(({ rdata }) => readDnskey(rdata) ?? [])
  const signed = yield* signedByTrusted(set, anchor, context)
  const revoked = yield* revokedIn(set, keys, context)
  const isEntry = ({ flags, protocol, algorithm }: Dnskey) =>
    (flags & (ZONE_KEY | REVOKED | ENTRY_POINT)) === (ZONE_KEY | ENTRY_POINT) &&
    protocol === PROTOCOL &&
    context.algorithms.signatures.has(algorithm)
  return {
    present: signed === undefined ? undefined : keys.filter(isEntry),
    revoked,
    originalTtl: signed?.rrsig.originalTtl ?? set.ttl,
    validity: signed === undefined ? set.ttl : Math.max(0, (signed.rrsig.expiration - context.now) | 0),
  }
}

function* signedByTrusted(set: RrSet, anchor: PositiveAnchor, { algorithms, budget, now }: LookContext) {
  const entries = yield* entryKeys({ ...anchor, ttl: set.ttl }, set, algorithms, budget)
  if (entries.kind === 'failure') return undefined
  const result = yield* verifySet(set, anchor.name, entries.keys, now, budget)
  return result.kind === 'verified' ? result : undefined
}

function* revokedIn(set: RrSet, keys: readonly Dnskey[], { algorithms, budget, now }: LookContext) {
  const revoked: Dnskey[] = []
  for (const key of keys) {
    const isRevoked = (key.flags & (REVOKED | ZONE_KEY)) === (REVOKED | ZONE_KEY) && key.protocol === PROTOCOL
    if (!isRevoked || !algorithms.signatures.has(key.algorithm)) continue
    const result = yield* verifySet(set, set.name, [zoneKey(key, algorithms)], now, budget)
    if (result.kind === 'verified') revoked.push(key)
  }
  return revoked
}
