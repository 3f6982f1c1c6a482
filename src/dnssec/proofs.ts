import type { Seconds } from '../base/index.ts'
import type { Name } from '../wire/index.ts'
import { isWithin, labelCount, TYPE } from '../wire/index.ts'
import type { Budget } from './budget.ts'
import type { Denial } from './denial.ts'
import { leastTtl } from './denial.ts'
import { denialByNsec, provesExpansionByNsec } from './nsec.ts'
import { chainsOf, Nsec3Proof } from './nsec3.ts'
import type { Nsec, Nsec3 } from './rdata.ts'
import { readNsec, readNsec3 } from './rdata.ts'
import type { VerifiedSet } from './rrset.ts'
import { setText } from './signature.ts'
import type { Denied, Insecure, Step, ValidationFailure } from './verdict.ts'
import { EDE, validationFailure } from './verdict.ts'

/** NSEC3 flags other than opt-out, and hashes other than SHA-1, are not known (RFC 5155 §8.1, §8.2). */
const KNOWN_FLAGS = 1
const SHA_1 = 1

/** All verified records of denial that one zone has in a reply. */
interface ZoneProofs {
  readonly nsecs: Nsec[]
  readonly nsec3s: Nsec3[]
}

/**
 * The records of denial of a reply, as far as they verify. Unverified ones do not count at all, so that nobody can add
 * records that make a zone insecure (S-DEN-14).
 */
export class Proofs {
  readonly #zones = new Map<Name, ZoneProofs>()
  readonly #budget: Budget
  readonly #trusted: Name
  readonly #ttls: Seconds[] = []
  readonly sets: VerifiedSet[] = []
  /** Whether any of them is by a zone that may say what is unsigned. */
  isTrusted = false
  /** A record with more iterations than are computed (RFC 9276 §3.2). */
  #hasTooManyIterations = false
  /** The zone that denies is proven to be unsigned. */
  insecure: Insecure | undefined
  /** Why one of them does not verify. */
  failure: ValidationFailure | undefined

  /** Only zones within `trusted` may say what is unsigned. */
  constructor(budget: Budget, trusted: Name) {
    this.#budget = budget
    this.#trusted = trusted
  }

  add(result: VerifiedSet | Insecure | ValidationFailure): void {
    if (result.kind === 'insecure') this.insecure ??= result
    else if (result.kind === 'failure') this.failure ??= result
    // An expanded one stands for the wildcard, and not for the name that it bears (S-DEN-1, CVE-2017-15105).
    else if (result.wildcardLabels !== undefined) this.failure ??= expanded(result)
    else this.#addVerified(result)
  }

  get ttl(): Seconds {
    return leastTtl(this.#ttls)
  }

  /** What they say of a name and type, undefined when nothing; `claimed` by the header. */
  *denial(name: Name, type: number, claimed: Denied): Generator<Step, Denial | undefined, void> {
    for (const [zone, { nsecs, nsec3s }] of this.#deepestFirst()) {
      const byNsec = denialByNsec(name, type, zone, nsecs)
      if (byNsec !== undefined && this.#maySay(byNsec, zone)) return byNsec
      const found = yield* new Nsec3Proof(zone, chainsOf(nsec3s), this.#budget).denial(name, type, claimed)
      if (found !== undefined && this.#maySay(found, zone)) return found
    }
    return undefined
  }

  /** Whether no name closer than the wildcard below `encloser` could have answered (RFC 4035 §5.3.4, RFC 5155 §8.8). */
  *expansion(name: Name, encloser: Name): Generator<Step, 'proven' | 'opt-out' | undefined, void> {
    for (const [zone, { nsecs, nsec3s }] of this.#deepestFirst()) {
      if (provesExpansionByNsec(name, encloser, zone, nsecs)) return 'proven'
      const cover = yield* new Nsec3Proof(zone, chainsOf(nsec3s), this.#budget).expansion(name, encloser)
      if (cover !== undefined) return cover.isOptOut ? 'opt-out' : 'proven'
    }
    return undefined
  }

  /** Nothing is proven, but by the zone's own word its names are too expensive to look up. */
  get tooManyIterations(): Insecure | undefined {
    if (!this.#hasTooManyIterations) return undefined
    const reason = `NSEC3 with more than ${this.#budget.limits.iterations} iterations`
    return { kind: 'insecure', reason, ede: EDE.TOO_MANY_ITERATIONS, ttl: this.ttl }
  }

  #maySay({ isOptOut, isDelegation }: Denial, zone: Name): boolean {
    return isWithin(zone, this.#trusted) || !(isOptOut || isDelegation)
  }

  #addVerified(verified: VerifiedSet): void {
    const { set, zone, ttl } = verified
    this.sets.push(verified)
    this.isTrusted ||= isWithin(zone, this.#trusted)
    this.#ttls.push(ttl)
    const proofs = this.#zones.get(zone) ?? { nsecs: [], nsec3s: [] }
    this.#zones.set(zone, proofs)
    for (const record of set.records) {
      const nsec = set.type === TYPE.NSEC ? readNsec(record) : undefined
      const nsec3 = set.type === TYPE.NSEC3 ? readNsec3(record) : undefined
      if (nsec !== undefined) proofs.nsecs.push(nsec)
      if (nsec3 !== undefined) this.#addNsec3(nsec3, zone, proofs.nsec3s)
    }
  }

  #addNsec3(record: Nsec3, zone: Name, records: Nsec3[]): void {
    if (record.algorithm !== SHA_1 || (record.flags & ~KNOWN_FLAGS) !== 0) return
    if (record.iterations > this.#budget.limits.iterations) {
      this.#hasTooManyIterations ||= isWithin(zone, this.#trusted)
      return
    }
    records.push(record)
  }

  #deepestFirst(): [Name, ZoneProofs][] {
    return [...this.#zones].toSorted(([a], [b]) => labelCount(b) - labelCount(a))
  }
}

function expanded({ set }: VerifiedSet): ValidationFailure {
  return validationFailure('nsec-mismatch', EDE.BOGUS, `${setText(set)} was expanded from a wildcard`)
}
