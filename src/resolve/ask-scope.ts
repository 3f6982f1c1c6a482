import type { Clock, Millis } from '../base/index.ts'
import { gather } from '../base/index.ts'
import type { CacheVariant } from '../cache/index.ts'
import type { Answer, Scope, ScopeQuestions, ScopeRequest } from '../scope/index.ts'
import { combined, failed, FLAG, joined } from '../scope/index.ts'
import type { Name, Question, Spelling } from '../wire/index.ts'
import { completedSpelling } from '../wire/index.ts'
import type { Query } from './query.ts'

/** The query in one scope: the search walk, and for each name on it all types at once (R-SEARCH-2, R-MERGE-1). */
export function askScope(
  scope: Scope,
  query: Query,
  deadline: Millis,
  clock: Clock,
  signal: AbortSignal,
): Promise<Answer> {
  const steps = scope.questionsFor(query)
  const [only] = steps
  // Nearly always; each async function less on the way of a cold miss takes 1 % off its CPU time.
  if (only !== undefined && steps.length === 1) return ask(scope, only, query, clock, signal)
  return walk(steps, scope, query, deadline, clock, signal)
}

/** How long the neighbours have to tell addresses of the other kind, too (MC-ROUTE-4). */
const PATIENCE_FOR_SIBLING: Millis = 100

/**
 * The query in scopes of one protocol on one link, of which each has its own kind of address: what they find is one answer.
 * Never empty.
 */
export async function askSiblings(
  scopes: readonly Scope[],
  query: Query,
  deadline: Millis,
  clock: Clock,
  signal: AbortSignal,
): Promise<Answer> {
  const lookups = scopes.map((scope) => askScope(scope, query, deadline, clock, signal))
  const [only] = lookups
  if (only !== undefined && lookups.length === 1) return await only
  const answers = await gather(lookups, ({ records }) => (records.length > 0 ? PATIENCE_FOR_SIBLING : 'wait'), clock)
  const answer = combined(answers, false)
  return { ...answer, records: withoutRepetition(answer.records) }
}

/** What a neighbour told over both IP versions is one record. */
function withoutRepetition(records: Answer['records']): Answer['records'] {
  const byContent = new Map<string, Answer['records'][number]>()
  for (const linked of records) {
    const { name, type, rdata } = linked.record
    const content = `${name} ${type} ${rdata.toString('latin1')}` // of one class, and there may be thousands
    if (!byContent.has(content)) byContent.set(content, linked)
  }
  return [...byContent.values()]
}

/** One name after the other, until one succeeds. */
async function walk(
  steps: readonly ScopeQuestions[],
  scope: Scope,
  query: Query,
  deadline: Millis,
  clock: Clock,
  signal: AbortSignal,
): Promise<Answer> {
  let last: Answer | undefined
  for (const step of steps) {
    signal.throwIfAborted()
    if (last !== undefined && clock.now() >= deadline) return { ...last, state: 'timeout' }
    const answer = await ask(scope, step, query, clock, signal)
    last = last === undefined ? answer : { ...answer, dependsOn: joined([last.dependsOn, answer.dependsOn]) }
    if (last.state === 'success' || last.state === 'aborted') return last
  }
  return last ?? failed(query.name, 'no-servers', scope)
}

/** A single type, as of all clients of the stub, costs no promise beside the scope's own. */
function ask(
  scope: Scope,
  { name, types }: ScopeQuestions,
  query: Query,
  clock: Clock,
  signal: AbortSignal,
): Promise<Answer> {
  const [only] = types
  if (only === undefined) return Promise.resolve(failed(name, 'no-servers', scope))
  const spelling = spellingOf(name, query)
  const lookUp = (type: number) =>
    scope.lookUp(scopeRequest({ name, type, class: query.class, spelling }, query), signal)
  return types.length === 1 ? lookUp(only) : together(types.map(lookUp), query.patienceForRest, clock)
}

/** Once one type brought records the others get a little longer: a slow AAAA holds up no A. */
async function together(
  lookups: readonly Promise<Answer>[],
  patienceForRest: Millis | undefined,
  clock: Clock,
): Promise<Answer> {
  const judge = ({ records }: Answer) =>
    patienceForRest !== undefined && records.length > 0 ? patienceForRest : 'wait'
  const answers = await gather(lookups, judge, clock)
  return combined(answers, answers.length === lookups.length)
}

/** How the name on the search walk is written. */
function spellingOf(name: Name, { name: asked, spelling }: Query): Spelling | undefined {
  return spelling === undefined || name === asked ? spelling : completedSpelling(name, spelling)
}

function scopeRequest(question: Question, query: Query): ScopeRequest {
  const { flags, relayed } = query
  return {
    request:
      relayed === undefined ? { kind: 'question', question } : { kind: 'relay', question, message: relayed.message },
    variant: variantOf(query),
    isUnchecked: (flags & FLAG.NO_VALIDATE) !== 0,
    readsZone: (flags & FLAG.NO_ZONE) === 0,
    fillsCache: relayed?.isShareable ?? true,
    readsCache: (flags & FLAG.NO_CACHE) === 0 && (relayed?.isShareable ?? true),
    mayAskNetwork: (flags & FLAG.NO_NETWORK) === 0,
    mayRedirect: (flags & FLAG.NO_CNAME) === 0 && relayed === undefined,
    mayBeStale: (flags & FLAG.NO_STALE) === 0,
  }
}

/** Answers of another shape than to our own questions are kept apart: a relayed message may carry DO. */
function variantOf({ relayed }: Query): CacheVariant {
  if (relayed === undefined) return ''
  return relayed.dnssecOk ? 'do' : 'proxy'
}
