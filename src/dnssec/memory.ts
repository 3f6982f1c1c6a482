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
  /** Seconds since 1970. */
  readonly until: number
}

/** As long as any answer is kept (R-CACHE-5): a revoked key is noticed in time. */
const LONGEST: Seconds = 7200
const CAPACITY = 4096

/** Links of chains of trust found so far, on one path to the servers: what makes the next validation cheap (S-WALK-6). */
export class ChainMemory {
  readonly #delegations = new Map<Name, Kept<Delegation>>()
  readonly #zones = new Map<Name, Kept<Zone>>()

  delegation(name: Name, now: number): Delegation | undefined {
    return look(this.#delegations, name, now)
  }

  zone(name: Name, now: number): Zone | undefined {
    return look(this.#zones, name, now)
  }

  /** Failures are not kept: what caused them may have gone. */
  rememberDelegation(name: Name, value: Delegation, now: number): void {
    if (value.kind !== 'failure') keep(this.#delegations, name, value, value.ttl, now)
  }

  rememberZone(name: Name, value: Zone, now: number): void {
    if (value.kind !== 'failure') keep(this.#zones, name, value, value.ttl, now)
  }

  forget(isAffected: (name: Name) => boolean = () => true): void {
    for (const map of [this.#delegations, this.#zones])
      for (const name of map.keys()) if (isAffected(name)) map.delete(name)
  }

  forgetWithin(domain: Name): void {
    this.forget((name) => isWithin(name, domain))
  }
}

function look<T>(map: Map<Name, Kept<T>>, name: Name, now: number): T | undefined {
  const kept = map.get(name)
  if (kept === undefined) return undefined
  if (kept.until > now) return kept.value
  map.delete(name)
  return undefined
}

/** The oldest goes where it is full. */
function keep<T>(map: Map<Name, Kept<T>>, name: Name, value: T, ttl: Seconds, now: number): void {
  map.delete(name)
  if (map.size >= CAPACITY) map.delete(map.keys().next().value as Name)
  map.set(name, { value, until: now + Math.min(ttl, LONGEST) })
}
