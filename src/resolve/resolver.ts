import { AbortableWaits } from '../base/index.ts'
import type { CacheVariant } from '../cache/index.ts'
import { isLocalOnly, NO, type RouteOptions } from '../routing/index.ts'
import type { Scope } from '../scope/index.ts'
import type { HostsTable, StaticRecords } from '../settings/index.ts'
import type { LocalAnswer } from '../synth/index.ts'
import { answerFromHosts, synthesize } from '../synth/index.ts'
import { questionText } from '../wire/index.ts'
import { mayAnswerOurselves, mayAskDns } from './asks.ts'
import { Admission } from './admission.ts'
import type { CandidateResult } from './candidate.ts'
import { runCandidate } from './candidate.ts'
import { Chain } from './chain.ts'
import { type Explanation, explainQuery } from './explain.ts'
import { FLAG, PROTOCOLS } from './flags.ts'
import { merge } from './merge.ts'
import type { Provenance, ScopeVerdict } from './provenance.ts'
import type { Query, Resolution } from './query.ts'
import type { Round } from './round.ts'
import { failedRound, localRound, scopeRound } from './round.ts'
import type { ResolverServices } from './services.ts'

export type { LocalSources, ResolverServices } from './services.ts'

/** A query with search domains and redirects ends after this long, whatever is still open. */
const QUERY_LIFETIME = 120_000
/** How often a query may be asked anew because the scopes changed under it. */
const MAX_RESTARTS = 8
const EBUSY = 16
/** RFC 8914 §4.15, Not Ready. */
const TOO_BUSY = { code: 14, text: 'too many questions are under way' }

/** States after which this machine may answer itself (R-ORDER-3). */
const SYNTHESIS_AFTER: ReadonlySet<string> = new Set([
  'rcode-failure',
  'no-servers',
  'timeout',
  'attempts-max-reached',
  'network-down',
  'not-found',
])

/** Told of every finished query, while somebody wants to know. */
export type QueryListener = (resolution: Resolution) => void

/** The one way from question to answer: stub, bus and varlink all come through here. */
export class Resolver {
  readonly #services: ResolverServices
  readonly #listeners = new Set<QueryListener>()
  readonly #observers = new Set<QueryListener>()
  readonly #closures = new Set<() => boolean>()
  readonly #admission = new Admission()
  readonly #waits = new AbortableWaits()

  constructor(services: ResolverServices) {
    this.#services = services
  }

