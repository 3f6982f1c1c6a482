import type { Seconds } from '../base/index.ts'
import type { Name, ResourceRecord } from '../wire/index.ts'
import { TYPE } from '../wire/index.ts'
import { denialByNsec, encloserBy, provesExpansionByNsec } from './nsec.ts'
import { Nsec3Proof, type Nsec3Chain } from './nsec3.ts'
import { lastLabels, orderKey, wildcardOf } from './order.ts'
import type { Budget } from './budget.ts'
import type { Nsec, Nsec3 } from './rdata.ts'
import { readNsec, readNsec3 } from './rdata.ts'
import { recordsOf, type RrSet } from './rrset.ts'
import type { VerifiedSet } from './rrset.ts'
import { SortedMap } from './sorted-map.ts'
import type { Denied, Step } from './verdict.ts'

/** A verified set, and from when until when it may be used, in seconds since 1970. */
export interface Kept<Origin> {
  readonly set: RrSet
  readonly ttl: Seconds
  readonly origin: Origin
  readonly learntAt: number
  readonly until: number
}

/** What kept records prove: a denial, or what a wildcard makes of the name. */
export interface Proof<Origin> {
  readonly denied: Denied | undefined
  /** The wildcard's own records. */
  readonly wildcard: Kept<Origin> | undefined
  readonly records: readonly Kept<Origin>[]
}

interface KeptSpan<Origin, Span> extends Kept<Origin> {
  readonly span: Span
}

/** Records of denial and wildcards of one zone at most: a zone of millions of names has its turn, and no more. */
const CAPACITY = 1024
/** Parameters that an NSEC3 zone may have at once. */
const MAX_CHAINS = 2

/** What is proven of one zone's names (RFC 8198): NSEC and NSEC3 records, wildcards, and the SOA that limits them. */
export class ProvenZone<Origin> {
  readonly #name: Name
  readonly #nsecs = new SortedMap<KeptSpan<Origin, Nsec>>()
  readonly #chains: KeptChain<Origin>[] = []
  readonly #wildcards = new Map<string, Kept<Origin>>()
  #soa: Kept<Origin> | undefined

  constructor(name: Name) {
    this.#name = name
  }

  get size(): number {
    return this.#nsecs.size + this.#wildcards.size + this.#chains.reduce((sum, { size }) => sum + size, 0)
  }

  /** The zone's SOA, without which nothing is denied: it says how long (RFC 2308 §5). */
  soa(now: number): Kept<Origin> | undefined {
    return this.#soa !== undefined && this.#soa.until > now ? this.#soa : undefined
  }

  /**
   * Learns from what verified of one reply. Records of denial serve no longer than the SOA and its MINIMUM allow, even
   * where they have a longer TTL (RFC 9077 §3).
   */
  learn(sets: readonly VerifiedSet[], origin: Origin, now: number): void {
    const soa = sets.find(({ set }) => set.type === TYPE.SOA)
    if (soa !== undefined) this.#soa = kept(soa, negativeTtl(soa), origin, now)
    const longest = this.soa(now) === undefined ? Number.POSITIVE_INFINITY : (this.#soa as Kept<Origin>).until - now
    for (const each of sets) this.#keep(each, kept(each, longest, origin, now))
    if (this.size > CAPACITY) this.#forget((value) => value.until <= now)
    if (this.size > CAPACITY) this.#forget(() => true)
  }

  /** What they prove of a name and type at or below the zone's apex; undefined when that is not enough. */
  *proof(name: Name, type: number, budget: Budget, now: number): Generator<Step, Proof<Origin> | undefined, void> {
    return this.#byNsec(name, type, now) ?? (yield* this.#byNsec3(name, type, budget, now))
  }

  #keep({ set, wildcardLabels }: VerifiedSet, value: Kept<Origin>): void {
    const [record] = set.records
    if (record === undefined || set.records.length > 1 || wildcardLabels !== undefined) {
      if (wildcardLabels !== undefined && set.type !== TYPE.NSEC) this.#keepWildcard(value, wildcardLabels)
      return
    }
    const nsec = set.type === TYPE.NSEC ? readNsec(record) : undefined
    if (nsec !== undefined) this.#nsecs.set(orderKey(nsec.owner), { ...value, span: nsec })
    const nsec3 = set.type === TYPE.NSEC3 ? readNsec3(record) : undefined
    // Unsigned delegations may lie in a span with opt-out (RFC 8198 §5.2).
    if (nsec3 !== undefined && nsec3.flags === 0) this.#chain(nsec3).add({ ...value, span: nsec3 })
  }

