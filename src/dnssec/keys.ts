import type { Seconds } from '../base/index.ts'
import type { Name } from '../wire/index.ts'
import { wireOfName } from '../wire/index.ts'
import type { Algorithms, SignatureKey } from './algorithms.ts'
import { isSameKey } from './anchors.ts'
import type { Budget } from './budget.ts'
import { KnownSignatures } from './known-signatures.ts'
import type { Dnskey, Ds } from './rdata.ts'
import { readDnskey, REVOKED, ZONE_KEY } from './rdata.ts'
import type { RrSet } from './rrset.ts'
import type { ZoneKey } from './signature.ts'
import type { Step, ValidationFailure } from './verdict.ts'
import { EDE, validationFailure } from './verdict.ts'

/** Who vouches for a zone's keys: DS records that verified, or an anchor. */
export interface ZoneEntry {
  readonly name: Name
  readonly ds: readonly Ds[]
  readonly keys: readonly Dnskey[]
  readonly ttl: Seconds
}

const SHA_1 = 1
const PROTOCOL = 3

/** The DS records that can be followed: SHA-1 digests only where there is nothing better (RFC 4509 §3). */
export function usableDs(ds: readonly Ds[], { signatures, digests }: Algorithms): Ds[] {
  const supported = ds.filter(({ algorithm, digestType }) => signatures.has(algorithm) && digests.has(digestType))
  const better = supported.filter(({ digestType }) => digestType !== SHA_1)
  return better.length > 0 ? better : supported
}

/** Keys that may sign a zone's records (RFC 4034 §2.1.1, RFC 5011 §2.1). */
export function usableKeys(set: RrSet, algorithms: Algorithms): ZoneKey[] {
  const keys = set.records.flatMap(({ rdata }) => readDnskey(rdata) ?? [])
  return keys.filter((key) => isUsable(key, algorithms)).map((dnskey) => zoneKey(dnskey, algorithms))
}

/** The keys of the set that `entry` vouches for. */
export function* entryKeys(
  entry: ZoneEntry,
  { name, records }: RrSet,
  algorithms: Algorithms,
  budget: Budget,
): Generator<Step, { readonly kind: 'keys'; readonly keys: readonly ZoneKey[] } | ValidationFailure, void> {
  const owner = wireOfName(name)
  const keys = records.flatMap(({ rdata }) => readDnskey(rdata) ?? [])
  const vouchedFor: Dnskey[] = []
  for (const key of keys) {
    const isAnchor = entry.keys.some((known) => isSameKey(known, key))
    if (isAnchor || (yield* hasDs(entry.ds, owner, key, algorithms, budget))) vouchedFor.push(key)
  }
  const usable = vouchedFor.filter((key) => isUsable(key, algorithms))
  if (usable.length > 0) return { kind: 'keys', keys: usable.map((dnskey) => zoneKey(dnskey, algorithms)) }
  if (vouchedFor.some(({ flags }) => (flags & ZONE_KEY) === 0)) {
    return validationFailure('missing-key', EDE.NO_ZONE_KEY_BIT, `the key of ${name} is not marked as a zone's`)
  }
  if (vouchedFor.length > 0) return validationFailure('missing-key', EDE.KEY_MISSING, `the key of ${name} is revoked`)
  const reason = `no DNSKEY record of ${name} matches its ${entry.keys.length > 0 ? 'trust anchor' : 'DS records'}`
  return validationFailure('missing-key', EDE.KEY_MISSING, reason)
}

/** Why none of the DS records can be followed. */
export function unsupportedReason(
  name: Name,
  ds: readonly Ds[],
  _ttl: Seconds,
  { signatures }: Algorithms,
): { readonly reason: string; readonly ede: number } {
  const isDigest = ds.some(({ algorithm }) => signatures.has(algorithm))
  const numbers = [...new Set(ds.map((each) => (isDigest ? each.digestType : each.algorithm)))].join(', ')
  const what = isDigest ? `DS digests of type ${numbers}` : `keys of algorithm ${numbers}`
  return {
    reason: `${name} has only ${what}, which are not supported`,
    ede: isDigest ? EDE.UNSUPPORTED_DIGEST : EDE.UNSUPPORTED_ALGORITHM,
  }
}

/** RFC 4034 §5.1.4. Only for those with the key's tag and algorithm is anything computed. */
function* hasDs(
  all: readonly Ds[],
  owner: Buffer,
  key: Dnskey,
  { digests }: Algorithms,
  budget: Budget,
): Generator<Step, boolean, void> {
  for (const { keyTag, algorithm, digestType, digest } of all) {
    if (keyTag !== key.tag || algorithm !== key.algorithm) continue
    yield* budget.hash(1)
    const computed = digests.get(digestType)?.(Buffer.concat([owner, key.rdata]))
    if (computed?.equals(digest) === true) return true
  }
  return false
}

function isUsable({ flags, protocol, algorithm }: Dnskey, { signatures }: Algorithms): boolean {
  return (flags & ZONE_KEY) !== 0 && (flags & REVOKED) === 0 && protocol === PROTOCOL && signatures.has(algorithm)
}

/** Imported when first used: a set may hold hundreds of keys. */
export function zoneKey(dnskey: Dnskey, { signatures }: Algorithms): ZoneKey {
  let imported: SignatureKey | undefined
  const algorithm = signatures.get(dnskey.algorithm)
  return {
    dnskey,
    known: new KnownSignatures(),
    *ready(budget) {
      if (imported !== undefined) return imported
      yield* budget.work(algorithm?.importCost ?? 0)
      return (imported = algorithm?.importKey(dnskey.publicKey) ?? NO_KEY)
    },
  }
}

/** Nothing is signed by what is no key. */
const NO_KEY: SignatureKey = {
  isQuick: true,
  verify: () => false,
  verifyAside: (_data, _signature, done) => done(false),
}
