import type { Seconds } from '../base/index.ts'
import type { Name } from '../wire/index.ts'
import { TYPE } from '../wire/index.ts'
import type { PositiveAnchor } from './anchors.ts'
import { readDnskey, readDs } from './rdata.ts'
import type { VerifiedSet } from './rrset.ts'
import type { FailureResult, Verdict } from './verdict.ts'

/** A key that an anchor, DS or DNSKEY record names. */
export interface NamedKey {
  readonly tag: number
  readonly algorithm: number
  /** Of a DS record. */
  readonly digestType?: number
  /** Of a DNSKEY record: meant as an entry point (RFC 4034 §2.1.1). */
  readonly isEntryPoint?: boolean
}

/** One verified set of a chain of trust, and the signature that counted. */
export interface TrustLink {
  readonly name: Name
  readonly type: number
  /** The zone that signed it, and with which key. */
  readonly zone: Name
  readonly keyTag: number
  readonly algorithm: number
  /** How long it may be kept. */
  readonly ttl: Seconds
  /** Seconds since 1970 modulo 2³². */
  readonly inception: number
  readonly expiration: number
  /** Of a DS or DNSKEY set. */
  readonly keys: readonly NamedKey[]
}

/** A chain of trust as data: from its anchor down to what was asked, as far as it holds. */
export interface TrustReport {
  readonly anchor: { readonly name: Name; readonly keys: readonly NamedKey[] } | undefined
  readonly links: readonly TrustLink[]
  readonly verdict: Verdict['kind']
  readonly result: FailureResult | undefined
  /** The link that is broken or missing, as a sentence; undefined when all hold. */
  readonly reason: string | undefined
}

/** Notes what one validation finds: anchors and verified sets, the upper ones first. */
export class TrustTrace {
  readonly #links: TrustLink[] = []
  #anchor: TrustReport['anchor']

  startAt({ name, ds, keys }: PositiveAnchor): void {
    const named = keys.map(({ tag, algorithm }) => ({ tag, algorithm }))
    const digested = ds.map(({ keyTag: tag, algorithm, digestType }) => ({ tag, algorithm, digestType }))
    this.#anchor ??= { name, keys: [...digested, ...named] }
  }

  add({ set, zone, ttl, rrsig }: VerifiedSet): void {
    const { keyTag, algorithm, inception, expiration } = rrsig
    const { name, type } = set
    this.#links.push({ name, type, zone, keyTag, algorithm, ttl, inception, expiration, keys: keysIn(set) })
  }

  report(verdict: Verdict): TrustReport {
    const { kind } = verdict
    const reason = kind === 'secure' ? undefined : verdict.reason
    const result = kind === 'failure' ? verdict.result : undefined
    return { anchor: this.#anchor, links: this.#links, verdict: kind, result, reason }
  }
}

function keysIn({ type, records }: VerifiedSet['set']): NamedKey[] {
  return records.flatMap(({ rdata }): NamedKey[] => {
    const ds = type === TYPE.DS ? readDs(rdata) : undefined
    if (ds !== undefined) return [{ tag: ds.keyTag, algorithm: ds.algorithm, digestType: ds.digestType }]
    const key = type === TYPE.DNSKEY ? readDnskey(rdata) : undefined
    return key === undefined ? [] : [{ tag: key.tag, algorithm: key.algorithm, isEntryPoint: (key.flags & 1) !== 0 }]
  })
}