  /** True while somebody must see the next query, so that no short cut may hide it. */
  get isWatched(): boolean {
    if (this.#listeners.size > 0) return true
    for (const isClosed of this.#closures) if (isClosed()) return true
    return false
  }

  watch(listener: QueryListener): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  /** As `watch`, but without the questions that short cuts answer: whoever counts along need not stop those. */
  observe(observer: QueryListener): Disposable {
    this.#observers.add(observer)
    return { [Symbol.dispose]: () => void this.#observers.delete(observer) }
  }

  /** Observers see every question as long as `isClosed` says so. The handle ends it. */
  closeShortCuts(isClosed: () => boolean): Disposable {
    this.#closures.add(isClosed)
    return { [Symbol.dispose]: () => void this.#closures.delete(isClosed) }
  }

  /** How the question would be treated now, and why: nothing is asked. */
  explain(query: Query): Promise<Explanation> {
    return explainQuery(query, this.#services)
  }

  /** Whether questions for this type are turned down (`RefuseRecordTypes=`). */
  refuses(type: number): boolean {
    return this.#services.settings().refuseRecordTypes.includes(type)
  }

  /** Changes when `isRoutedTo` may say something else of a scope that is still in force. */
  get routesVersion(): number {
    return this.#services.scopes.takeoverVersion + this.#services.local.addressesVersion
  }

  /** Whether this scope, and no other, would be asked now: then what its cache holds is what the query gets. */
  isRoutedTo(scope: Scope, query: Query): boolean {
    const { scopes, settings, local } = this.#services
    if (isLocalOnly(query.name, query.types, local.host())) return false
    const asksSingleLabels = settings().resolveUnicastSingleLabel || (query.flags & FLAG.RELAX_SINGLE_LABEL) !== 0
    const found = scopes.route(query, { asksSingleLabels })
    return found.length === 1 && found[0] === scope
  }

  /** Never throws for what a network or a name can do wrong. @throws the signal's reason when aborted */
  async resolve(query: Query, signal: AbortSignal): Promise<Resolution> {
    const startedAt = this.#services.clock.now()
    const types = this.#acceptedTypes(query)
    if (types.length === 0) return this.#finish(query, new Chain(query), startedAt, 'query-refused')
    const place = this.#admission.enter(query.client)
    try {
      const asked = types === query.types ? query : { ...query, types }
      // Without a place it may still be answered from what is known.
      const allowed = place === undefined ? { ...asked, flags: asked.flags | FLAG.NO_NETWORK } : asked
      const chain = await this.#waits.until(this.#walk(allowed, startedAt, signal), signal)
      if (place === undefined && chain.rounds.at(-1)?.state === 'no-source') return this.#overloaded(query, startedAt)
      return this.#finish(query, chain, startedAt, chain.isLoop ? 'cname-loop' : undefined)
    } finally {
      place?.[Symbol.dispose]() // by hand: what `using` is compiled to allocates a stack and an error to throw
    }
  }

  /** From name to name along CNAMEs, each with the whole pipeline anew (R-CNAME-2); no further once aborted. */
  async #walk(query: Query, startedAt: number, signal: AbortSignal): Promise<Chain> {
    const chain = new Chain(query)
    let step = query
    for (;;) {
      signal.throwIfAborted()
      const round = await this.#ask(step, startedAt + QUERY_LIFETIME, signal)
      const next = step.relayed !== undefined && round.wire !== undefined ? chain.arrive(round) : chain.follow(round)
      if (next === undefined) return chain
      step = { ...query, name: next, flags: redirectedFlags(query.flags, round.flags), relayed: undefined }
    }
  }

  /** One name: what we know first, then the scopes, then what we make up only if they failed (R-ORDER-1). */
  async #ask(query: Query, deadline: number, signal: AbortSignal): Promise<Round> {
    const maySynthesize = mayAnswerOurselves(query)
    const known = maySynthesize ? this.#knownLocally(query) : undefined
    const local = known instanceof Promise ? await known : known
    if (local !== undefined) return local
    const round = await this.#askScopes(query, deadline, signal)
    if (!maySynthesize || !SYNTHESIS_AFTER.has(round.state)) return round
    const made = synthesize(query.name, this.#services.local.host())
    return made === undefined ? round : localRound(query, made, 'synthesized')
  }

  /** A promise only where files have to be looked at again. */
  #knownLocally(query: Query): Round | undefined | Promise<Round | undefined> {
    const { local, settings } = this.#services
    const { readStaticRecords, readEtcHosts } = settings()
    const records = readStaticRecords ? local.staticRecords() : undefined
    const hosts = readEtcHosts ? local.hosts() : undefined
    if (!(records instanceof Promise) && !(hosts instanceof Promise)) return lookLocally(query, records, hosts)
    return Promise.all([records, hosts]).then((read) => lookLocally(query, ...read))
  }

  /** The best scopes, all at once; anew when the scopes changed meanwhile, so that no answer of the old ones gets out. */
  async #askScopes(query: Query, deadline: number, signal: AbortSignal): Promise<Round> {
    const { scopes, clock, local, settings } = this.#services
    if (!mayAskDns(query) || isLocalOnly(query.name, query.types, local.host())) {
      return failedRound(query.name, 'no-servers')
    }
    const singleLabels = settings().resolveUnicastSingleLabel
    const way = { asksSingleLabels: singleLabels || (query.flags & FLAG.RELAX_SINGLE_LABEL) !== 0 }
    const options = { asksSingleLabels: singleLabels, variant: variantOf(query), deadline }
    const catchingUp = this.#services.catchUp()
    if (catchingUp instanceof Promise) await catchingUp
    for (let restarts = 0; restarts < MAX_RESTARTS; restarts++) {
      signal.throwIfAborted()
      const { version } = scopes
      const candidates = scopes.route(query, way)
      const running = candidates.map((scope) => runCandidate(scope, query, options, clock, signal))
      const best = await (running.length === 1 ? running[0] : merge(running, clock))
      if (version === scopes.version || !this.#isOutdated(best, query, way)) {
        return best === undefined ? failedRound(query.name, 'no-servers') : scopeRound(best, running.length === 1)
      }
    }
    return failedRound(query.name, 'aborted')
  }

  /** Whether a result comes from a scope that has gone or has lost the name since it was asked. */
  #isOutdated(best: CandidateResult | undefined, query: Query, way: RouteOptions): boolean {
    if (best === undefined || best.state === 'aborted') return true
    return !this.#services.scopes.route(query, way).includes(best.scope)
  }

  #acceptedTypes({ types }: Query): readonly number[] {
    return types.some((type) => this.refuses(type)) ? types.filter((type) => !this.refuses(type)) : types
  }

