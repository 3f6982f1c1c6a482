import type { Name } from '../wire/index.ts'
import { isWithin, labelCount, parentOf, TYPE, wireOfName } from '../wire/index.ts'
import { sha1 } from './algorithms.ts'
import type { Budget } from './budget.ts'
import type { Denial } from './denial.ts'
import { denial, denialAt, isDelegation, speaksForBelow } from './denial.ts'
import { lastLabels, wildcardOf } from './order.ts'
import type { Nsec3 } from './rdata.ts'
import { base32Hex } from './rdata.ts'
import type { Denied, Step } from './verdict.ts'

/** The hash of a name, base32hex (RFC 5155 §5). */
export function nsec3Hash(name: Name, salt: Buffer, iterations: number): string {
  let hash = sha1(Buffer.concat([wireOfName(name), salt]))
  for (let i = 0; i < iterations; i++) hash = sha1(Buffer.concat([hash, salt]))
  return base32Hex(hash)
}

/** Verified NSEC3 records of one zone with the same parameters: others say nothing together (RFC 5155 §8.2). */
export class Nsec3Group {
  readonly #zone: Name
  readonly #records: readonly Nsec3[]
  readonly #budget: Budget
  readonly #hashes = new Map<Name, string>()

  constructor(zone: Name, records: readonly Nsec3[], budget: Budget) {
    this.#zone = zone
    this.#records = records
    this.#budget = budget
  }

  /** What they say of `name` and `type` (RFC 5155 §8.4 to §8.7); undefined when that is no proof. */
  *denial(name: Name, type: number, claimed: Denied): Generator<Step, Denial | undefined, void> {
    const own = yield* this.#match(name)
    if (own !== undefined) return denialAt(own.types, name, type)
    const encloser = yield* this.#encloser(name)
    if (encloser === undefined) return undefined
    const { isOptOut } = encloser.cover
    if (isOptOut && type === TYPE.DS) return denial('nodata', true)
    const wildcard = wildcardOf(encloser.name)
    const found = wildcard && (yield* this.#match(wildcard))
    if (found !== undefined) return denialByWildcard(found, type, isOptOut)
    const cover = wildcard && (yield* this.#cover(wildcard))
    if (cover !== undefined) return denial('nxdomain', isOptOut || cover.isOptOut)
    // An empty non-terminal above nothing but unsigned delegations has no record of its own (RFC 5155 §7.1).
    return isOptOut && claimed === 'nodata' ? denial('nodata', true) : undefined
  }

  /** The record that proves that no name closer than the wildcard below `encloser` could have answered (§8.8). */
  *expansion(name: Name, encloser: Name): Generator<Step, Nsec3 | undefined, void> {
    return yield* this.#cover(lastLabels(name, labelCount(encloser) + 1))
  }

  /** The closest name above that exists, with the proof that the next closer one does not (RFC 5155 §8.3). */
  *#encloser(name: Name): Generator<Step, { readonly name: Name; readonly cover: Nsec3 } | undefined, void> {
    let nextCloser = name
    for (let at = parentOf(name); at !== undefined && isWithin(at, this.#zone); at = parentOf(at)) {
      const found = yield* this.#match(at)
      if (found !== undefined) {
        const cover = speaksForBelow(found.types) ? yield* this.#cover(nextCloser) : undefined
        return cover && { name: at, cover }
      }
      nextCloser = at
    }
    return undefined
  }

  *#match(name: Name): Generator<Step, Nsec3 | undefined, void> {
    const hash = yield* this.#hash(name)
    return this.#records.find((record) => record.hash === hash)
  }

  *#cover(name: Name): Generator<Step, Nsec3 | undefined, void> {
    const hash = yield* this.#hash(name)
    return this.#records.find((record) => covers(record, hash))
  }

  /** Each name once per reply. */
  *#hash(name: Name): Generator<Step, string, void> {
    const known = this.#hashes.get(name)
    if (known !== undefined) return known
    const [{ salt, iterations } = { salt: Buffer.alloc(0), iterations: 0 }] = this.#records
    this.#budget.hash(iterations + 1)
    const hash = nsec3Hash(name, salt, iterations)
    this.#hashes.set(name, hash)
    if (this.#budget.isSliceOver()) yield { kind: 'pause' }
    return hash
  }
}

function denialByWildcard({ types }: Nsec3, type: number, isOptOut: boolean): Denial | undefined {
  if (types.has(type) || types.has(TYPE.CNAME) || type === TYPE.ANY || isDelegation(types)) return undefined
  return denial('nodata', isOptOut)
}

/** Strictly between; the last one of the zone leads round to the first. */
function covers({ hash, next }: Nsec3, at: string): boolean {
  if (hash < next) return hash < at && at < next
  return at > hash || at < next
}
