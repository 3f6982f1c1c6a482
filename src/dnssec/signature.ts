import type { Seconds } from '../base/index.ts'
import type { Name, ResourceRecord } from '../wire/index.ts'
import { isWithin, labelCount, TYPE, typeText } from '../wire/index.ts'
import type { SignatureKey } from './algorithms.ts'
import type { Budget } from './budget.ts'
import { signedData } from './canonical.ts'
import { signedLabels } from './order.ts'
import type { KnownSignatures } from './known-signatures.ts'
import type { Dnskey, Rrsig } from './rdata.ts'
import { recordsOf, type RrSet, type VerifiedSet } from './rrset.ts'
import { SignatureCheck } from './signature-check.ts'
import type { Step, ValidationFailure } from './verdict.ts'
import { EDE, validationFailure } from './verdict.ts'

/** A key of a zone, ready for use. */
export interface ZoneKey {
  readonly dnskey: Dnskey
  readonly known: KnownSignatures
  /** Imported, which is done once. */
  ready(budget: Budget): Generator<Step, SignatureKey, void>
}

/** What comes again with other replies of a zone: checked once. */
const REPEATED: ReadonlySet<number> = new Set([TYPE.SOA, TYPE.NSEC, TYPE.NSEC3])

/** Clocks differ: a tenth of the validity, an hour and ten minutes at most (S-SIG-4). */
const MOST_SKEW: Seconds = 4200

/**
 * Checks the signatures of `set` that are by `zone`, until one verifies (RFC 4035 §5.3): all that speak for a broken
 * zone are tried, within the budget. `now` in seconds since 1970.
 */
export function* verifySet(
  set: RrSet,
  zone: Name,
  keys: readonly ZoneKey[],
  now: number,
  budget: Budget,
): Generator<Step, VerifiedSet | ValidationFailure, void> {
  let failure: ValidationFailure | undefined
  for (const rrsig of set.signatures) {
    if (rrsig.signer !== zone) continue
    const obstacle = unusable(set, rrsig, now)
    if (obstacle !== undefined) {
      failure = obstacle
      continue
    }
    const candidates = keys.filter(({ dnskey }) => dnskey.tag === rrsig.keyTag && dnskey.algorithm === rrsig.algorithm)
    if (candidates.length === 0) failure ??= noKey(set, rrsig)
    if (candidates.length === 0) continue
    yield* budget.arrange(set.records.length)
    const data = signedData(set, rrsig)
    if (data === undefined) continue
    for (const key of candidates) {
      if (key.known.has(data, rrsig.signature)) return verified(set, rrsig, now)
      budget.check()
      const check = new SignatureCheck(zone, yield* key.ready(budget), data, rrsig.signature)
      yield check
      if (check.isAside) budget.rested()
      if (check.isGood && REPEATED.has(set.type)) key.known.add(data, rrsig.signature)
      if (check.isGood) return verified(set, rrsig, now)
      budget.fail()
    }
    failure = wrong(set, rrsig)
  }
  return failure ?? missing(set, zone)
}

function verified(set: RrSet, rrsig: Rrsig, now: number): VerifiedSet {
  const left = Math.max(0, serialDifference(rrsig.expiration, now))
  const isExpanded = rrsig.labels < signedLabels(set.name)
  return {
    kind: 'verified',
    set,
    zone: rrsig.signer,
    ttl: Math.min(set.ttl, rrsig.originalTtl, rrsig.record.ttl, left),
    wildcardLabels: isExpanded ? rrsig.labels : undefined,
    rrsig,
  }
}

/** Its records and signatures, none with a longer TTL than it may be kept for. */
export function cappedRecords({ set, ttl }: VerifiedSet): ResourceRecord[] {
  return recordsOf(set).map((record) => (record.ttl <= ttl ? record : { ...record, ttl }))
}

/** Whom the owner's type may be signed by: the apex for what only stands there, the parent for DS (S-SIG-2). */
export function maySign(signer: Name, { name, type }: Pick<RrSet, 'name' | 'type'>): boolean {
  if (!isWithin(name, signer)) return false
  switch (type) {
    case TYPE.SOA:
    case TYPE.DNSKEY:
    case TYPE.NSEC3PARAM:
      return signer === name
    case TYPE.DS:
      return signer !== name
    case TYPE.NSEC3:
      return labelCount(name) === labelCount(signer) + 1
    default:
      return true
  }
}

/** Why the signature cannot be used, whatever key made it. */
function unusable(set: RrSet, rrsig: Rrsig, now: number): ValidationFailure | undefined {
  const what = () => `the signature of ${setText(set)} by ${rrsig.signer}`
  if (rrsig.labels > signedLabels(set.name) || rrsig.labels < labelCount(rrsig.signer)) {
    return validationFailure('invalid', EDE.BOGUS, `${what()} is for another name`)
  }
  const validity = serialDifference(rrsig.expiration, rrsig.inception)
  if (validity < 0)
    return validationFailure('signature-expired', EDE.EXPIRED_BEFORE_VALID, `${what()} ends before it begins`)
  const skew = Math.min(MOST_SKEW, Math.floor(validity / 10))
  if (serialDifference(now, rrsig.expiration) > skew) {
    return validationFailure('signature-expired', EDE.EXPIRED, `${what()} expired ${timeText(rrsig.expiration, now)}`)
  }
  if (serialDifference(rrsig.inception, now) > skew) {
    const when = timeText(rrsig.inception, now)
    return validationFailure('signature-expired', EDE.NOT_YET_VALID, `${what()} is not valid before ${when}`)
  }
  return undefined
}

/** a − b in serial arithmetic (RFC 1982, RFC 4034 §3.1.5). */
export function serialDifference(a: number, b: number): number {
  return (a - b) | 0
}

export function setText({ name, type }: Pick<RrSet, 'name' | 'type'>): string {
  return `${name} ${typeText(type)}`
}

function missing(set: RrSet, zone: Name): ValidationFailure {
  return validationFailure('no-signature', EDE.SIGNATURES_MISSING, `${setText(set)} has no signature by ${zone}`)
}

function noKey(set: RrSet, { keyTag, algorithm, signer }: Rrsig): ValidationFailure {
  const key = `key ${keyTag} of algorithm ${algorithm}`
  return validationFailure(
    'missing-key',
    EDE.KEY_MISSING,
    `${setText(set)} is signed by ${key}, which ${signer} does not have`,
  )
}

function wrong(set: RrSet, { keyTag, signer }: Rrsig): ValidationFailure {
  const key = `key ${keyTag} of ${signer}`
  return validationFailure('invalid', EDE.BOGUS, `the signature of ${setText(set)} by ${key} does not verify`)
}

/** Serial time as a date near `now`. */
function timeText(serial: number, now: number): string {
  return new Date((now + serialDifference(serial, now)) * 1000).toISOString().slice(0, 19).replace('T', ' ')
}
