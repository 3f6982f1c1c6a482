import type { IfIndex } from '../base/index.ts'
import type { CachedAnswer, AnswerOrigin } from '../cache/index.ts'
import type { FailureResult } from '../dnssec/index.ts'
import { type ExchangeResult, isBogus } from '../upstream/index.ts'
import type { ExtendedError, Message, Name, Question, ResourceRecord } from '../wire/index.ts'
import { matches, RCODE, redirectFrom } from '../wire/index.ts'
import { FLAG, PROTOCOLS } from './flags.ts'
import { flatOf, joined } from './flat.ts'
import type { ScopeIdentity } from './scope-identity.ts'

/** How a query ended: the words of varlink.md §4.1. `success` includes NODATA. */
export type QueryState =
  | 'success'
  | 'rcode-failure'
  | 'no-servers'
  | 'timeout'
  | 'attempts-max-reached'
  | 'invalid-reply'
  | 'errno'
  | 'aborted'
  | 'dnssec-failed'
  | 'no-trust-anchor'
  | 'rr-type-unsupported'
  | 'network-down'
  | 'not-found'
  | 'no-source'
  | 'stub-loop'

/**
 * Why validation failed: in the words that the bus and varlink use. `upstream-failure`: a server that validates says so;
 * `incompatible-server`: no server can do DNSSEC.
 */
export type DnssecResult = FailureResult | 'incompatible-server' | 'upstream-failure'

/** Those, and two that only a whole query can come to. */
export type AnswerState = QueryState | 'cname-loop' | 'query-refused'

/** Where an answer comes from; `none` where nobody gave one. */
export type Source = 'literal' | 'static' | 'hosts' | 'hook' | 'synthesized' | 'cache' | 'stale' | 'network' | 'none'

/** A record and the link it was learnt on; 0 where there is none. */
export interface LinkedRecord {
  readonly record: ResourceRecord
  readonly ifindex: IfIndex
}

/**
 * What one name came to. Made once, by whoever has the answer, and then handed on as it is: from a scope or a local
 * source through the resolver to every listener and to those who watch. Failures are answers too: `state` tells.
 * What is put together of several (A and AAAA, the names of a chain) is again one, see `combined`.
 */
export interface Answer {
  /** What was asked of the source: with a search domain, where one was needed. */
  readonly name: Name
  readonly state: AnswerState
  /** Of the reply; NOERROR when `state` is `success`, and where nobody replied. */
  readonly rcode: number
  /** For the state `errno`. */
  readonly errno: number | undefined
  /** RFC 8914. */
  readonly extendedError: ExtendedError | undefined
  /** For the state `dnssec-failed`. */
  readonly dnssecResult: DnssecResult | undefined
  /** The answer section, records that nobody asked for included. */
  readonly records: readonly LinkedRecord[]
  readonly authority: readonly ResourceRecord[]
  readonly additional: readonly ResourceRecord[]
  /** The one server message that is the whole answer; undefined when it was put together or is our own. */
  readonly wire: Buffer | undefined
  /** Output bits of `FLAG`: protocol, where it comes from, whether authenticated, confidential, synthetic. */
  readonly flags: number
  readonly source: Source
  /** Undefined for what this machine says itself. */
  readonly scope: ScopeIdentity | undefined
  /** Who gave it and when, now or when it was cached, and what validation made of it; undefined where no server did. */
  readonly origin: AnswerOrigin | undefined
  /** Messages to servers on the way to it, failed ones included. */
  readonly attempts: readonly ExchangeResult[]
  /** The cache entry that holds `wire`: while it is current, a reply made of it may be replayed. */
  readonly entry: CachedAnswer | undefined
  /** All cache entries it depends on: while they are current, it would come out the same. Undefined when anything else had a part. */
  readonly dependsOn: readonly CachedAnswer[] | undefined
}

/** RFC 8914 §4.4. */
const STALE_ANSWER: ExtendedError = { code: 3, text: '' }
/** Bits that hold for several answers together only when they hold for each (R-MERGE-5). */
const HELD_BY_ALL = FLAG.AUTHENTICATED | FLAG.CONFIDENTIAL
const NOBODY: readonly [] = []

