import type { Millis, Seconds } from '../base/index.ts'
import type { Message, Name, Question, ResourceRecord } from '../wire/index.ts'
import { compose, mayBeRedirected, parentOf, QR, RA, RCODE, TYPE } from '../wire/index.ts'
import type { CacheBudget } from './budget.ts'
import { cacheVerdict, isCacheableType, LONGEST, wayOf } from './cacheable.ts'
import type { EntryKind } from './entry.ts'
import { Entry } from './entry.ts'
import { Era } from './era.ts'
import type { CachedAnswer, CacheHit, CacheRow, CacheSight, CacheVariant, Lesson, StaleHit } from './facts.ts'
import { keyOf, nameOfKey, nxdomainKey } from './keys.ts'
import { Shelf } from './shelf.ts'

export interface CacheLimits {
  /** Keys at most; 0 keeps nothing. */
  readonly maxEntries: number
  /** `no-negative` keeps neither NXDOMAIN, NODATA nor failures (R-CACHE-10). */
  readonly mode: 'yes' | 'no' | 'no-negative'
  /** Memory, shared with other scopes. */
  readonly budget: CacheBudget
}

/** So few entries are walked at once when names go elsewhere, in half a millisecond. */
const QUICKLY_WALKED = 1000
/** After so many changes of routes everything is forgotten, so that no entry ever has more tests to pass. */
const MAX_ERAS = 64

/** What one scope has learned, good or bad (R-CACHE-1). Expiry is a comparison, not a timer; the size bound is LRU. */
export class ScopeCache {
  readonly #limits: CacheLimits
  readonly #shelf: Shelf
  /** How long after its end an answer may still help out (`StaleRetentionSec=`). */
  staleRetention: Millis = 0
  /** Whether anybody is told what should be refreshed. */
  refreshesAhead = false
  readonly #tally = { replays: 0 }
  #era = new Era(this.#tally)
  #eras = 0
  #lastLesson: Lesson | undefined
  /** Whether any DNAME is held: without one, no name has to be climbed. */
  #hasDnames = false
  hits = 0
  misses = 0

  constructor(limits: CacheLimits) {
    this.#limits = limits
    this.#shelf = new Shelf(limits.maxEntries, limits.budget)
  }

  /** Number of keys held, expired ones that nobody asked for since included. */
  get size(): number {
    return this.#shelf.size
  }

  /** Answers repeated from memory; neither hits nor misses. */
  get replays(): number {
    return this.#tally.replays
  }

  /** The exact key, else NXDOMAIN for the name, else a CNAME at it or a DNAME above it (R-CACHE-13). */
  lookup(question: Question, variant: CacheVariant, mayRedirect: boolean, now: Millis): CacheHit | undefined {
    const entry = this.#search(question, variant, mayRedirect, (key) => this.#live(key, now))
    if (entry === undefined) {
      this.misses++
      return undefined
    }
    this.hits++
    const isDueForRefresh = now >= entry.replayableUntil && entry.key === keyOf(question, variant) && entry.becomesDue()
    return { wire: entry.aged(now), lesson: entry.lesson, basis: entry, isDueForRefresh }
  }

