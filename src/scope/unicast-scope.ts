import type { IfIndex, Millis } from '../base/index.ts'
import type { CacheHit, CacheLimits, AnswerOrigin } from '../cache/index.ts'
import { ScopeCache } from '../cache/index.ts'
import type { Score } from '../routing/index.ts'
import { scoreDns, searchWalk, typesToSend } from '../routing/index.ts'
import type { Outcome, Request, ServerReport } from '../upstream/index.ts'
import { isBogus, ProbeLoop, serverReportOf, Upstream, Upstreams } from '../upstream/index.ts'
import type { Name, Question } from '../wire/index.ts'
import { answerTo, parseMessage, questionText, shuffleAddresses, withPlainTtls } from '../wire/index.ts'
import { FLAG } from './flags.ts'
import { type OpenQuestion, OpenQuestions } from './open-questions.ts'
import type { Answer } from './answer.ts'
import { failed, replied } from './answer.ts'
import type { ScopeRequest } from './request.ts'
import type { UnicastPlan } from './plan.ts'
import { DNS } from './protocol.ts'
import { RefreshBudget } from './refresh-budget.ts'
import type { RouteRequest, Scope, ScopeQuestions } from './scope.ts'
import type { ScopeServices } from './services.ts'
import { StaleAnswers } from './stale-answers.ts'

const EBUSY = 16
const EOPNOTSUPP = 95
/** RFC 8914 §4.23. */
const NO_REACHABLE_AUTHORITY = 22
/** Questions that may be out at once while no server answers. */
const MAX_OFFLINE = 8

/** Unicast DNS: a link's servers, the global ones, or those of a delegate, with what was learnt from them (R-CACHE-1). */
export class UnicastScope implements Scope {
  readonly protocol = DNS
  #plan: UnicastPlan
  readonly cache: ScopeCache
  readonly upstreams: Upstreams
  readonly #services: ScopeServices
  readonly #caches: boolean
  readonly #remembersFailures: boolean
  readonly #questions: OpenQuestions
  readonly #stale: StaleAnswers
  readonly #probes: ProbeLoop
  readonly #refreshes = new RefreshBudget()

  constructor(plan: UnicastPlan, limits: CacheLimits, services: ScopeServices, known: readonly Upstream[] = []) {
    this.#plan = plan
    this.#services = services
    this.#caches = limits.mode !== 'no'
    this.#remembersFailures = limits.mode === 'yes' && limits.maxEntries > 0
    this.cache = new ScopeCache(limits)
    this.upstreams = new Upstreams(
      plan.servers.map((server) => known.find((upstream) => upstream.is(server)) ?? new Upstream(server)),
    )
    this.upstreams.forgetFailures() // of names, which may have come by other domains; the servers stay known
    this.#adopt(plan)
    const { transport, clock, random, log } = services
    this.#questions = new OpenQuestions(this.upstreams, services)
    this.#stale = new StaleAnswers(this, this.cache, services)
    this.#probes = new ProbeLoop(this.upstreams, transport, clock, random, (error) => log.bug(error))
    this.upstreams.onEncryptionNews = ({ label }, { isGood, text }) => {
      const line = `${this.label}: DNS server ${label} ${text}`
      if (isGood) log.info(line)
      else log.warning(line)
    }
  }

  get plan(): UnicastPlan {
    return this.#plan
  }

  get label(): string {
    return this.#plan.label
  }

  get ifindex(): IfIndex {
    return this.#plan.ifindex
  }

  /** Takes over a plan with the same fingerprint: a new name of the link, other own networks. */
  follow(plan: UnicastPlan): void {
    this.#adopt(plan)
    for (const [i, upstream] of this.upstreams.all.entries()) upstream.label = plan.servers[i]?.label ?? upstream.label
  }

