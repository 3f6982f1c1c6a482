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
  const salted = (bytes: Buffer) => (salt.length === 0 ? bytes : Buffer.concat([bytes, salt]))
  let hash = sha1(salted(wireOfName(name)))
  for (let i = 0; i < iterations; i++) hash = sha1(salted(hash))
  return base32Hex(hash)
}

/** Records that were hashed in the same way. */
export interface Nsec3Chain {
  readonly salt: Buffer
  readonly iterations: number
  /** Hashes of names computed so far. */
  readonly hashes: Map<Name, string>
  /** The record at `hash` or next before it, if it is the one looked for. */
  find(hash: string, isIt: (record: Nsec3) => boolean): Nsec3 | undefined
}

/**
 * Verified NSEC3 records of one zone. While a zone goes from some parameters to others it has two chains; each record is
 * true of its own. RFC 5155 §8.2 lets a validator refuse replies that hold both: this one, as unbound, does not.
 */
export class Nsec3Proof {
  readonly #zone: Name
  readonly #chains: readonly Nsec3Chain[]
  readonly #budget: Budget

  constructor(zone: Name, chains: readonly Nsec3Chain[], budget: Budget) {
    this.#zone = zone
    this.#chains = chains
    this.#budget = budget
  }

  /** What they say of `name` and `type` (RFC 5155 §8.4 to §8.7); undefined when that is no proof. */
  *denial(name: Name, type: number, claimed: Denied): Generator<Step, Denial | undefined, void> {
    const own = yield* this.#match(name)
    if (own !== undefined) return denialAt(own.types, name, type)
    const encloser = yield* this.encloser(name)
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
  *encloser(name: Name): Generator<Step, { readonly name: Name; readonly cover: Nsec3 } | undefined, void> {
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
    return yield* this.#find(name, (record, hash) => record.hash === hash)
  }

  *#cover(name: Name): Generator<Step, Nsec3 | undefined, void> {
    return yield* this.#find(name, covers)
  }

  *#find(name: Name, isIt: (record: Nsec3, hash: string) => boolean): Generator<Step, Nsec3 | undefined, void> {
    for (const chain of this.#chains) {
      const hash = yield* this.#hash(name, chain)
      const found = chain.find(hash, (record) => isIt(record, hash))
      if (found !== undefined) return found
    }
    return undefined
  }

  /** Each name once per reply and parameters. */
  *#hash(name: Name, { salt, iterations, hashes }: Nsec3Chain): Generator<Step, string, void> {
    const known = hashes.get(name)
    if (known !== undefined) return known
    yield* this.#budget.hash(iterations + 1)
    const hash = nsec3Hash(name, salt, iterations)
    hashes.set(name, hash)
    return hash
  }
}

/** Records of one reply, by their parameters. */
export function chainsOf(records: readonly Nsec3[]): Nsec3Chain[] {
  const chains: (Nsec3Chain & { readonly records: Nsec3[] })[] = []
  for (const record of records) {
    const { salt, iterations } = record
    const own = chains.find((chain) => chain.iterations === iterations && chain.salt.equals(salt))
    const all = own?.records ?? [record]
    if (own === undefined) {
      chains.push({ salt, iterations, hashes: new Map(), records: all, find: (_hash, isIt) => all.find(isIt) })
    } else all.push(record)
  }
  return chains
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
