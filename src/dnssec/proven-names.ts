import type { Name, Question, ResourceRecord } from '../wire/index.ts'
import { CLASS, parentOf, TYPE, wireOfName } from '../wire/index.ts'
import { Budget, DEFAULT_LIMITS, OverBudget } from './budget.ts'
import { placeOf } from './chain.ts'
import { agedRecords, type Kept, type Proof, ProvenZone } from './proven-zone.ts'
import type { VerifiedSet } from './rrset.ts'
import type { Denied, Step } from './verdict.ts'

/** What follows from earlier answers. */
export interface Synthesis<Origin> {
  readonly denied: Denied | undefined
  /** Of a wildcard, with the name asked for; a CNAME where it has no such type. Empty for a denial. */
  readonly answer: readonly ResourceRecord[]
  /** The records that prove it; for a denial the SOA too. */
  readonly authority: readonly ResourceRecord[]
  /** Where the records came from. */
  readonly origins: readonly Origin[]
}

/** Zones remembered at once; the one unused longest goes first. */
const MAX_ZONES = 32
/** SHA-1 computations for one question: less than a server's answer costs. */
const MAX_HASHES = 256
/** Not data of zones, or about the proof itself. */
const NEVER: ReadonlySet<number> = new Set([TYPE.ANY, TYPE.RRSIG, TYPE.SIG, TYPE.NSEC, TYPE.NSEC3])

/**
 * Answers from what earlier ones have proven (RFC 8198): that a name or type is not there, or what a wildcard makes of it.
 * What is kept has verified, is kept no longer than it says, and takes some megabytes at most.
 */
export class ProvenNames<Origin> {
  readonly #zones = new Map<Name, ProvenZone<Origin>>()

  /** @param sets what has verified of one reply. @param now seconds since 1970 */
  learn(sets: readonly VerifiedSet[], origin: Origin, now: number): void {
    for (const name of new Set(sets.filter(isOfUse).map(({ zone }) => zone))) {
      const own = sets.filter(({ zone }) => zone === name)
      this.#touched(name, this.#zones.get(name) ?? new ProvenZone<Origin>(name)).learn(own, origin, now)
      if (this.#zones.size > MAX_ZONES) this.#zones.delete(this.#zones.keys().next().value as Name)
    }
  }

  /** Undefined when nothing follows. The nearest zone at or above the name that is known is asked first. */
  answer(question: Question, now: number): Synthesis<Origin> | undefined {
    const { name, type } = question
    const place = placeOf(name, type)
    if (this.#zones.size === 0 || place === undefined || NEVER.has(type) || question.class !== CLASS.IN)
      return undefined
    const budget = new Budget({ ...DEFAULT_LIMITS, hashes: MAX_HASHES })
    for (let at: Name | undefined = place; at !== undefined; at = parentOf(at)) {
      const zone = this.#zones.get(at)
      if (zone === undefined) continue
      const proof = withinBudget(zone.proof(name, type, budget, now))
      const found = proof && synthesis(name, proof, zone.soa(now), now)
      if (found === undefined) continue
      this.#touched(at, zone)
      return found
    }
    return undefined
  }

  /** Zones that hold any such name, or lie below one. */
  forget(isAffected: (name: Name) => boolean = () => true): void {
    for (const name of this.#zones.keys()) if (isAffected(name)) this.#zones.delete(name)
  }

  #touched(name: Name, zone: ProvenZone<Origin>): ProvenZone<Origin> {
    this.#zones.delete(name)
    this.#zones.set(name, zone)
    return zone
  }
}

function isOfUse({ set: { type }, wildcardLabels }: VerifiedSet): boolean {
  return type === TYPE.NSEC || type === TYPE.NSEC3 || wildcardLabels !== undefined
}

/** At one go: the budget is small. Undefined when it does not suffice. */
function withinBudget<T>(work: Generator<Step, T, void>): T | undefined {
  try {
    for (;;) {
      const { value, done } = work.next()
      if (done === true) return value
    }
  } catch (error) {
    if (error instanceof OverBudget) return undefined
    throw error
  }
}

function synthesis<Origin>(
  name: Name,
  { denied, wildcard, records }: Proof<Origin>,
  soa: Kept<Origin> | undefined,
  now: number,
): Synthesis<Origin> | undefined {
  if (denied !== undefined && soa === undefined) return undefined
  const used = denied === undefined || soa === undefined ? records : [soa, ...records]
  const authority = used.flatMap((each) => agedRecords(each, now))
  const origins = [...used, ...(wildcard === undefined ? [] : [wildcard])].map(({ origin }) => origin)
  const answer = wildcard === undefined ? [] : expanded(name, agedRecords(wildcard, now))
  return { denied, answer, authority, origins }
}

function expanded(name: Name, records: readonly ResourceRecord[]): ResourceRecord[] {
  const owner = wireOfName(name)
  return records.map((record) => Object.assign({}, record, { name, owner }))
}