  #overloaded(query: Query, startedAt: number): Resolution {
    const chain = new Chain(query)
    chain.follow({ ...failedRound(query.name, 'errno', EBUSY), extendedError: TOO_BUSY })
    return this.#finish(query, chain, startedAt, undefined)
  }

  #finish(
    query: Query,
    chain: Chain,
    startedAt: number,
    verdict: 'query-refused' | 'cname-loop' | undefined,
  ): Resolution {
    const { clock, log } = this.#services
    const last = chain.rounds.at(-1) ?? failedRound(query.name, 'no-servers')
    const isWhole = chain.rounds.length === 1 && !chain.isLoop
    const resolution: Resolution = {
      query,
      state: verdict ?? last.state,
      rcode: last.rcode,
      errno: last.errno,
      extendedError: last.extendedError,
      name: chain.name,
      answer: chain.answer,
      authority: last.authority,
      additional: last.additional,
      collected: chain.collected,
      flags: chain.flags,
      wire: isWhole ? last.wire : undefined,
      basis: isWhole ? last.basis : undefined,
      scope: isWhole ? last.scope : undefined,
      cached: verdict === undefined ? chain.cached : undefined,
      provenance: this.#provenance(query, chain, last, clock.now() - startedAt),
    }
    log.debug(() => describe(resolution))
    for (const observer of this.#observers) observer(resolution)
    for (const listener of this.#listeners) listener(resolution)
    return resolution
  }

  #provenance(query: Query, chain: Chain, last: Round, took: number): Provenance {
    return {
      source: last.source,
      ifindex: last.scope?.plan.ifindex ?? 0,
      scope: last.scope?.plan.label,
      server: last.server,
      channel: last.channel,
      learntAt: last.learntAt,
      took,
      attempts: chain.exchanges,
      verdicts: () => this.#verdicts({ ...query, name: last.name }),
    }
  }

  /** How every scope takes this name now: computed only when somebody asks why. */
  #verdicts(query: Query): ScopeVerdict[] {
    const { scopes, settings } = this.#services
    const asksSingleLabels = settings().resolveUnicastSingleLabel || (query.flags & FLAG.RELAX_SINGLE_LABEL) !== 0
    const scored = scopes.score(query, { asksSingleLabels })
    const best = Math.max(NO, ...scored.map(({ score }) => score))
    return scored.map(({ scope, score, reason }) => {
      const won = score === best && best !== NO
      return { scope: scope.plan.label, ifindex: scope.plan.ifindex, score, reason, won }
    })
  }
}

/** Answers of another shape than to our own questions are kept apart: a relayed message may carry DO. */
function variantOf({ relayed }: Query): CacheVariant {
  if (relayed === undefined) return ''
  return relayed.dnssecOk ? 'do' : 'proxy'
}

function lookLocally(
  query: Query,
  records: StaticRecords | undefined,
  hosts: HostsTable | undefined,
): Round | undefined {
  const fixed = records?.get(query.name)
  if (fixed !== undefined) return localRound(query, plain(fixed), 'static')
  const host = hosts && answerFromHosts(hosts, query.name, query.types)
  return host && localRound(query, host, 'hosts')
}

/** After a redirect that unicast DNS gave, only unicast DNS goes on, without search domains (R-CNAME-4). */
function redirectedFlags(flags: number, roundFlags: number): number {
  const isUnicast = (roundFlags & (FLAG.FROM_NETWORK | FLAG.FROM_CACHE)) !== 0
  return (isUnicast ? (flags & ~PROTOCOLS) | FLAG.DNS : flags) | FLAG.NO_SEARCH
}

function plain(records: readonly LocalAnswer['records'][number]['record'][]): LocalAnswer {
  return { exists: true, records: records.map((record) => ({ record, ifindex: 0 })) }
}

function describe({ query, state, rcode, answer, provenance }: Resolution): string {
  const { source, scope, server, took } = provenance
  const asked = query.types.map((type) => questionText({ name: query.name, type, class: query.class })).join(', ')
  const outcome =
    state === 'success' ? `${answer.length} records` : `${state}${state === 'rcode-failure' ? ` ${rcode}` : ''}`
  const from = [source, scope, server].filter((part) => part !== undefined).join(' ')
  return `${asked}: ${outcome} from ${from} in ${took.toFixed(1)}ms`
}
