import type { IfIndex, Millis } from '../base/index.ts'
import type { CacheView } from '../cache/index.ts'
import { isLocalOnly, NO, type Scored, searchWalk, typesToSend } from '../routing/index.ts'
import type { Scope } from '../scope/index.ts'
import { answerFromHosts, synthesize } from '../synth/index.ts'
import type { Name, Question } from '../wire/index.ts'
import { isSingleLabel, typeText } from '../wire/index.ts'
import { mayAnswerOurselves, mayAskDns } from './asks.ts'
import { FLAG } from './flags.ts'
import type { Query } from './query.ts'
import { type ServerSight, serverSights } from './server-sight.ts'
import type { ResolverServices } from './services.ts'

/** One source of answers, in the order in which they are consulted (R-ORDER-1). */
export interface ExplainedStep {
  readonly source: 'refusal' | 'static' | 'hosts' | 'scopes' | 'synthesized'
  /**
   * `decides` ends the search here · `passes` has nothing · `off` by settings or flags · `stands-by` answers if what
   * decides fails · `unreached` behind one that decides.
   */
  readonly verdict: 'decides' | 'passes' | 'off' | 'stands-by' | 'unreached'
  readonly detail: string
}

/** What one scope remembers for one of the questions it would be asked. */
export interface ExplainedCache {
  readonly question: Question
  readonly found: CacheView | undefined
  /** Since it was learnt. */
  readonly age: Millis
  readonly remaining: Millis
  /** Learnt before links, servers or domains last changed. */
  readonly isOlderThanChange: boolean
}

export interface ExplainedScope {
  readonly scope: string
  readonly ifindex: IfIndex
  readonly score: number
  readonly reason: string
  readonly won: boolean
  /** Why it could not ask anybody, though it takes the name. */
  readonly obstacle: string | undefined
  /** With search domains, where one is needed. */
  readonly names: readonly Name[]
  readonly cache: readonly ExplainedCache[]
  /** In the order in which they would be asked. */
  readonly servers: readonly ServerSight[]
}

/** How a question would be treated now, and why. */
export interface Explanation {
  readonly name: Name
  readonly types: readonly number[]
  readonly steps: readonly ExplainedStep[]
  /** Best first. */
  readonly scopes: readonly ExplainedScope[]
  /** Wall clock. */
  readonly changedAt: Millis | undefined
}

/** The whole decision from live state. Nothing is asked, counted or changed by looking. */
export async function explainQuery(query: Query, services: ResolverServices): Promise<Explanation> {
  const scored = mayAskDns(query) ? scoreScopes(query, services) : []
  const best = Math.max(NO, ...scored.map(({ score }) => score))
  const isLocal = isOwnBusiness(query, services)
  const scopes = scored
    .toSorted((a, b) => b.score - a.score)
    .map((one) => explainScope(one, best !== NO && one.score === best && !isLocal, query, services))
  const steps = inOrder([
    ...refusal(query, services),
    ...(await localSteps(query, services)),
    scopesStep(query, scopes, isLocal),
    synthesisStep(query, services),
  ])
  return { name: query.name, types: query.types, steps, scopes, changedAt: services.scopes.changedAt }
}

function scoreScopes(query: Query, { scopes, settings }: ResolverServices): Scored<Scope>[] {
  const asksSingleLabels = settings().resolveUnicastSingleLabel || (query.flags & FLAG.RELAX_SINGLE_LABEL) !== 0
  return scopes.score(query, { asksSingleLabels })
}

/** R-ROUTE-4. */
function isOwnBusiness({ name, types }: Query, { local }: ResolverServices): boolean {
  return isLocalOnly(name, types, local.host())
}

function explainScope(
  { scope, score, reason }: Scored<Scope>,
  won: boolean,
  query: Query,
  { settings, clock, scopes }: ResolverServices,
): ExplainedScope {
  const { plan } = scope
  const now = clock.now()
  const singleLabels = settings().resolveUnicastSingleLabel
  const names = won
    ? searchWalk(query.name, plan.domains, (query.flags & FLAG.NO_SEARCH) === 0, singleLabels)
    : [query.name]
  const mayRedirect = (query.flags & FLAG.NO_CNAME) === 0
  const cache = names.flatMap((name) =>
    query.types.map((type): ExplainedCache => {
      const question = { name, type, class: query.class }
      const found = scope.cache.peek(question, '', mayRedirect, now)
      return {
        question,
        found,
        age: found === undefined ? 0 : now - found.storedAt,
        remaining: found === undefined ? 0 : found.expiresAt - now,
        isOlderThanChange: (found?.learntFrom.learntAt ?? Infinity) < (scopes.changedAt ?? 0),
      }
    }),
  )
  const { label, ifindex } = plan
  const obstacle = plan.obstacle ?? unsendable(names, query, singleLabels)
  return { scope: label, ifindex, score, reason, won, obstacle, names, cache, servers: serverSights(scope, now) }
}

