import type { Name } from '../wire/index.ts'
import { parentOf, TYPE } from '../wire/index.ts'
import type { Dnskey, Ds } from './rdata.ts'
import { readDnskey, readDs, REVOKED } from './rdata.ts'

/** What may start a chain of trust at a name: all are equal, one match is enough (S-TA-7). */
export interface PositiveAnchor {
  readonly name: Name
  readonly ds: readonly Ds[]
  /** Keys that may sign the zone's DNSKEY set; not the set itself (S-TA-9). */
  readonly keys: readonly Dnskey[]
}

/** Where names get their trust from: positive anchors, and negative ones below which nothing is validated (RFC 7646). */
export class TrustAnchors {
  readonly #positive: ReadonlyMap<Name, PositiveAnchor>
  readonly #negative: ReadonlySet<Name>

  constructor(positive: readonly PositiveAnchor[], negative: Iterable<Name>) {
    this.#positive = new Map(positive.map((anchor) => [anchor.name, anchor]))
    this.#negative = new Set(negative)
  }

  get positive(): readonly PositiveAnchor[] {
    return [...this.#positive.values()]
  }

  at(name: Name): PositiveAnchor | undefined {
    return this.#positive.get(name)
  }

  /**
   * The nearest at or above `name`, whichever comes first on the way up (S-NTA-2): undefined at and below a negative
   * anchor, and where there is none.
   */
  above(name: Name): PositiveAnchor | undefined {
    for (let at: Name | undefined = name; at !== undefined; at = parentOf(at)) {
      if (this.#negative.has(at)) return undefined
      const anchor = this.#positive.get(at)
      if (anchor !== undefined) return anchor
    }
    return undefined
  }

  /** The negative anchor that takes `name` out of validation. */
  negativeAbove(name: Name): Name | undefined {
    for (let at: Name | undefined = name; at !== undefined; at = parentOf(at)) {
      if (this.#negative.has(at)) return at
      if (this.#positive.has(at)) return undefined
    }
    return undefined
  }

  /** With further negative ones, as links have. */
  without(negative: readonly Name[]): TrustAnchors {
    return negative.length === 0 ? this : new TrustAnchors(this.positive, [...this.#negative, ...negative])
  }
}

/** The same key, whether revoked or not (RFC 5011 §2.1). */
export function isSameKey(a: Dnskey, b: Dnskey): boolean {
  return (
    a.algorithm === b.algorithm &&
    (a.flags & ~REVOKED) === (b.flags & ~REVOKED) &&
    a.protocol === b.protocol &&
    a.publicKey.equals(b.publicKey)
  )
}

/** Of DS and DNSKEY records, gathered by name; what cannot be read is left out. */
export function anchorsOf(
  records: readonly { readonly name: Name; readonly type: number; readonly rdata: Buffer }[],
): PositiveAnchor[] {
  const anchors = new Map<Name, { readonly name: Name; readonly ds: Ds[]; readonly keys: Dnskey[] }>()
  for (const { name, type, rdata } of records) {
    const anchor = anchors.get(name) ?? { name, ds: [], keys: [] }
    anchors.set(name, anchor)
    const ds = type === TYPE.DS ? readDs(rdata) : undefined
    const key = type === TYPE.DNSKEY ? readDnskey(rdata) : undefined
    if (ds !== undefined) anchor.ds.push(ds)
    if (key !== undefined) anchor.keys.push(key)
  }
  return [...anchors.values()]
}
