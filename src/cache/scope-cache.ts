import { LRUCache } from 'lru-cache'
import type { Millis, Seconds } from '../base/index.ts'
import type { Message, Name, Question, ResourceRecord } from '../wire/index.ts'
import { aged, compose, mayBeRedirected, parentOf, QR, questionKey, RA, RCODE, TYPE } from '../wire/index.ts'
import { cacheVerdict, isCacheableType, LONGEST } from './cacheable.ts'

export interface CacheLimits {
  /** Keys at most; 0 keeps nothing. */
  readonly maxEntries: number
  /** `no-negative` keeps neither NXDOMAIN, NODATA nor failures (R-CACHE-10). */
  readonly mode: 'yes' | 'no' | 'no-negative'
}

/** Who taught an answer: what its provenance tells later. */
export interface Lesson {
  readonly server: string
  readonly protocol: 'udp' | 'tcp'
  /** Wall clock. */
  readonly learntAt: Millis
}

/**
 * Something an answer rests on. It stays `isCurrent` until it is replaced, evicted, expired or flushed; who keeps
 * answers elsewhere asks the facts below them and needs no call when they fall.
 */
export interface Fact {
  readonly isCurrent: boolean
}

/** A cache entry as others may rest on it: the server's message as it came, and its time on `Clock.now`. */
export interface CachedAnswer extends Fact {
  readonly wire: Buffer
  readonly storedAt: Millis
  readonly expiresAt: Millis
  /** From then on the cache wants to see who asks, so as to refresh in time what is in demand. */
  readonly replayableUntil: Millis
}

interface Content {
  readonly question: Question
  /** `whole`: the server's message for this very question. `rrset`: records that came along with another answer. */
  readonly kind: 'whole' | 'rrset' | 'nxdomain' | 'failure'
  readonly wire: Buffer
  readonly lesson: Lesson
  readonly storedAt: Millis
  readonly expiresAt: Millis
}

/** What is held in common by all entries between two flushes: when it falls, they all do. */
interface Generation extends Fact {
  isCurrent: boolean
}

class Entry implements CachedAnswer, Content {
  readonly question: Question
  readonly kind: Content['kind']
  readonly wire: Buffer
  readonly lesson: Lesson
  readonly storedAt: Millis
  readonly expiresAt: Millis
  readonly replayableUntil: Millis
  /** Hits shortly before it expires. */
  lateHits = 0
  /** When it was last tried in vain to refresh it. */
  failedAt: Millis = Number.NEGATIVE_INFINITY
  /** Cleared when it is replaced, evicted or deleted. */
  isHeld = true
  readonly #generation: Fact

  constructor(content: Content, replayableUntil: Millis, generation: Fact) {
    this.question = content.question
    this.kind = content.kind
    this.wire = content.wire
    this.lesson = content.lesson
    this.storedAt = content.storedAt
    this.expiresAt = content.expiresAt
    this.replayableUntil = replayableUntil
    this.#generation = generation
  }

  get isCurrent(): boolean {
    return this.isHeld && this.#generation.isCurrent
  }
}

export interface CacheHit {
  /** A complete message; TTLs already count down to now. */
  readonly wire: Buffer
  readonly lesson: Lesson
  readonly basis: CachedAnswer
  /** It is in demand and expires soon: true once. */
  readonly isDueForRefresh: boolean
}

/** An answer past its time, for when there is no better one (RFC 8767). */
export interface StaleHit {
  /** A complete message with TTLs of 30 seconds at most. */
  readonly wire: Buffer
  readonly lesson: Lesson
  /** While it stands, nobody has said anything newer nor wanted it forgotten. */
  readonly fact: Fact
  /** It was tried in vain so short a time ago that it is not tried again (RFC 8767 §5: failure recheck timer). */
  readonly isKnownToFail: boolean
}

/** One key, for people who look into the cache. */
export interface CacheRow {
  readonly question: Question
  readonly kind: 'positive' | 'nodata' | 'nxdomain' | 'failure'
  readonly wire: Buffer
  readonly expiresAt: Millis
}

/** What is remembered for a question, for people who ask why. */
export interface CacheSight extends CacheRow {
  readonly lesson: Lesson
  readonly storedAt: Millis
}

/** Answers of different shape to the same question are kept apart; '' is the ordinary one. */
export type CacheVariant = '' | 'do' | 'proxy'

/** TTL of a stale answer, and the pause before it is tried again to get a fresh one (RFC 8767 §5, R-CACHE-18). */
const STALE_TTL: Seconds = 30
const FAILURE_RECHECK: Millis = 30_000
/** Refreshed ahead of time: what is asked for twice in the last tenth of its life, where that is long enough to notice. */
const LAST_PART = 0.1
const SHORTEST_LIFE: Seconds = 10
const DEMAND = 2

