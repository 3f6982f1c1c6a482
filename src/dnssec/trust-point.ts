import type { Seconds } from '../base/index.ts'
import type { Name } from '../wire/index.ts'
import { wireOfName } from '../wire/index.ts'
import type { Algorithms } from './algorithms.ts'
import { isSameKey, type PositiveAnchor } from './anchors.ts'
import type { Dnskey } from './rdata.ts'
import { readDnskey, REVOKED } from './rdata.ts'

/**
 * What is known of a key that may start chains of trust at a trust point (RFC 5011 §4).
 * `add-pending` seen, and must go on being there until `until`; `valid` trusted and there; `missing` trusted, but not there;
 * `revoked` not trusted any more, `removed` nor expected to be seen after `until`: both are kept, so that neither the zone
 * nor an old configuration brings the key back. Keys in the state Start are not listed.
 */
export type KeyState = 'add-pending' | 'valid' | 'missing' | 'revoked' | 'removed'

export interface TrackedKey {
  /** With the REVOKE bit clear. */
  readonly key: Dnskey
  readonly state: KeyState
  /** When it came to this state, in seconds since 1970. */
  readonly since: number
  /** End of the hold-down time of `add-pending` and `revoked`; of no meaning else. */
  readonly until: number
}

/** A name whose keys are followed as they change. */
export interface TrustPoint {
  readonly name: Name
  readonly keys: readonly TrackedKey[]
  /** When its keys are to be asked for next. */
  readonly nextQuery: number
}

/** What a look at the trust point's keys has shown. */
export interface KeyObservation {
  /** Keys marked as entry points, by a set that a trusted key signs; undefined where none does. */
  readonly present: readonly Dnskey[] | undefined
  /** Keys with the REVOKE bit that sign the set themselves: revoked, whoever else signs it (RFC 5011 §2.1). */
  readonly revoked: readonly Dnskey[]
  /** Of the set, as its zone has it. */
  readonly originalTtl: Seconds
  /** Until its signature expires. */
  readonly validity: Seconds
}

const HOUR: Seconds = 3600
const DAY: Seconds = 24 * HOUR
/** RFC 5011 §2.4.1 and §2.4.2. */
const HOLD_DOWN: Seconds = 30 * DAY
/** More new keys than that are nobody's rollover. */
const MAX_KEYS = 32

/** Nothing is known yet: it is to be asked for at once. */
export function newTrustPoint(name: Name): TrustPoint {
  return { name, keys: [], nextQuery: 0 }
}

/** The point after a look at its keys (RFC 5011 §4.2). `isTrusted`: by configuration. */
export function afterLook(
  point: TrustPoint,
  { present, revoked, originalTtl, validity }: KeyObservation,
  isTrusted: (key: Dnskey) => boolean,
  now: number,
): TrustPoint {
  const wait = interval(present === undefined, originalTtl, validity)
  const followed = point.keys.flatMap((tracked) => next(tracked, present, revoked, now))
  const isNew = (key: Dnskey) => !point.keys.some((tracked) => isSameKey(tracked.key, key)) && !isIn(revoked, key)
  const added = (present ?? []).filter(isNew).map((key): TrackedKey => {
    if (isTrusted(key)) return { key, state: 'valid', since: now, until: now }
    return { key, state: 'add-pending', since: now, until: now + Math.max(HOLD_DOWN, originalTtl) }
  })
  const gone = revoked.filter((key) => isTrusted(key) && !point.keys.some((tracked) => isSameKey(tracked.key, key)))
  const keys = [...followed, ...added, ...gone.map((key) => revokedKey(key, now))]
  return { ...point, keys: keys.slice(0, MAX_KEYS), nextQuery: now + wait }
}

/** The point after a look that brought no answer: again soon (RFC 5011 §2.3). */
export function afterNoAnswer(point: TrustPoint, now: number): TrustPoint {
  return { ...point, nextQuery: now + HOUR }
}

/**
 * The anchor that counts: what is configured, and keys that were added, without those that were revoked. Undefined when none
 * is left: the zone is then as if it had never had an anchor (RFC 5011 §5).
 */
export function anchorInForce(
  configured: PositiveAnchor,
  { keys: tracked }: TrustPoint,
  { digests }: Algorithms,
): PositiveAnchor | undefined {
  const revoked = tracked.filter(({ state }) => state === 'revoked' || state === 'removed').map(({ key }) => key)
  const owner = wireOfName(configured.name)
  const isOf = (ds: PositiveAnchor['ds'][number], key: Dnskey) =>
    ds.keyTag === key.tag &&
    ds.algorithm === key.algorithm &&
    digests
      .get(ds.digestType)?.(Buffer.concat([owner, key.rdata]))
      .equals(ds.digest) === true
  const ds = configured.ds.filter((each) => !revoked.some((key) => isOf(each, key)))
  const own = configured.keys.filter((key) => !isIn(revoked, key))
  const learnt = tracked.filter(({ state }) => state === 'valid' || state === 'missing').map(({ key }) => key)
  const keys = [...own, ...learnt.filter((key) => !isIn(own, key))]
  return ds.length + keys.length === 0 ? undefined : { name: configured.name, ds, keys }
}

/** Whether a configured anchor vouches for the key. */
export function vouchesFor({ name, ds, keys }: PositiveAnchor, key: Dnskey, { digests }: Algorithms): boolean {
  const plain = withoutRevoke(key)
  const data = Buffer.concat([wireOfName(name), plain.rdata])
  const isIts = (each: PositiveAnchor['ds'][number]) =>
    each.keyTag === plain.tag &&
    each.algorithm === plain.algorithm &&
    digests.get(each.digestType)?.(data).equals(each.digest) === true
  return isIn(keys, plain) || ds.some(isIts)
}

/** As it was before it was revoked: its tag differs. */
export function withoutRevoke(key: Dnskey): Dnskey {
  const rdata = Buffer.from(key.rdata)
  rdata.writeUInt16BE(key.flags & ~REVOKED, 0)
  return readDnskey(rdata) ?? key
}

function next(
  tracked: TrackedKey,
  present: readonly Dnskey[] | undefined,
  revoked: readonly Dnskey[],
  now: number,
): TrackedKey[] {
  const { key, state, until } = tracked
  const isTrusted = state === 'valid' || state === 'missing'
  if (isIn(revoked, key) && isTrusted) return [revokedKey(key, now)]
  if (state === 'removed') return [tracked]
  if (state === 'revoked') return [now < until ? tracked : { key, state: 'removed', since: now, until: now }] // RemTime
  if (present === undefined) return [tracked]
  const isThere = isIn(present, key)
  if (state === 'add-pending') {
    if (!isThere) return [] // KeyRem
    return [now < until ? tracked : { key, state: 'valid', since: now, until: now }] // AddTime
  }
  const seen = isThere ? 'valid' : 'missing'
  return [seen === state ? tracked : { key, state: seen, since: now, until: now }]
}

function revokedKey(key: Dnskey, now: number): TrackedKey {
  return { key: withoutRevoke(key), state: 'revoked', since: now, until: now + HOLD_DOWN }
}

/** RFC 5011 §2.3: `isRetry` after a look that showed nothing to be trusted. */
function interval(isRetry: boolean, originalTtl: Seconds, validity: Seconds): Seconds {
  const [part, most] = isRetry ? [10, DAY] : [2, 15 * DAY]
  return Math.max(HOUR, Math.min(most, Math.floor(originalTtl / part), Math.floor(validity / part)))
}

function isIn(keys: readonly Dnskey[], key: Dnskey): boolean {
  return keys.some((each) => isSameKey(each, key))
}
