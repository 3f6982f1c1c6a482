import type { Channel, Dependency, Millis } from '../base/index.ts'
import type { Question } from '../wire/index.ts'

/** Answers of different shape to the same question are kept apart; '' is the ordinary one, 'chain' is for validation. */
export type CacheVariant = '' | 'do' | 'proxy' | 'chain'

/** From whom an answer was learnt, and when: what its provenance tells later. */
export interface AnswerOrigin {
  readonly server: string
  readonly channel: Channel
  /** Nobody on the way could read it. */
  readonly isConfidential: boolean
  /** Wall-clock time. */
  readonly learntAt: Millis
  /** Validation proved it to be what its zone says. */
  readonly isAuthenticated?: boolean
}

type Same = (a: AnswerOrigin, b: AnswerOrigin) => boolean

/** Each member has its comparison, or this does not compile: one left out would make answers share what is not theirs. */
const SAME_MEMBER: { readonly [K in keyof Required<AnswerOrigin>]: Same } = {
  server: (a, b) => a.server === b.server,
  channel: (a, b) => a.channel === b.channel,
  isConfidential: (a, b) => a.isConfidential === b.isConfidential,
  learntAt: (a, b) => Math.floor(a.learntAt / 1000) === Math.floor(b.learntAt / 1000),
  isAuthenticated: (a, b) => (a.isAuthenticated === true) === (b.isAuthenticated === true),
}
const SAME: readonly Same[] = Object.values(SAME_MEMBER)

/** Whether both say the same; times count in whole seconds, as they are shown. */
export function isSameOrigin(a: AnswerOrigin, b: AnswerOrigin): boolean {
  return SAME.every((isSame) => isSame(a, b))
}

/** A cache entry as others may depend on it: the server's message, and its time on `Clock.now`. */
export interface CachedAnswer extends Dependency {
  /** The message as it came; a new copy each time. */
  readonly wire: Buffer
  readonly storedAt: Millis
  readonly expiresAt: Millis
  /** From then on lookups must reach the cache, which counts them to refresh in time what is in demand. */
  readonly replayableUntil: Millis
  /** A reply made of it was replayed: a hit that the cache did not see. */
  noteReplay(now: Millis): void
}

export interface CacheHit {
  /** A complete message, a copy for the reader; TTLs count down to now. */
  readonly wire: Buffer
  readonly learntFrom: AnswerOrigin
  readonly basis: CachedAnswer
  /** It is in demand and expires soon: true once. */
  readonly isDueForRefresh: boolean
}

/** An answer past its time, for when there is no better one (RFC 8767). */
export interface StaleHit {
  /** A complete message with TTLs of 30 seconds. */
  readonly wire: Buffer
  readonly learntFrom: AnswerOrigin
  /** Current until a newer answer, a flush or a change of routes. */
  readonly dependency: Dependency
  /** A refresh failed so short a time ago that none is tried (RFC 8767 §5: failure recheck timer). */
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
export interface CacheView extends CacheRow {
  readonly learntFrom: AnswerOrigin
  readonly storedAt: Millis
}

/** A cache as it is looked at by people, and counted. */
export interface ViewableCache {
  /** Keys held. */
  readonly size: number
  readonly hits: number
  readonly misses: number
  /** Replies replayed by the memos; neither hits nor misses. */
  readonly replays: number
  resetCounts(): void
  /** What a lookup would find. */
  peek(question: Question, variant: CacheVariant, mayRedirect: boolean, now: Millis): CacheView | undefined
  /** Everything that is held and not expired. */
  rows(now: Millis): Iterable<CacheRow>
}