  score({ name, types, flags }: RouteRequest): Score {
    const asksSingleLabels = this.#plan.asksSingleLabels || (flags & FLAG.RELAX_SINGLE_LABEL) !== 0
    return scoreDns(name, types, this.#plan.route, { asksSingleLabels })
  }

  /** R-SEARCH-1, R-ROUTE-14: for what goes to servers only the setting counts, whatever the query says. */
  questionsFor({ name, types, flags }: RouteRequest): readonly ScopeQuestions[] {
    const { domains, asksSingleLabels } = this.#plan
    const names = searchWalk(name, domains, (flags & FLAG.NO_SEARCH) === 0, asksSingleLabels)
    return names.map((each) => ({ name: each, types: typesToSend(each, types, asksSingleLabels) }))
  }

  servers(now: Millis): readonly ServerReport[] {
    return this.upstreams.inOrder(now).map((upstream) => serverReportOf(upstream, this.upstreams, now))
  }

  /** Cache, else one shared transaction; stale data where that takes too long or fails. */
  lookUp(request: ScopeRequest, signal: AbortSignal): Promise<Answer> {
    return Promise.resolve(this.#outcome(request, signal))
  }

  flush(): void {
    this.cache.flush()
    this.upstreams.forgetFailures()
    this.#questions.forget()
  }

  purge(isMovedElsewhere: (name: Name) => boolean): void {
    this.cache.purge(isMovedElsewhere)
    this.#questions.abort(isMovedElsewhere)
    this.upstreams.forgetFailures(isMovedElsewhere)
  }

  close(): void {
    this.cache.flush()
    this.#questions[Symbol.dispose]()
    this.#probes[Symbol.dispose]()
  }

  #adopt(plan: UnicastPlan): void {
    this.#plan = plan
    this.upstreams.tuning = plan.tuning.servers
    this.cache.staleRetention = plan.tuning.staleRetention
    this.cache.refreshesAhead = plan.tuning.refreshesAhead
  }

  #outcome(request: ScopeRequest, signal: AbortSignal): Answer | Promise<Answer> {
    this.#refreshes.earn()
    const hit = this.#hit(request)
    if (hit !== undefined) return this.#fromCache(request.request, hit)
    const { question } = request.request
    if (!request.mayAskNetwork) return failed(question.name, 'no-source', this)
    const obstacle = this.#obstacle(question.name)
    const stale = this.#stale.find(request, this.upstreams.recoveredAt)
    if (stale === undefined) return obstacle ?? this.#ask(request)
    const isBusy = obstacle?.errno === EBUSY
    if (obstacle !== undefined && !isBusy) return obstacle
    if (isBusy || stale.isKnownToFail) return this.#stale.serve(question, stale, 'timeout') // RFC 8767 §5
    const patience = this.#plan.tuning.staleAnswerAfter
    return this.#stale.unlessFresh(question, stale, this.#ask(request), patience, signal)
  }