/** What is known of a server's reply beside its bytes. */
export interface ReplyContext {
  readonly question: Question
  /** A client's own message went to the server: its reply is told as it is. */
  readonly isRelayed: boolean
  readonly source: 'cache' | 'stale' | 'network'
  readonly origin: AnswerOrigin
  readonly attempts: readonly ExchangeResult[]
  readonly entry: CachedAnswer | undefined
}

/** A server's reply, as it came or from the cache. */
export function replied(wire: Buffer, message: Message, scope: ScopeIdentity, context: ReplyContext): Answer {
  const { question, source, origin, attempts, entry } = context
  const { ifindex } = scope
  // An answer past its time may have a signature past its time.
  const isAuthentic = origin.isAuthenticated === true && source !== 'stale'
  const isUpstreamFailure = !context.isRelayed && isBogus(message) // S-DOWN-7
  const isSuccess = message.rcode === RCODE.NOERROR || (!context.isRelayed && isChainToNowhere(message, question))
  return {
    name: question.name,
    state: isSuccess ? 'success' : isUpstreamFailure ? 'dnssec-failed' : 'rcode-failure',
    rcode: isSuccess ? RCODE.NOERROR : message.rcode,
    errno: undefined,
    extendedError: source === 'stale' ? STALE_ANSWER : message.extendedError,
    dnssecResult: isUpstreamFailure ? 'upstream-failure' : undefined,
    records: message.answer.map((record) => ({ record, ifindex })),
    authority: message.authority,
    additional: message.additional,
    wire,
    flags:
      scope.protocol.flag |
      (source === 'network' ? FLAG.FROM_NETWORK : FLAG.FROM_CACHE) |
      (origin.isConfidential ? FLAG.CONFIDENTIAL : 0) |
      (isAuthentic ? FLAG.AUTHENTICATED : 0),
    source,
    scope,
    origin,
    attempts,
    entry,
    dependsOn: source === 'cache' && entry !== undefined ? [entry] : undefined,
  }
}

/** What this machine knows itself of a name: records, none of them (NODATA), or that it does not exist. */
export interface OwnKnowledge {
  readonly exists: boolean
  readonly records: readonly LinkedRecord[]
}

/** An answer of this machine's own: authentic, and never seen by the network. @param queryFlags `FLAG` bits of the query */
export function ownAnswer(
  name: Name,
  { exists, records }: OwnKnowledge,
  source: 'literal' | 'static' | 'hosts' | 'synthesized',
  queryFlags: number,
): Answer {
  const flags = protocolFor(queryFlags) | FLAG.AUTHENTICATED | FLAG.CONFIDENTIAL | FLAG.SYNTHETIC
  const answer = failed(name, exists ? 'success' : 'rcode-failure')
  return { ...answer, rcode: exists ? RCODE.NOERROR : RCODE.NXDOMAIN, records, flags, source }
}

/** What another program of this machine says of a name: nobody's to remember, and not authentic (H-WIN-6). @param queryFlags `FLAG` bits of the query */
export function hookAnswer(name: Name, rcode: number, records: readonly ResourceRecord[], queryFlags: number): Answer {
  const answer = failed(name, rcode === RCODE.NOERROR ? 'success' : 'rcode-failure')
  const linked = records.map((record) => ({ record, ifindex: 0 }))
  return { ...answer, rcode, records: linked, flags: protocolFor(queryFlags) | FLAG.FROM_HOOK, source: 'hook' }
}

/** The one that what was not asked of the network claims to come from: DNS where it was wanted (dbus.md §7). */
function protocolFor(queryFlags: number): number {
  const asked = queryFlags & PROTOCOLS
  return asked === 0 ? FLAG.DNS : asked & -asked
}

/** No answer, and why not. */
export function failed(
  name: Name,
  state: AnswerState,
  scope?: ScopeIdentity,
  attempts: readonly ExchangeResult[] = NOBODY,
  errno?: number,
): Answer {
  return {
    name,
    state,
    rcode: RCODE.NOERROR,
    errno,
    extendedError: undefined,
    dnssecResult: undefined,
    records: NOBODY,
    authority: NOBODY,
    additional: NOBODY,
    wire: undefined,
    flags: 0,
    source: 'none',
    scope,
    origin: undefined,
    attempts,
    entry: undefined,
    dependsOn: undefined,
  }
}