/** What one scope has learned, good or bad (R-CACHE-1). Expiry is a comparison, not a timer; the size bound is LRU. */
export class ScopeCache {
  readonly #limits: CacheLimits
  /** How long after its end an answer may still help out (`StaleRetentionSec=`). */
  staleRetention: Millis = 0
  /** Whether anybody is told what should be refreshed. */
  refreshesAhead = false
  #entries: LRUCache<string, Entry> | undefined
  #generation: Generation = { isCurrent: true }
  hits = 0
  misses = 0

  constructor(limits: CacheLimits) {
    this.#limits = limits
  }

  /** Number of keys held, expired ones that nobody asked for since included. */
  get size(): number {
    return this.#entries?.size ?? 0
  }

  /** The exact key, else NXDOMAIN for the name, else a CNAME at it or a DNAME above it (R-CACHE-13). */
  lookup(question: Question, variant: CacheVariant, mayRedirect: boolean, now: Millis): CacheHit | undefined {
    const entry = this.#find(question, variant, mayRedirect, now)
    if (entry === undefined) {
      this.misses++
      return undefined
    }
    this.hits++
    const remaining = Math.floor((entry.expiresAt - now) / 1000)
    const wire = aged(entry.wire, Math.floor((now - entry.storedAt) / 1000), remaining)
    return { wire, lesson: entry.lesson, basis: entry, isDueForRefresh: isDue(entry, question, now) }
  }

  /** The answer to this very question where it has expired not too long ago. Nothing negative is ever stale (R-CACHE-18). */
  stale(question: Question, now: Millis): StaleHit | undefined {
    const entry = this.#entries?.peek(keyOf(question, ''))
    if (entry === undefined || !isPositive(entry) || !this.#isRetained(entry, now)) return undefined
    const isKnownToFail = now - entry.failedAt < FAILURE_RECHECK
    return { wire: aged(entry.wire, 0, STALE_TTL), lesson: entry.lesson, fact: entry, isKnownToFail }
  }

  /** No server could say anything about the question just now. */
  onFailure(question: Question, now: Millis): void {
    const entry = this.#entries?.peek(keyOf(question, ''))
    if (entry !== undefined) entry.failedAt = now
  }

  /** What `lookup` would find, seen from outside: nothing is counted, promoted or dropped. */
  peek(question: Question, variant: CacheVariant, mayRedirect: boolean, now: Millis): CacheSight | undefined {
    const entry = this.#search(question, variant, mayRedirect, (key) => {
      const seen = this.#entries?.peek(key)
      return seen !== undefined && seen.expiresAt > now ? seen : undefined
    })
    return entry && { ...rowOf(entry), lesson: entry.lesson, storedAt: entry.storedAt }
  }

  /**
   * Learns from a reply. What was known for the question goes first, also when the new answer cannot be kept
   * (R-CACHE-9); other than in the original, an error of the server takes away no answer that may still be used.
   */
  store(
    question: Question,
    variant: CacheVariant,
    wire: Buffer,
    message: Message,
    lesson: Lesson,
    now: Millis,
  ): CachedAnswer | undefined {
    if (this.#limits.mode === 'no' || this.#limits.maxEntries === 0) return undefined
    const verdict = cacheVerdict(question, message)
    if (isError(message) && this.#outweighs(question, variant, now)) return undefined
    this.#entries?.delete(keyOf(question, variant))
    if (verdict.kind === 'positive' || verdict.kind === 'redirect') this.#entries?.delete(nxdomainKey(question))
    const isNegative = verdict.kind !== 'positive' && verdict.kind !== 'redirect'
    if (verdict.kind === 'none' || (isNegative && this.#limits.mode === 'no-negative')) return undefined
    if (variant === '') this.#storeAlong(question, message, lesson, now)
    if (verdict.kind === 'redirect') return undefined
    const kind = verdict.kind === 'positive' || verdict.kind === 'nodata' ? 'whole' : verdict.kind
    const key = kind === 'nxdomain' && variant === '' ? nxdomainKey(question) : keyOf(question, variant)
    return this.#set(key, { question, kind, wire, lesson, ...span(verdict.seconds, now) })
  }

  /** Forgets everything, at once however much it is: emptying the list took 3 µs per name, 0.3 s for 100,000. */
  flush(): void {
    this.#generation.isCurrent = false
    this.#generation = { isCurrent: true }
    this.#entries = undefined
  }

  /** Forgets every name that `isDoomed`. */
  purge(isDoomed: (name: Name) => boolean): void {
    for (const [key, entry] of this.#entries?.entries() ?? []) {
      if (isDoomed(entry.question.name)) this.#entries?.delete(key)
    }
  }

  /** What is held and not expired. */
  rows(now: Millis): CacheRow[] {
    const live = [...(this.#entries?.values() ?? [])].filter(({ expiresAt }) => expiresAt > now)
    return live.map(rowOf)
  }

  #find(question: Question, variant: CacheVariant, mayRedirect: boolean, now: Millis): Entry | undefined {
    return this.#search(question, variant, mayRedirect, (key) => this.#live(key, now))
  }

  #search(
    question: Question,
    variant: CacheVariant,
    mayRedirect: boolean,
    get: (key: string) => Entry | undefined,
  ): Entry | undefined {
    const exact = get(keyOf(question, variant))
    if (exact !== undefined || variant !== '') return exact
    const nxdomain = get(nxdomainKey(question))
    if (nxdomain !== undefined) return nxdomain
    if (!mayRedirect || !mayBeRedirected(question.type)) return undefined
    const cname = get(keyOf({ ...question, type: TYPE.CNAME }, ''))
    if (cname !== undefined) return isEmptyAnswer(cname) ? undefined : cname
    for (let above = parentOf(question.name); above !== undefined; above = parentOf(above)) {
      const dname = get(keyOf({ name: above, type: TYPE.DNAME, class: question.class }, ''))
      if (dname !== undefined && !isEmptyAnswer(dname)) return dname
    }
    return undefined
  }

  #live(key: string, now: Millis): Entry | undefined {
    const entry = this.#entries?.get(key)
    if (entry === undefined || entry.expiresAt > now) return entry
    if (!isPositive(entry) || !this.#isRetained(entry, now)) this.#entries?.delete(key)
    return undefined
  }

  #isRetained({ expiresAt }: Entry, now: Millis): boolean {
    return expiresAt + this.staleRetention > now
  }

  /** An answer we have, fresh or stale, is worth more than the news that a server could give none. */
  #outweighs(question: Question, variant: CacheVariant, now: Millis): boolean {
    const entry = this.#entries?.peek(keyOf(question, variant))
    if (entry === undefined || !isPositive(entry) || !this.#isRetained(entry, now)) return false
    entry.failedAt = now
    return true
  }

  /**
   * Keeps the other RRsets of the answer section, such as the links of a CNAME chain, each for its own TTL (R-CACHE-5).
   * They never displace an answer that a server gave to their own question (R-CACHE-6).
   */
  #storeAlong(question: Question, message: Message, lesson: Lesson, now: Millis): void {
    for (const [key, records] of groupByKey(message.answer)) {
      const first = records[0] as ResourceRecord
      const isAsked = first.name === question.name && first.type === question.type
      const seconds = Math.min(LONGEST, ...records.map(({ ttl }) => ttl))
      if (isAsked || seconds === 0 || !isCacheableType(first)) continue
      const known = this.#live(key, now)
      if (known?.kind === 'whole') continue
      const own: Question = { name: first.name, type: first.type, class: first.class }
      const wire = compose({ id: 0, flags: QR | RA, question: own, answer: records })
      this.#set(key, { question: own, kind: 'rrset', wire, lesson, ...span(seconds, now) })
    }
  }

  #set(key: string, content: Content): Entry {
    this.#entries ??= new LRUCache<string, Entry>({
      max: this.#limits.maxEntries,
      // Sees replaced, evicted and deleted entries alike.
      dispose: (gone) => {
        gone.isHeld = false
      },
    })
    const lifetime = content.expiresAt - content.storedAt
    const isWatched = this.refreshesAhead && content.kind === 'whole' && lifetime >= SHORTEST_LIFE * 1000
    const replayableUntil = content.expiresAt - (isWatched ? lifetime * LAST_PART : 0)
    const stored = new Entry(content, replayableUntil, this.#generation)
    this.#entries.set(key, stored)
    return stored
  }
}

