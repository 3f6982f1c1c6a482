import type { Seconds } from '../base/index.ts'
import type { Name } from '../wire/index.ts'
import { isWithin } from '../wire/index.ts'
import type { Ds } from './rdata.ts'
import type { ZoneKey } from './signature.ts'
import type { Insecure, ValidationFailure } from './verdict.ts'

/** What a parent says of a name: signed below, unsigned below, part of the parent's zone, or not there at all. */
export type Delegation =
  | { readonly kind: 'signed'; readonly ds: readonly Ds[]; readonly ttl: Seconds; readonly parent: Name }
  | Insecure
  | { readonly kind: 'no-cut'; readonly ttl: Seconds }
  | { readonly kind: 'absent'; readonly ttl: Seconds; readonly zone: Name }
  | (ValidationFailure & { readonly ttl?: Seconds })

/** A zone whose DNSKEY set verified. */
export interface SecureZone {
  readonly kind: 'secure'
  readonly name: Name
  readonly keys: readonly ZoneKey[]
  /** Tag of the key that a DS record or a trust anchor vouches for. */
  readonly entryTag: number
  readonly ttl: Seconds
}

export type Zone = SecureZone | Exclude<Delegation, { readonly kind: 'signed' }>

interface Kept<T> {
  readonly value: T
  /** Seconds since 1970, as all times here. */
  readonly until: number
  /** From then on uses are counted. */
  readonly lateFrom: number
  lateUses: number
}

/** A link in demand in the last part of its life is due for a renewal, once. */
const LAST_PART = 0.1
const DEMAND = 2

/** A link to look up anew: the keys of a zone with what vouches for them, or what a parent says of a name without keys. */
export interface DueLink {
  readonly name: Name
  readonly isZone: boolean
}

/** As long as any answer is kept (R-CACHE-5): a revoked key is noticed in time. */
const LONGEST: Seconds = 7200
const CAPACITY = 4096

/** Links of chains of trust found so far, on one path to the servers: what makes the next validation cheap (S-WALK-6). */
export class ChainMemory {
  #delegations = new Map<Name, Kept<Delegation>>()
  #zones = new Map<Name, Kept<Zone>>()
  #between = new Map<Name, Kept<true>>()
  #due: DueLink[] = []
  /** As if nothing were known of it. */
  #hidden: Name | undefined

  delegation(name: Name, now: number): Delegation | undefined {
    if (name === this.#hidden) return undefined
    const kept = look(this.#delegations, name, now)
    if (kept !== undefined && becomesDue(kept, now)) this.#due.push({ name, isZone: this.#zones.has(name) })
    return kept?.value
  }

  zone(name: Name, now: number): Zone | undefined {
    if (name === this.#hidden) return undefined
    const kept = look(this.#zones, name, now)
    if (kept !== undefined && becomesDue(kept, now)) this.#due.push({ name, isZone: true })
    return kept?.value
  }

  /** No zone that could be asked for ahead: a zone above it delegated one below. */
  isBetween(name: Name, now: number): boolean {
    return look(this.#between, name, now) !== undefined
  }

  /** Links that became due since the last call. */
  takeDue(): readonly DueLink[] {
    if (this.#due.length === 0) return []
    return this.#due.splice(0)
  }

  /** The same memory for who looks the links of `name` up anew: what is found takes the place of what is known. */
  renewing(name: Name): ChainMemory {
    const view = new ChainMemory()
    view.#delegations = this.#delegations
    view.#zones = this.#zones
    view.#between = this.#between
    view.#hidden = name
    return view
  }

  /** Failures are not kept: what caused them may have gone. */
  rememberDelegation(name: Name, value: Delegation, now: number): void {
    if (value.kind !== 'failure') keep(this.#delegations, name, value, value.ttl, now)
  }

  rememberZone(name: Name, value: Zone, now: number): void {
    if (value.kind !== 'failure') keep(this.#zones, name, value, value.ttl, now)
  }

  rememberBetween(name: Name, ttl: Seconds, now: number): void {
    keep(this.#between, name, true, ttl, now)
  }

  forget(isAffected: (name: Name) => boolean = () => true): void {
    this.#due = this.#due.filter(({ name }) => !isAffected(name))
    for (const map of [this.#delegations, this.#zones, this.#between])
      for (const name of map.keys()) if (isAffected(name)) map.delete(name)
  }

  forgetWithin(domain: Name): void {
    this.forget((name) => isWithin(name, domain))
  }
}

function look<T>(map: Map<Name, Kept<T>>, name: Name, now: number): Kept<T> | undefined {
  const kept = map.get(name)
  if (kept === undefined) return undefined
  if (kept.until > now) return kept
  map.delete(name)
  return undefined
}

function becomesDue(kept: Kept<unknown>, now: number): boolean {
  return now >= kept.lateFrom && ++kept.lateUses === DEMAND
}

/** The oldest goes where it is full. */
function keep<T>(map: Map<Name, Kept<T>>, name: Name, value: T, ttl: Seconds, now: number): void {
  map.delete(name)
  if (map.size >= CAPACITY) map.delete(map.keys().next().value as Name)
  const life = Math.min(ttl, LONGEST)
  map.set(name, { value, until: now + life, lateFrom: now + life * (1 - LAST_PART), lateUses: 0 })
}