/**
 * Answers of one scope to several types of one name (R-MERGE-2): success if one of them is, else as the last failed.
 * Other than in systemd-resolved, NODATA for one type is no success where another could not be had: an outage must not
 * read as a name without addresses. Nor is it authentic where what came for one type was refused as bogus: whoever forges
 * AAAA must not have the A that is left told as all there is (R-MERGE-5). `isComplete`: none is missing. Never empty.
 */
export function combined(answers: readonly Answer[], isComplete: boolean): Answer {
  const last = answers.at(-1) as Answer
  const good = answers.filter(({ state }) => state === 'success')
  const attempts = flatOf(answers.map((answer) => answer.attempts))
  const unknown = good.some(({ records }) => records.length > 0) ? undefined : answers.findLast(isOutage)
  if (unknown !== undefined && good.length > 0) return unrepeatable({ ...unknown, attempts })
  const replies = good.length > 0 ? good : answers.filter(({ origin }) => origin !== undefined)
  const told = replies.at(-1) ?? last
  const isOne = replies.length === 1
  const stale = replies.find(({ source }) => source === 'stale')
  const isPartBogus = answers.some(({ state }) => state === 'dnssec-failed')
  return {
    ...told,
    state: good.length > 0 ? 'success' : last.state,
    errno: good.length > 0 ? undefined : last.errno,
    extendedError: (stale ?? told).extendedError,
    dnssecResult: good.length > 0 ? undefined : last.dnssecResult,
    records: flatOf(replies.map(({ records }) => records)),
    authority: flatOf(replies.map(({ authority }) => authority)),
    additional: flatOf(replies.map(({ additional }) => additional)),
    wire: isOne ? told.wire : undefined,
    flags: flagsOfAll(replies) & ~(isPartBogus ? FLAG.AUTHENTICATED : 0),
    source: stale?.source ?? replies.find(({ source }) => source !== 'cache')?.source ?? told.source,
    attempts,
    entry: isOne ? told.entry : undefined,
    dependsOn: isComplete ? joined(answers.map(({ dependsOn }) => dependsOn)) : undefined,
  }
}

/** Whether it says nothing of the name, not even that it does not exist. */
function isOutage({ state, rcode }: Answer): boolean {
  if (state === 'rcode-failure') return rcode !== RCODE.NXDOMAIN
  return state !== 'success' && state !== 'not-found'
}

/** Output bits of what is put together of several answers. */
export function flagsOfAll(answers: readonly Answer[]): number {
  const any = answers.reduce((bits, { flags }) => bits | flags, 0)
  const all = answers.reduce((bits, { flags }) => bits & flags, any)
  return (any & ~HELD_BY_ALL) | (all & HELD_BY_ALL)
}

/** The same, but not to be repeated: somebody else may have a better one by then. */
export function unrepeatable(answer: Answer): Answer {
  return { ...answer, entry: undefined, dependsOn: undefined }
}

/** Whether it has records that were asked for, or a redirect. */
export function isPositive({ state, records, name }: Answer, types: readonly number[], queryClass: number): boolean {
  if (state !== 'success' || records.length === 0) return false
  const plain = records.map(({ record }) => record)
  return (
    types.some((type) => holds(plain, { name, type, class: queryClass })) || redirectFrom(name, plain) !== undefined
  )
}

/** NXDOMAIN at the end of a chain says nothing about the name that was asked (R-MERGE-6). */
function isChainToNowhere({ rcode, answer }: Message, question: Question): boolean {
  if (rcode !== RCODE.NXDOMAIN) return false
  return holds(answer, question) || redirectFrom(question.name, answer) !== undefined
}

function holds(records: readonly ResourceRecord[], { name, type, class: queryClass }: Question): boolean {
  return records.some((record) => matches(record, name, type, queryClass))
}
