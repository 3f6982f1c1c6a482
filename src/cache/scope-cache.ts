import type { Millis } from '../base/index.ts'
import type { Message, Question } from '../wire/index.ts'
import { mayBeRedirected, RCODE, TYPE } from '../wire/index.ts'
import type { CacheBudget } from './budget.ts'
import { cacheabilityOf } from './cacheable.ts'
import { Entry } from './entry.ts'
import { Contradictions, JUST_EXPIRED, USUAL_TYPES } from './contradictions.ts'
import { CacheVersion } from './cache-version.ts'
import type {
  CachedAnswer,
  CacheHit,
  CacheRow,
  CacheView,
  CacheVariant,
  AnswerOrigin,
  StaleHit,
  ViewableCache,
} from './cached-answer.ts'
import { isSameOrigin } from './cached-answer.ts'
import { keyOf, nxdomainKey } from './keys.ts'
import { EntryStore } from './entry-store.ts'
import type { MovedNames } from './moved-names.ts'

export interface CacheLimits {
  /** Keys at most; 0 keeps nothing. */
  readonly maxEntries: number
  /** `no-negative` keeps neither NXDOMAIN, NODATA nor failures (R-CACHE-10). */
  readonly mode: 'yes' | 'no' | 'no-negative'
  /** Memory, shared with other scopes. */
  readonly budget: CacheBudget
}

/** Different domains and networks that have moved: when there are more everything is forgotten, so that memory is bounded. */
const MOST_MOVED = 65_536

/** What one scope has learnt, good or bad (R-CACHE-1). The policy is explained in `index.ts`. */
export class ScopeCache implements ViewableCache {
  readonly #limits: CacheLimits
  readonly #entries: EntryStore
  readonly #contradictions = new Contradictions()
  /** How long after its expiry an answer may still be served (`StaleRetentionSec=`). */
  staleRetention: Millis = 0
  /** Whether hits are told when a refresh is due (`Prefetch=`). */
  refreshesAhead = false
  readonly #replayCounter = { replays: 0 }
  #version = new CacheVersion(this.#replayCounter)
  #lastOrigin: AnswerOrigin | undefined
  hits = 0
  misses = 0

  constructor(limits: CacheLimits) {
    this.#limits = limits
    this.#entries = new EntryStore(limits.maxEntries, limits.budget)
  }

  /** Number of keys held, those included that expired or moved and that nobody asked for since. */
  get size(): number {
    return this.#entries.size
  }

  /** Replies replayed by the memos; neither hits nor misses. */
  get replays(): number {
    return this.#replayCounter.replays
  }

  /** The exact key, else NXDOMAIN for the name (for A only what denies it, too), else a CNAME that was asked for at it (R-CACHE-13). */
  lookup(question: Question, variant: CacheVariant, mayRedirect: boolean, now: Millis): CacheHit | undefined {
    const entry = this.#search(question, variant, mayRedirect, (key) => this.#live(key, now))
    if (entry === undefined) {
      this.misses++
      return undefined
    }
    this.hits++
    entry.noteUse(now)
    const isDueForRefresh = now >= entry.replayableUntil && entry.key === keyOf(question, variant) && entry.becomesDue()
    return { wire: entry.aged(now), learntFrom: entry.learntFrom, basis: entry, isDueForRefresh }
  }