  #hit(request: ScopeRequest): CacheHit | undefined {
    if (!request.readsCache || !this.#caches) return undefined
    const { question } = request.request
    const hit = this.cache.lookup(question, request.variant, request.mayRedirect, this.#services.clock.now())
    if (hit?.isDueForRefresh === true) this.#refreshAhead(request)
    return hit
  }

  #fromCache({ question, kind }: Request, { wire, learntFrom: origin, basis: entry }: CacheHit): Answer {
    shuffleAddresses(wire, this.#services.random) // R-CACHE-15
    const isRelayed = kind === 'relay'
    return replied(wire, parseMessage(wire), this, {
      question,
      isRelayed,
      source: 'cache',
      origin,
      attempts: [],
      entry,
    })
  }

  /** Asks for an answer in demand before it expires, while there is somebody to ask. */
  #refreshAhead(request: ScopeRequest): void {
    const { clock, log } = this.#services
    const isGood =
      this.upstreams.all[0]?.isTrusted(clock.now(), request.request.question.type) === true &&
      this.#obstacle(request.request.question.name) === undefined
    if (!request.mayAskNetwork || !isGood || !this.#refreshes.begin()) return
    this.#ask({ ...request, readsCache: false })
      .catch((error: unknown) => log.bug(error))
      .finally(() => this.#refreshes.end())
  }

  #obstacle(name: Name): Answer | undefined {
    const { obstacle } = this.#plan
    if (obstacle === undefined && this.#services.counts.isFull) return failed(name, 'errno', this, [], EBUSY)
    if (obstacle === undefined) return this.#isFullWhileOffline() ? failed(name, 'timeout', this) : undefined
    return obstacle === 'mark-unavailable' ? failed(name, 'errno', this, [], EOPNOTSUPP) : failed(name, obstacle, this)
  }

  /** Nobody answers, and enough questions are out to notice when somebody does. */
  #isFullWhileOffline(): boolean {
    return this.#questions.size >= MAX_OFFLINE && this.upstreams.isOffline(this.#services.clock.now())
  }

  #ask(request: ScopeRequest): Promise<Answer> {
    const open = this.#questions.find(request)
    if (open !== undefined) return open.answer
    const begun = this.#questions.begin(request, request.readsCache && this.#remembersFailures)
    begun.answer = this.#conclude(begun)
    return begun.answer
  }

  /** What the servers say, learnt. The question stays under way until then: it may be aborted or told not to be kept. */
  async #conclude(question: OpenQuestion): Promise<Answer> {
    try {
      const outcome = await question.outcome
      // Validation, with questions of its own, has its place here.
      return this.#learn(question, outcome)
    } finally {
      this.#questions.end(question)
    }
  }

  #learn({ request, mayBeKept, isAborted }: OpenQuestion, outcome: Outcome | 'aborted'): Answer {
    const { question } = request.request
    if (outcome === 'aborted' || isAborted) return failed(question.name, 'aborted', this)
    this.#services.counts.note(outcome)
    this.#report(question, outcome)
    if (outcome.kind === 'reply') return this.#take(request, outcome, mayBeKept)
    this.cache.onFailure(question, this.#services.clock.now())
    const answer = failed(question.name, outcome.state, this, outcome.exchanges)
    const { reason } = outcome
    return reason === undefined ? answer : { ...answer, extendedError: { code: NO_REACHABLE_AUTHORITY, text: reason } }
  }

  /** Keeps a reply, unless it must not be kept, and tells it. */
  #take({ request, variant }: ScopeRequest, reply: Extract<Outcome, { kind: 'reply' }>, mayBeKept: boolean): Answer {
    const { clock } = this.#services
    const { question } = request
    const { upstream, channel, isConfidential, exchanges } = reply
    // Whoever has a message relayed reads it himself, signatures and all: the server's records stay as they came (R-STUB-13).
    const { wire, message } = request.kind === 'relay' ? withPlainTtls(reply) : answerTo(question, reply)
    const origin: AnswerOrigin = { server: upstream.label, channel, isConfidential, learntAt: clock.wall() }
    const isKept = mayBeKept && (this.#plan.keepsAnswersOfLoopback || !upstream.endpoint.address.isLoopback) // R-CACHE-11
    if (isKept && isBogus(message)) this.cache.forget(question, variant) // what was learnt before must not hide it
    const entry = isKept ? this.cache.store(question, variant, wire, message, origin, clock.now()) : undefined
    const isRelayed = request.kind === 'relay'
    return replied(wire, message, this, { question, isRelayed, source: 'network', origin, attempts: exchanges, entry })
  }

  #report(question: Question, outcome: Outcome): void {
    this.#services.log.debug(() => {
      const tries = outcome.exchanges.map(
        ({ server, channel, took, result }) => `${server}/${channel} ${result} ${took.toFixed(1)}ms`,
      )
      return `${this.#plan.label}: ${questionText(question)}: ${tries.join(', ')}`
    })
  }
}
