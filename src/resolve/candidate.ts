import type { Clock, Millis } from '../base/index.ts'
import { gather } from '../base/index.ts'
import type { CachedAnswer, CacheVariant } from '../cache/index.ts'
import { searchWalk, typesToSend } from '../routing/index.ts'
import type { Scope, ScopeAnswer, ScopeOutcome, ScopeRequest } from '../scope/index.ts'
import type { ExchangeResult } from '../upstream/index.ts'
import type { Message, Name, Question } from '../wire/index.ts'
import { isSingleLabel, matches, RCODE, redirectFrom } from '../wire/index.ts'
import { FLAG } from './flags.ts'
import { flatOf, joined } from './flat.ts'
import type { QueryState } from './query-state.ts'
import type { Query } from './query.ts'

/** How a query fared in one scope. */
export interface CandidateResult {
  readonly scope: Scope
  /** What was really asked: with a search domain, where one was needed. */
  readonly name: Name
  readonly state: Exclude<QueryState, 'success'> | 'success'
  readonly errno: number | undefined
  /** Of all transactions that got a reply, failed ones included. */
  readonly answers: readonly ScopeAnswer[]
  readonly exchanges: readonly ExchangeResult[]
  /** The cache entries it rests on, those of names tried before included; undefined when anything else played a part. */
  readonly cached: readonly CachedAnswer[] | undefined
  /** Whether any answer holds records for the question, or a redirect. */
  readonly isPositive: boolean
}

export interface CandidateOptions {
  readonly asksSingleLabels: boolean
  readonly variant: CacheVariant
  /** When the whole query is given up. */
  readonly deadline: Millis
}

/** That query in one scope: the search walk, and for each name on it all types at once (R-SEARCH-2, R-MERGE-1). */
export function runCandidate(
  scope: Scope,
  query: Query,
  options: CandidateOptions,
  clock: Clock,
  signal: AbortSignal,
): Promise<CandidateResult> {
  const maySearch = (query.flags & FLAG.NO_SEARCH) === 0
  const names = searchWalk(query.name, scope.plan.domains, maySearch, options.asksSingleLabels)
  const [only] = names
  // Nearly always; each async function less on the way of a cold miss takes 1 % off its CPU time.
  if (only !== undefined && names.length === 1) return ask(scope, only, query, options, clock, signal)
  return walk(names, scope, query, options, clock, signal)
}

/** One name after the other, until one succeeds. */
async function walk(
  names: readonly Name[],
  scope: Scope,
  query: Query,
  options: CandidateOptions,
  clock: Clock,
  signal: AbortSignal,
): Promise<CandidateResult> {
  let last: CandidateResult | undefined
  for (const name of names) {
    signal.throwIfAborted()
    if (last !== undefined && clock.now() >= options.deadline) return { ...last, state: 'timeout' }
    const result = await ask(scope, name, query, options, clock, signal)
    last = last === undefined ? result : { ...result, cached: joined([last.cached, result.cached]) }
    if (last.state === 'success' || last.state === 'aborted') return last
  }
  return last ?? nothingToAsk(scope, query.name)
}

async function ask(
  scope: Scope,
  name: Name,
  query: Query,
  options: CandidateOptions,
  clock: Clock,
  signal: AbortSignal,
): Promise<CandidateResult> {
  const types = typesToSend(name, query.types, options.asksSingleLabels && isSingleLabel(name))
  if (types.length === 0) return nothingToAsk(scope, name)
  const lookups = types.map((type) =>
    scope.lookUp(scopeRequest({ name, type, class: query.class }, query, options), signal),
  )
  // Once one type brought records the others get a little longer: a slow AAAA holds up no A.
  const { patienceForRest } = query
  const judge = (outcome: ScopeOutcome) => (patienceForRest !== undefined && hasRecords(outcome) ? 'hurry' : 'wait')
  const outcomes = await gather(lookups, judge, patienceForRest ?? 0, clock)
  return resultOf(scope, name, query, outcomes, outcomes.length === lookups.length)
}

function scopeRequest(question: Question, query: Query, { variant }: CandidateOptions): ScopeRequest {
  const { flags, relayed } = query
  return {
    request:
      relayed === undefined ? { kind: 'question', question } : { kind: 'relay', question, message: relayed.message },
    variant,
    fillsCache: relayed?.isShareable ?? true,
    readsCache: (flags & FLAG.NO_CACHE) === 0 && (relayed?.isShareable ?? true),
    mayAskNetwork: (flags & FLAG.NO_NETWORK) === 0,
    mayRedirect: (flags & FLAG.NO_CNAME) === 0 && relayed === undefined,
    mayBeStale: (flags & FLAG.NO_STALE) === 0,
  }
}

/** Success if any transaction succeeded, NODATA included; else the last failure (R-MERGE-2). */
function resultOf(
  scope: Scope,
  name: Name,
  query: Query,
  outcomes: readonly ScopeOutcome[],
  isComplete: boolean,
): CandidateResult {
  const good: ScopeAnswer[] = []
  const bad: ScopeAnswer[] = []
  let isPositive = false
  for (const outcome of outcomes) {
    if (outcome.kind === 'failure') continue
    const isGood = isSuccess(outcome.message, name, query)
    isPositive ||= isGood && holdsAnswer(outcome.message, name, query)
    if (isGood) good.push(outcome)
    else bad.push(outcome)
  }
  const last = good.length > 0 ? undefined : outcomes.at(-1)
  return {
    scope,
    name,
    state: good.length > 0 ? 'success' : last?.kind === 'failure' ? last.state : 'rcode-failure',
    errno: last?.kind === 'failure' ? last.errno : undefined,
    answers: good.length > 0 ? good : bad,
    exchanges: flatOf(outcomes.map(({ exchanges }) => exchanges)),
    cached: isComplete ? joined(outcomes.map(basisOf)) : undefined,
    isPositive,
  }
}

function basisOf(outcome: ScopeOutcome): readonly CachedAnswer[] | undefined {
  const isCached = outcome.kind === 'answer' && outcome.origin === 'cache' && outcome.basis !== undefined
  return isCached ? [outcome.basis] : undefined
}

function hasRecords(outcome: ScopeOutcome): boolean {
  return outcome.kind === 'answer' && outcome.message.answer.length > 0
}

/** NXDOMAIN at the end of a chain says nothing about the name that was asked (R-MERGE-6). */
function isSuccess(message: Message, name: Name, query: Query): boolean {
  if (message.rcode === RCODE.NOERROR) return true
  return message.rcode === RCODE.NXDOMAIN && query.relayed === undefined && holdsAnswer(message, name, query)
}

function holdsAnswer({ answer }: Message, name: Name, query: Query): boolean {
  if (query.types.some((type) => answer.some((record) => matches(record, name, type, query.class)))) return true
  return redirectFrom(name, answer) !== undefined
}

function nothingToAsk(scope: Scope, name: Name): CandidateResult {
  return {
    scope,
    name,
    state: 'no-servers',
    errno: undefined,
    answers: [],
    exchanges: [],
    cached: undefined,
    isPositive: false,
  }
}
