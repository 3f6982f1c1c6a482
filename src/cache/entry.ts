import type { Millis, Seconds } from '../base/index.ts'
import { age, setTtls, TYPE } from '../wire/index.ts'
import { type CacheVersion, INVALID } from './cache-version.ts'
import type { CachedAnswer, CacheRow, AnswerOrigin } from './cached-answer.ts'
import { nameOfKey, questionOfKey } from './keys.ts'

export type EntryKind = 'whole' | 'nxdomain' | 'failure'

export interface EntryParts {
  readonly kind: EntryKind
  readonly wire: Buffer
  readonly learntFrom: AnswerOrigin
  readonly now: Millis
  readonly seconds: Seconds
  /** Whether anybody is told what should be refreshed. */
  readonly refreshesAhead: boolean
}

/** Types that programs ask together with addresses, whatever comes of them. */
const ASKED_BESIDE_A: ReadonlySet<number> = new Set([TYPE.AAAA, TYPE.HTTPS, TYPE.SVCB])
/** Bytes one entry takes beside its two texts: the object, its places in list and map, headers of the strings. */
const OVERHEAD = 256
/** TTL of a stale answer, and the pause before it is tried again to get a fresh one (RFC 8767 §5, R-CACHE-18). */
const STALE_TTL: Seconds = 30
const FAILURE_RECHECK: Millis = 30_000
/**
 * What is asked for `DEMAND` times in the last part of its life, a share of it, is due for a refresh; nothing
 * short-lived.
 */
const LAST_PART = 0.1
const SHORTEST_LIFE: Seconds = 10
const DEMAND = 2
/** An entry is asked for again only this long after it was learnt: before that its first client may still be busy with it. */
const ASKED_AGAIN: Millis = 1000

/**
 * What is known for one key. There may be a hundred thousand, so it is small: the message as a one-byte string, as a
 * Buffer takes some 200 bytes more; the name only in the key; times as small integers.
 */
export class Entry implements CachedAnswer {
  readonly key: string
  readonly kind: EntryKind
  readonly learntFrom: AnswerOrigin
  /** On `Clock.now`, in whole milliseconds: rounded down, so that it expires rather too early. */
  readonly storedAt: Millis
  /** It was asked for again, since it was stored or since the store last looked at it. */
  isUsed = false
  readonly #bytes: string
  readonly #seconds: Seconds
  /** Whether hits in the last part of its life are counted. */
  readonly #isWatched: boolean
  #version: CacheVersion
  /** Hits in the last part of its life. */
  #lateHits = 0
  /** When a refresh last failed. */
  #failedAt: Millis | undefined

  constructor(
    key: string,
    { kind, wire, learntFrom, now, seconds, refreshesAhead }: EntryParts,
    version: CacheVersion,
  ) {
    this.key = key
    this.kind = kind
    this.learntFrom = learntFrom
    this.storedAt = Math.floor(now)
    this.#bytes = wire.toString('latin1')
    this.#seconds = seconds
    this.#isWatched = refreshesAhead && kind === 'whole' && seconds >= SHORTEST_LIFE
    this.#version = version
  }

  get wire(): Buffer {
    return Buffer.from(this.#bytes, 'latin1')
  }

  get expiresAt(): Millis {
    return this.storedAt + this.#seconds * 1000
  }

  get replayableUntil(): Millis {
    return this.storedAt + this.#seconds * (this.#isWatched ? 1000 * (1 - LAST_PART) : 1000)
  }

  /** Checks the name against changes of routes since the last look. */
  get isCurrent(): boolean {
    if (!this.#version.isLatest) this.#version = this.#version.latestFor(nameOfKey(this.key))
    return this.#version.isCurrent
  }

  /** A reply made of it was replayed. */
  noteReplay(now: Millis): void {
    this.#version.replayCounter.replays++
    this.noteUse(now)
  }

  /** It answered a question; what the first who asked asks beside it, such as AAAA, is no further use. */
  noteUse(now: Millis): void {
    if (now >= this.storedAt + ASKED_AGAIN) this.isUsed = true
  }

  /** Records there are, of the question's type or leading on. */
  get isPositive(): boolean {
    return this.kind === 'whole' && !this.isEmpty
  }

  /** No record in the answer section. */
  get isEmpty(): boolean {
    return this.#bytes.charCodeAt(6) === 0 && this.#bytes.charCodeAt(7) === 0
  }

  /**
   * Of NXDOMAIN: whether the name has no A record either. Servers of containers deny every name that they are asked other
   * types of, and for A they know it: what was asked for a type that programs ask beside A shows nothing there unless it is
   * proven (R-CACHE-2).
   */
  get deniesAddresses(): boolean {
    return this.learntFrom.isAuthenticated || !ASKED_BESIDE_A.has(questionOfKey(this.key, this.wire).type)
  }

  /** Bytes of memory, roughly. */
  get cost(): number {
    return OVERHEAD + this.key.length + this.#bytes.length
  }

  /** It was replaced, evicted or deleted. */
  invalidate(): void {
    this.#version = INVALID
  }

  /** The message with TTLs that count down to now. */
  aged(now: Millis): Buffer {
    const remaining = Math.floor((this.expiresAt - now) / 1000)
    return age(this.wire, Math.floor((now - this.storedAt) / 1000), remaining)
  }

  /** The message after its expiry (RFC 8767 §4). */
  stale(): Buffer {
    return setTtls(this.wire, STALE_TTL)
  }

  /** Counts a hit in the last part of its life; true once, when there have been enough. */
  becomesDue(): boolean {
    return this.isPositive && ++this.#lateHits === DEMAND
  }

  noteFailure(now: Millis): void {
    this.#failedAt = now
  }

  /** Whether a refresh failed a short time ago; failures before `since` do not count. */
  isKnownToFail(now: Millis, since: Millis): boolean {
    return this.#failedAt !== undefined && this.#failedAt > since && now - this.#failedAt < FAILURE_RECHECK
  }

  /** As people see it. */
  row(): CacheRow {
    const { kind, wire, expiresAt } = this
    const told = kind === 'nxdomain' || kind === 'failure' ? kind : this.isEmpty ? 'nodata' : 'positive'
    return { question: questionOfKey(this.key, wire), kind: told, wire, expiresAt }
  }
}