  #keepWildcard(value: Kept<Origin>, labels: number): void {
    const wildcard = wildcardOf(lastLabels(value.set.name, labels))
    if (wildcard !== undefined) this.#wildcards.set(`${value.set.type} ${wildcard}`, value)
  }

  #chain({ salt, iterations }: Nsec3): KeptChain<Origin> {
    const known = this.#chains.find((chain) => chain.iterations === iterations && chain.salt.equals(salt))
    if (known !== undefined) return known
    const chain = new KeptChain<Origin>(salt, iterations)
    this.#chains.unshift(chain)
    this.#chains.length = Math.min(this.#chains.length, MAX_CHAINS)
    return chain
  }

  #byNsec(name: Name, type: number, now: number): Proof<Origin> | undefined {
    const before = live(this.#nsecs.upTo(orderKey(name)), now)
    if (before === undefined) return undefined
    const encloser = encloserBy(before.span, name)
    const wildcard = wildcardOf(encloser)
    const second = wildcard === undefined ? undefined : live(this.#nsecs.upTo(orderKey(wildcard)), now)
    const records = second === undefined || second === before ? [before] : [before, second]
    const spans = records.map(({ span }) => span)
    const found = denialByNsec(name, type, this.#name, spans)
    if (found !== undefined) {
      const isAlone = denialByNsec(name, type, this.#name, [before.span]) !== undefined
      return { denied: found.denied, wildcard: undefined, records: isAlone ? [before] : records }
    }
    const expanded = wildcard && this.#wildcard(wildcard, type, now)
    if (expanded === undefined || !provesExpansionByNsec(name, encloser, this.#name, [before.span])) return undefined
    return { denied: undefined, wildcard: expanded, records: [before] }
  }

  *#byNsec3(name: Name, type: number, budget: Budget, now: number): Generator<Step, Proof<Origin> | undefined, void> {
    for (const chain of this.#chains) {
      const used = new Set<Kept<Origin>>()
      const proof = new Nsec3Proof(this.#name, [chain.at(now, used)], budget)
      const found = yield* proof.denial(name, type, 'nxdomain')
      if (found !== undefined) return { denied: found.denied, wildcard: undefined, records: [...used] }
      used.clear()
      const encloser = yield* proof.encloser(name)
      const wildcard = encloser && wildcardOf(encloser.name)
      const expanded = wildcard && this.#wildcard(wildcard, type, now)
      if (expanded !== undefined) return { denied: undefined, wildcard: expanded, records: [...used] }
    }
    return undefined
  }

  #wildcard(name: Name, type: number, now: number): Kept<Origin> | undefined {
    const own = live(this.#wildcards.get(`${type} ${name}`), now)
    return own ?? live(this.#wildcards.get(`${TYPE.CNAME} ${name}`), now)
  }

  #forget(isDoomed: (value: Kept<Origin>) => boolean): void {
    this.#nsecs.deleteWhere(isDoomed)
    for (const chain of this.#chains) chain.deleteWhere(isDoomed)
    for (const [key, value] of this.#wildcards) if (isDoomed(value)) this.#wildcards.delete(key)
  }
}

/** NSEC3 records with the same parameters, by their hashes. */
class KeptChain<Origin> {
  readonly salt: Buffer
  readonly iterations: number
  readonly #spans = new SortedMap<KeptSpan<Origin, Nsec3>>()

  constructor(salt: Buffer, iterations: number) {
    this.salt = salt
    this.iterations = iterations
  }

  get size(): number {
    return this.#spans.size
  }

  add(value: KeptSpan<Origin, Nsec3>): void {
    this.#spans.set(value.span.hash, value)
  }

  deleteWhere(isDoomed: (value: Kept<Origin>) => boolean): void {
    this.#spans.deleteWhere(isDoomed)
  }

  /** As it is `now`; those that are looked at and fit are put into `used`. */
  at(now: number, used: Set<Kept<Origin>>): Nsec3Chain {
    const { salt, iterations } = this
    const find = (hash: string, isIt: (span: Nsec3) => boolean) => {
      const found = live(this.#spans.upTo(hash), now)
      if (found === undefined || !isIt(found.span)) return undefined
      used.add(found)
      return found.span
    }
    return { salt, iterations, hashes: new Map(), find }
  }
}

function live<T extends { readonly until: number }>(value: T | undefined, now: number): T | undefined {
  return value !== undefined && value.until > now ? value : undefined
}

function kept<Origin>({ set, ttl }: VerifiedSet, longest: Seconds, origin: Origin, now: number): Kept<Origin> {
  return { set, ttl, origin, learntAt: now, until: now + Math.min(ttl, longest) }
}

/** RFC 2308 §5. */
function negativeTtl({ set, ttl }: VerifiedSet): Seconds {
  const rdata = set.records[0]?.rdata
  return rdata === undefined || rdata.length < 4 ? 0 : Math.min(ttl, rdata.readUInt32BE(rdata.length - 4))
}

/** Its records with what is left of their TTLs. */
export function agedRecords<Origin>({ set, ttl, learntAt }: Kept<Origin>, now: number): ResourceRecord[] {
  return recordsOf(set).map((record) => ({ ...record, ttl: Math.max(0, Math.min(record.ttl, ttl) - (now - learntAt)) }))
}