function rowOf({ question, kind, wire, expiresAt }: Entry): CacheRow {
  const isEmpty = wire.readUInt16BE(6) === 0
  const told = kind === 'nxdomain' || kind === 'failure' ? kind : isEmpty ? 'nodata' : 'positive'
  return { question, kind: told, wire, expiresAt }
}

function isError({ rcode }: Message): boolean {
  return rcode !== RCODE.NOERROR && rcode !== RCODE.NXDOMAIN
}

/** Counts the hits of the last part of its life. */
function isDue(entry: Entry, question: Question, now: Millis): boolean {
  if (now < entry.replayableUntil || !isPositive(entry) || entry.question.type !== question.type) return false
  return ++entry.lateHits === DEMAND
}

function isPositive(entry: Entry): boolean {
  return (entry.kind === 'whole' || entry.kind === 'rrset') && !isEmptyAnswer(entry)
}

function isEmptyAnswer(entry: Entry): boolean {
  return entry.wire.readUInt16BE(6) === 0
}

function span(seconds: Seconds, now: Millis): { storedAt: Millis; expiresAt: Millis } {
  return { storedAt: now, expiresAt: now + seconds * 1000 }
}

function groupByKey(records: readonly ResourceRecord[]): Map<string, ResourceRecord[]> {
  const groups = new Map<string, ResourceRecord[]>()
  for (const record of records) {
    const key = keyOf(record, '')
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [record])
    else group.push(record)
  }
  return groups
}

function keyOf(question: Question, variant: CacheVariant): string {
  return variant === '' ? questionKey(question) : `${questionKey(question)} ${variant}`
}

/** NXDOMAIN says the name has no type at all, so it is kept once for all of them (R-CACHE-2). */
function nxdomainKey({ name, class: questionClass }: Question): string {
  return `${name} nxdomain ${questionClass}`
}