  /**
   * The answer to this very question where it has expired not too long ago. Nothing negative is ever stale (R-CACHE-18).
   * Attempts that failed before `since` say nothing any more.
   */
  stale(question: Question, now: Millis, since = Number.NEGATIVE_INFINITY): StaleHit | undefined {
    const entry = this.#shelf.peek(keyOf(question, ''))
    if (entry === undefined || !this.#isRetained(entry, now)) return undefined
    return {
      wire: entry.stale(),
      lesson: entry.lesson,
      dependency: entry,
      isKnownToFail: entry.isKnownToFail(now, since),
    }
  }

  /** No server can say anything about the question just now, or takes too long. */
  onFailure(question: Question, now: Millis): void {
    this.#shelf.peek(keyOf(question, ''))?.noteFailure(now)
  }

  /** What `lookup` would find, seen from outside: nothing is counted, promoted or dropped. */
  peek(question: Question, variant: CacheVariant, mayRedirect: boolean, now: Millis): CacheSight | undefined {
    const entry = this.#search(question, variant, mayRedirect, (key) => {
      const seen = this.#shelf.peek(key)
      return seen !== undefined && isLive(seen, now) ? seen : undefined
    })
    return entry && { ...entry.row(), lesson: entry.lesson, storedAt: entry.storedAt }
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
    const asked = keyOf(question, variant)
    this.#shelf.delete(asked)
    if (verdict.kind === 'positive' || verdict.kind === 'redirect') this.#shelf.delete(nxdomainKey(question))
    const isNegative = verdict.kind !== 'positive' && verdict.kind !== 'redirect'
    if (verdict.kind === 'none' || (isNegative && this.#limits.mode === 'no-negative')) return undefined
    const shared = this.#shared(lesson)
    if (variant === '') this.#storeAlong(question, message, shared, now)
    if (verdict.kind === 'redirect') return undefined
    const kind = verdict.kind === 'positive' || verdict.kind === 'nodata' ? 'whole' : verdict.kind
    const key = kind === 'nxdomain' && variant === '' ? nxdomainKey(question) : asked
    this.#hasDnames ||= question.type === TYPE.DNAME
    return this.#set(key, kind, wire, shared, now, verdict.seconds)
  }

  forget(question: Question, variant: CacheVariant): void {
    this.#shelf.delete(keyOf(question, variant))
  }

  /** Forgets everything, at once however much it is. */
  flush(): void {
    this.#era.isCurrent = false
    this.#era = new Era(this.#tally)
    this.#eras = 0
    this.#hasDnames = false
    this.#shelf.abandon()
  }

  /** Forgets every name that `isDoomed`, at once however much is held: 100,000 names would take 50 ms to walk. */
  purge(isDoomed: (name: Name) => boolean): void {
    if (this.size <= QUICKLY_WALKED) this.#walk(isDoomed)
    else if (this.#eras === MAX_ERAS) this.flush()
    else {
      this.#eras++
      this.#era = this.#era.succeed(isDoomed)
    }
  }

  /** What is held and not expired. */
  *rows(now: Millis): Generator<CacheRow> {
    for (const entry of this.#shelf.values()) if (isLive(entry, now)) yield entry.row()
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
    if (cname !== undefined) return cname.isEmpty ? undefined : cname
    return this.#hasDnames ? searchDname(question, get) : undefined
  }

  #live(key: string, now: Millis): Entry | undefined {
    const entry = this.#shelf.get(key)
    if (entry === undefined || isLive(entry, now)) return entry
    if (!this.#isRetained(entry, now)) this.#shelf.delete(key)
    return undefined
  }

  /** Whether it may help out, or still may. */
  #isRetained(entry: Entry, now: Millis): boolean {
    return entry.isPositive && entry.expiresAt + this.staleRetention > now && entry.isCurrent
  }

  /** An answer we have, fresh or stale, is worth more than the news that a server could give none. */
  #outweighs(question: Question, variant: CacheVariant, now: Millis): boolean {
    const entry = this.#shelf.peek(keyOf(question, variant))
    if (entry === undefined || !this.#isRetained(entry, now)) return false
    entry.noteFailure(now)
    return true
  }

  /**
   * Keeps the other RRsets on the way to the answer, such as the links of a CNAME chain, each for its own TTL (R-CACHE-5).
   * They never displace an answer that a server gave to their own question (R-CACHE-6).
   */
  #storeAlong(question: Question, message: Message, lesson: Lesson, now: Millis): void {
    if (message.answer.every((record) => isAskedFor(record, question))) return
    const isOnTheWay = wayOf(question, message.answer)
    for (const [key, records] of groupByKey(message.answer)) {
      const first = records[0] as ResourceRecord
      const seconds = Math.min(LONGEST, ...records.map(({ ttl }) => ttl))
      if (isAskedFor(first, question) || seconds === 0 || !isCacheableType(first) || !isOnTheWay(first)) continue
      if (this.#live(key, now)?.kind === 'whole') continue
      const own: Question = { name: first.name, type: first.type, class: first.class }
      const wire = compose({ id: 0, flags: QR | RA, question: own, answer: records })
      this.#hasDnames ||= first.type === TYPE.DNAME
      this.#set(key, 'rrset', wire, lesson, now, seconds)
    }
  }

  #set(
    key: string,
    kind: EntryKind,
    wire: Buffer,
    lesson: Lesson,
    now: Millis,
    seconds: Seconds,
  ): CachedAnswer | undefined {
    const { refreshesAhead } = this
    return this.#shelf.put(new Entry(key, { kind, wire, lesson, now, seconds, refreshesAhead }, this.#era))
  }

  /** One lesson for all that a server teaches within a second; nobody is told when more exactly. */
  #shared(lesson: Lesson): Lesson {
    const last = this.#lastLesson
    const isSame =
      last?.server === lesson.server &&
      last.channel === lesson.channel &&
      Math.floor(last.learntAt / 1000) === Math.floor(lesson.learntAt / 1000)
    if (!isSame) this.#lastLesson = lesson
    return isSame ? last : lesson
  }

  /** Drops what is doomed; the rest has then passed the tests of earlier eras too. */
  #walk(isDoomed: (name: Name) => boolean): void {
    const gone = (entry: Entry) => !entry.isCurrent || isDoomed(nameOfKey(entry.key))
    for (const { key } of Array.from(this.#shelf.values()).filter(gone)) this.#shelf.delete(key)
    this.#eras = 0
  }
}

function isLive(entry: Entry, now: Millis): boolean {
  return entry.expiresAt > now && entry.isCurrent
}

function searchDname(question: Question, get: (key: string) => Entry | undefined): Entry | undefined {
  for (let above = parentOf(question.name); above !== undefined; above = parentOf(above)) {
    const dname = get(keyOf({ name: above, type: TYPE.DNAME, class: question.class }, ''))
    if (dname !== undefined && !dname.isEmpty) return dname
  }
  return undefined
}

function isError({ rcode }: Message): boolean {
  return rcode !== RCODE.NOERROR && rcode !== RCODE.NXDOMAIN
}

function isAskedFor(record: ResourceRecord, question: Question): boolean {
  return record.name === question.name && record.type === question.type
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
