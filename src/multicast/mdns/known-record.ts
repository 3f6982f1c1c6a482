import type { Millis } from '../../base/index.ts'
import type { ResourceRecord } from '../../wire/index.ts'

/** Who told something, and when. */
export interface Teller {
  /** Address, as text. */
  readonly server: string
  /** Wall-clock time. */
  readonly learntAt: Millis
}

/** A record that a neighbour has told, and for how long it holds. */
export interface KnownRecord extends Teller {
  /** As it came, TTL included; its class without the cache-flush bit. */
  readonly record: ResourceRecord
  /** The whole set belongs to one neighbour: its cache-flush bit was set. */
  readonly isUnique: boolean
  /** On `Clock.now`, as `expiresAt`. */
  readonly storedAt: Millis
  readonly expiresAt: Millis
  /** It was withdrawn, or replaced by others of its set: in a second it is gone, unless somebody says it again. */
  readonly isLeaving: boolean
}

/** As it is to be told on: with what is left of its TTL. */
export function aged({ record, expiresAt }: KnownRecord, now: Millis): ResourceRecord {
  return { ...record, ttl: Math.max(0, Math.floor((expiresAt - now) / 1000)) }
}