  /**
   * The answer to this very question where it has expired not too long ago. Nothing negative is ever stale
   * (R-CACHE-18). Attempts that failed before `since` say nothing any more.
   */
  stale(question: Question, now: Millis, since = Number.NEGATIVE_INFINITY): StaleHit | undefined {
    const entry = this.#entries.get(keyOf(question, ''))
    if (entry === undefined || !this.#isRetained(entry, now)) return undefined
    return {
      wire: entry.stale(),
      learntFrom: entry.learntFrom,
      dependency: entry,
      isKnownToFail: entry.isKnownToFail(now, since),
    }
  }

  /** A refresh failed or takes too long: for a while an expired answer is served without trying again. */
  onFailure(question: Question, now: Millis): void {
    this.#entries.get(keyOf(question, ''))?.noteFailure(now)
  }

  /** What `lookup` would find, for people: nothing is counted, promoted or dropped. */
  peek(question: Question, variant: CacheVariant, mayRedirect: boolean, now: Millis): CacheView | undefined {
    const entry = this.#search(question, variant, mayRedirect, (key) => {
      const seen = this.#entries.get(key)
      return seen !== undefined && isLive(seen, now) ? seen : undefined
    })
    return entry && { ...entry.row(), learntFrom: entry.learntFrom, storedAt: entry.storedAt }
  }

  /**
   * Whether `server` gave records of the name, for another type, so short a time ago that its NXDOMAIN now cannot mean that
   * the name does not exist.
   */
  isContradicted(question: Question, server: string, now: Millis): boolean {
    const isContradicted = USUAL_TYPES.some((type) => {
      const entry = type === question.type ? undefined : this.#entries.get(keyOf({ ...question, type }, ''))
      return entry !== undefined && isProofFrom(server, entry, now)
    })
    if (isContradicted) this.#contradictions.note(server, now)
    return isContradicted
  }

  /**
   * Learns from a reply. What was known for the question goes first, also when the new answer cannot be kept
   * (R-CACHE-9). Other than in systemd-resolved, an error of the server does not replace an answer that may still be
   * used.
   */
  store(
    question: Question,
    variant: CacheVariant,
    wire: Buffer,
    message: Message,
    learntFrom: AnswerOrigin,
    now: Millis,
  ): CachedAnswer | undefined {
    if (this.#limits.mode === 'no' || this.#limits.maxEntries === 0) return undefined
    const cacheability = cacheabilityOf(question, message)
    if (isError(message) && this.#outweighs(question, variant, now)) return undefined
    const asked = keyOf(question, variant)
    const isInDemand = this.#entries.delete(asked)
    if (cacheability.kind === 'positive' || cacheability.kind === 'redirect') this.#onProof(question, learntFrom, now)
    const isNegative = cacheability.kind !== 'positive' && cacheability.kind !== 'redirect'
    if (cacheability.kind === 'none' || (isNegative && this.#limits.mode === 'no-negative')) return undefined
    const shared = this.#shared(learntFrom)
    const { kind: outcome } = cacheability
    const kind = outcome === 'nxdomain' || outcome === 'failure' ? outcome : 'whole'
    const isOfAllTypes = kind === 'nxdomain' && variant === '' && !this.#contradictions.isKnown(learntFrom.server, now)
    const key = isOfAllTypes ? nxdomainKey(question) : asked
    const { refreshesAhead } = this
    const parts = { kind, wire, learntFrom: shared, now, seconds: cacheability.seconds, refreshesAhead } as const
    return this.#entries.put(new Entry(key, parts, this.#version), isInDemand)
  }

  /** Hits and misses are counted from now on. */
  resetCounts(): void {
    this.hits = 0
    this.misses = 0
  }

  forget(question: Question, variant: CacheVariant): void {
    this.#entries.delete(keyOf(question, variant))
  }

  /** The same, but what is proven stays for its time: a forger of one reply must not end it. */
  forgetUnproven(question: Question, variant: CacheVariant, now: Millis): void {
    const entry = this.#entries.get(keyOf(question, variant))
    const isProven = entry?.learntFrom.isAuthenticated === true && isLive(entry, now)
    if (!isProven) this.forget(question, variant)
  }

  /** Forgets everything, in constant time. */
  flush(): void {
    this.#version.isCurrent = false
    this.#version = new CacheVersion(this.#replayCounter)
    this.#entries.clear()
  }

  /** Forgets every name that has moved to another scope, in the same time however much is held. */
  purge(moved: MovedNames): void {
    if (this.size === 0) return
    this.#version = this.#version.next(moved)
    if (this.#version.movedCount > MOST_MOVED) this.flush()
  }

  /** Everything that is held and not expired, for people. */
  *rows(now: Millis): Generator<CacheRow> {
    for (const entry of this.#entries.values()) if (isLive(entry, now)) yield entry.row()
  }

  /** The name exists: what said otherwise goes, and the server that did is known for it. */
  #onProof(question: Question, { server }: AnswerOrigin, now: Millis): void {
    const denial = this.#entries.get(nxdomainKey(question))
    if (denial !== undefined && denial.learntFrom.server === server && isLive(denial, now)) {
      this.#contradictions.note(server, now)
    }
    this.#entries.delete(nxdomainKey(question))
    for (const type of this.#contradictions.hasAny ? USUAL_TYPES : []) {
      const key = keyOf({ ...question, type }, '')
      if (this.#entries.get(key)?.kind === 'nxdomain') this.#entries.delete(key)
    }
  }

  /** In the order of `lookup`; `get` decides what counts. */
  #search(
    question: Question,
    variant: CacheVariant,
    mayRedirect: boolean,
    get: (key: string) => Entry | undefined,
  ): Entry | undefined {
    const exact = get(keyOf(question, variant))
    if (exact !== undefined || variant !== '') return exact
    const nxdomain = get(nxdomainKey(question))
    if (nxdomain !== undefined && (question.type !== TYPE.A || nxdomain.deniesAddresses)) return nxdomain
    if (!mayRedirect || !mayBeRedirected(question.type)) return undefined
    const cname = get(keyOf({ ...question, type: TYPE.CNAME }, ''))
    return cname?.isEmpty === false ? cname : undefined
  }

  /** The entry if it has not expired; one that is of no use any more is dropped, unless its successor is to inherit its place. */
  #live(key: string, now: Millis): Entry | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined || isLive(entry, now)) return entry
    if (!entry.isCurrent || !(this.#isRetained(entry, now) || this.#entries.isInDemand(entry)))
      this.#entries.delete(key)
    return undefined
  }

  /** Whether it may be served when no server answers, now or after its expiry. */
  #isRetained(entry: Entry, now: Millis): boolean {
    return entry.isPositive && entry.expiresAt + this.staleRetention > now && entry.isCurrent
  }

  /** Whether an answer that is held, fresh or expired, is kept in spite of an error; notes the failed refresh. */
  #outweighs(question: Question, variant: CacheVariant, now: Millis): boolean {
    const entry = this.#entries.get(keyOf(question, variant))
    if (entry === undefined || !this.#isRetained(entry, now)) return false
    entry.noteFailure(now)
    return true
  }

  /** One object for all answers of a server within a second, which saves memory; times are shown in seconds. */
  #shared(learntFrom: AnswerOrigin): AnswerOrigin {
    const last = this.#lastOrigin
    if (last !== undefined && isSameOrigin(last, learntFrom)) return last
    this.#lastOrigin = learntFrom
    return learntFrom
  }
}

function isLive(entry: Entry, now: Millis): boolean {
  return entry.expiresAt > now && entry.isCurrent
}

/** Whether the entry shows that its name exists for the server, or did a moment ago. */
function isProofFrom(server: string, entry: Entry, now: Millis): boolean {
  const isRecent = entry.expiresAt + JUST_EXPIRED > now && entry.isCurrent
  return entry.learntFrom.server === server && entry.isPositive && isRecent
}

function isError({ rcode }: Message): boolean {
  return rcode !== RCODE.NOERROR && rcode !== RCODE.NXDOMAIN
}