/** R-ROUTE-14: a scope may win a name that it then may not ask for. */
function unsendable(names: readonly Name[], query: Query, singleLabels: boolean): string | undefined {
  const sends = (name: Name) => typesToSend(name, query.types, singleLabels && isSingleLabel(name)).length > 0
  return names.some(sends) ? undefined : 'addresses of single labels are not asked over unicast DNS'
}

function refusal({ types }: Query, { settings }: ResolverServices): ExplainedStep[] {
  const refused = types.filter((type) => settings().refuseRecordTypes.includes(type))
  if (refused.length === 0) return []
  const verdict = refused.length === types.length ? 'decides' : 'passes'
  return [{ source: 'refusal', verdict, detail: `RefuseRecordTypes= refuses ${refused.map(typeText).join(', ')}` }]
}

async function localSteps(query: Query, { local, settings }: ResolverServices): Promise<ExplainedStep[]> {
  const { readStaticRecords, readEtcHosts } = settings()
  const isAllowed = mayAnswerOurselves(query)
  const fixed = (await local.staticRecords()).get(query.name)
  const host = answerFromHosts(await local.hosts(), query.name)
  return [
    localStep(
      'static',
      fixed?.map(({ type }) => typeText(type)),
      isAllowed,
      readStaticRecords,
    ),
    localStep(
      'hosts',
      host?.records.map(({ record }) => typeText(record.type)),
      isAllowed,
      readEtcHosts,
    ),
  ]
}

function localStep(
  source: 'static' | 'hosts',
  types: readonly string[] | undefined,
  isAllowed: boolean,
  isRead: boolean,
): ExplainedStep {
  if (!isRead) return { source, verdict: 'off', detail: 'off in the settings' }
  if (!isAllowed) return { source, verdict: 'off', detail: 'not wanted by the question' }
  if (types === undefined) return { source, verdict: 'passes', detail: 'does not have the name' }
  const listed = types.length === 0 ? 'the name, without records' : [...new Set(types)].join(', ')
  return { source, verdict: 'decides', detail: `has ${listed}` }
}

function scopesStep(query: Query, scopes: readonly ExplainedScope[], isLocal: boolean): ExplainedStep {
  const source = 'scopes'
  if (!mayAskDns(query)) return { source, verdict: 'off', detail: 'not wanted by the question' }
  if (isLocal) return { source, verdict: 'passes', detail: 'never asked for: the name belongs to this machine' }
  const winners = scopes.filter(({ won }) => won)
  if (winners.length === 0) return { source, verdict: 'passes', detail: 'no scope takes the name' }
  return { source, verdict: 'decides', detail: winners.map(({ scope }) => scope).join(' and ') }
}

/** Comes only after scopes that failed (R-ORDER-3). */
function synthesisStep(query: Query, { local }: ResolverServices): ExplainedStep {
  const source = 'synthesized'
  if (!mayAnswerOurselves(query)) return { source, verdict: 'off', detail: 'not wanted by the question' }
  const made = synthesize(query.name, local.host())
  return made === undefined
    ? { source, verdict: 'passes', detail: 'no name of this machine' }
    : { source, verdict: 'decides', detail: 'a name of this machine' }
}

/** Nothing behind what decides is looked at, but a synthesized answer stands by for scopes that fail. */
function inOrder(steps: readonly ExplainedStep[]): ExplainedStep[] {
  const decisive = steps.findIndex(({ verdict }) => verdict === 'decides')
  return steps.map((step, i) => {
    if (decisive < 0 || i <= decisive || step.verdict === 'off') return step
    const standsBy = steps[decisive]?.source === 'scopes'
    if (!standsBy) return { ...step, verdict: 'unreached' }
    return step.verdict === 'decides' ? { ...step, verdict: 'stands-by' } : step
  })
}
