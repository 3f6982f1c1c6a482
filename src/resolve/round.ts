import type { Channel } from '../base/index.ts'
import type { CachedAnswer } from '../cache/index.ts'
import type { Scope, ScopeAnswer } from '../scope/index.ts'
import type { LocalAnswer } from '../synth/index.ts'
import type { ExchangeResult } from '../upstream/index.ts'
import type { ExtendedError, Name, ResourceRecord } from '../wire/index.ts'
import { RCODE } from '../wire/index.ts'
import type { CandidateResult } from './candidate.ts'
import { FLAG, PROTOCOLS } from './flags.ts'
import { flatOf } from './flat.ts'
import type { QueryState } from './query-state.ts'
import type { Source } from './provenance.ts'
import type { Query, ResolvedRecord } from './query.ts'

/** What one name of a chain of CNAMEs came to, before its records are sorted out. */
export interface Round {
  readonly name: Name
  readonly state: QueryState
  readonly rcode: number
  readonly errno: number | undefined
  readonly extendedError: ExtendedError | undefined
  /** All records of the answer sections, those beside the question included. */
  readonly records: readonly ResolvedRecord[]
  readonly authority: readonly ResourceRecord[]
  readonly additional: readonly ResourceRecord[]
  readonly flags: number
  readonly wire: Buffer | undefined
  /** The cache entry that holds `wire`. */
  readonly basis: CachedAnswer | undefined
  /** All cache entries it rests on; undefined when anything else played a part. */
  readonly cached: readonly CachedAnswer[] | undefined
  readonly source: Source
  readonly scope: Scope | undefined
  readonly server: string | undefined
  readonly channel: Channel | undefined
  readonly learntAt: number | undefined
  readonly exchanges: readonly ExchangeResult[]
}

/** RFC 8914 §4.4. */
const STALE_ANSWER: ExtendedError = { code: 3, text: '' }

const NOTHING = {
  rcode: RCODE.NOERROR,
  errno: undefined,
  extendedError: undefined,
  records: [],
  authority: [],
  additional: [],
  flags: 0,
  wire: undefined,
  basis: undefined,
  cached: undefined,
  source: 'none',
  scope: undefined,
  server: undefined,
  channel: undefined,
  learntAt: undefined,
  exchanges: [],
} as const satisfies Omit<Round, 'name' | 'state'>

/** No scope was asked or none could be. */
export function failedRound(name: Name, state: QueryState, errno?: number): Round {
  return { ...NOTHING, name, state, errno }
}

/** An answer of our own: authentic, never seen by the network, synthetic. */
export function localRound(query: Query, answer: LocalAnswer, source: Source): Round {
  const protocol = (query.flags & PROTOCOLS) === 0 ? FLAG.DNS : lowestBit(query.flags & PROTOCOLS)
  return {
    ...NOTHING,
    name: query.name,
    state: answer.exists ? 'success' : 'rcode-failure',
    rcode: answer.exists ? RCODE.NOERROR : RCODE.NXDOMAIN,
    records: answer.records,
    flags: protocol | FLAG.AUTHENTICATED | FLAG.CONFIDENTIAL | FLAG.SYNTHETIC,
    source,
  }
}

/** What the best scope answered, of one or several that were asked. */
export function scopeRound(result: CandidateResult, wasAlone: boolean): Round {
  const { name, scope, answers, exchanges, state, errno, isPositive } = result
  const mayBeRepeated = wasAlone || isPositive
  const last = answers.at(-1)
  if (last === undefined) return { ...NOTHING, name, state, errno, scope, exchanges, source: 'none' }
  const { ifindex } = scope.plan
  const records: ResolvedRecord[] = []
  let flags = FLAG.DNS
  let isStale = false
  let isFromCache = true
  for (const { origin, message } of answers) {
    for (const record of message.answer) records.push({ record, ifindex })
    flags |= originFlag(origin)
    isStale ||= origin === 'stale'
    isFromCache &&= origin === 'cache'
  }
  return {
    name,
    state,
    errno,
    rcode: state === 'success' ? RCODE.NOERROR : last.message.rcode,
    extendedError: isStale ? STALE_ANSWER : last.message.extendedError,
    records,
    authority: flatOf(answers.map(({ message }) => message.authority)),
    additional: flatOf(answers.map(({ message }) => message.additional)),
    flags,
    wire: answers.length === 1 ? last.wire : undefined,
    // "Nothing" from one of several scopes is not to be repeated: a slower one may find something yet (R-MERGE-3).
    basis: answers.length === 1 && mayBeRepeated ? last.basis : undefined,
    cached: mayBeRepeated ? result.cached : undefined,
    source: isStale ? 'stale' : isFromCache ? 'cache' : 'network',
    scope,
    server: last.learntFrom.server,
    channel: last.learntFrom.channel,
    learntAt: last.learntFrom.learntAt,
    exchanges,
  }
}

function originFlag(origin: ScopeAnswer['origin']): number {
  return origin === 'network' ? FLAG.FROM_NETWORK : FLAG.FROM_CACHE
}

function lowestBit(bits: number): number {
  return bits & -bits
}
