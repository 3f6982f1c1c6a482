import type { CacheHit, CacheLimits, AnswerOrigin } from '../cache/index.ts'
import { ScopeCache } from '../cache/index.ts'
import type { Outcome } from '../upstream/index.ts'
import { isBogus, ProbeLoop, Upstream, Upstreams } from '../upstream/index.ts'
import type { Name, Question } from '../wire/index.ts'
import { answerTo, parseMessage, questionText, shuffleAddresses, withPlainTtls } from '../wire/index.ts'
import { OpenQuestions } from './open-questions.ts'
import type { ScopeAnswer, ScopeFailure, ScopeOutcome, ScopeRequest } from './outcome.ts'
import { failure } from './outcome.ts'
import type { ScopePlan } from './plan.ts'
import { RefreshBudget } from './refresh-budget.ts'
import type { ScopeServices } from './services.ts'
import { StaleAnswers } from './stale-answers.ts'

const EBUSY = 16
const EOPNOTSUPP = 95
/** Questions that may be out at once while no server answers. */
const MAX_OFFLINE = 8

/** One lookup context: a link's servers, or the global ones, with what was learnt from them (R-CACHE-1). */
export class Scope {
  #plan: ScopePlan
  readonly cache: ScopeCache
  readonly upstreams: Upstreams
  readonly #services: ScopeServices
  readonly #caches: boolean
  readonly #remembersFailures: boolean
  readonly #questions: OpenQuestions
  readonly #stale: StaleAnswers
  readonly #probes: ProbeLoop
  readonly #refreshes = new RefreshBudget()

  constructor(plan: ScopePlan, limits: CacheLimits, services: ScopeServices, known: readonly Upstream[] = []) {
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
    this.#questions = new OpenQuestions(this.upstreams, services, (...ended) => this.#conclude(...ended))
    this.#stale = new StaleAnswers(this.cache, services)
    this.#probes = new ProbeLoop(this.upstreams, transport, clock, random, (error) => log.bug(error))
  }

  get plan(): ScopePlan {
    return this.#plan
  }

  /** Takes over a plan with the same fingerprint: a new name of the link, other own networks. */
  follow(plan: ScopePlan): void {
    this.#adopt(plan)
    for (const [i, upstream] of this.upstreams.all.entries()) upstream.label = plan.servers[i]?.label ?? upstream.label
  }

  /** Cache, else one shared transaction; stale data where that takes too long or fails. */
  lookUp(request: ScopeRequest, signal: AbortSignal): Promise<ScopeOutcome> {
    return Promise.resolve(this.#outcome(request, signal))
  }

  /** Forgets all answers; questions on their way are answered, but not remembered nor shared any more. */
  flush(): void {
    this.cache.flush()
    this.upstreams.forgetFailures()
    this.#questions.forget()
  }

  /** Forgets names that now belong elsewhere, and breaks off questions about them. */
  purge(isMovedElsewhere: (name: Name) => boolean): void {
    this.cache.purge(isMovedElsewhere)
    this.#questions.breakOff(isMovedElsewhere)
    this.upstreams.forgetFailures(isMovedElsewhere)
  }

  /** Ends the scope: what it knew is gone and questions on their way are aborted (R-LINK-5). */
  close(): void {
    this.cache.flush()
    this.#questions[Symbol.dispose]()
    this.#probes[Symbol.dispose]()
  }

  #adopt(plan: ScopePlan): void {
    this.#plan = plan
    this.upstreams.tuning = plan.manners.tuning
    this.cache.staleRetention = plan.manners.staleRetention
    this.cache.refreshesAhead = plan.manners.refreshesAhead
  }

  #outcome(request: ScopeRequest, signal: AbortSignal): ScopeOutcome | Promise<ScopeOutcome> {
    this.#refreshes.earn()
    const hit = this.#hit(request)
    if (hit !== undefined) return this.#fromCache(hit)
    if (!request.mayAskNetwork) return failure('no-source')
    const obstacle = this.#obstacle()
    const stale = this.#stale.find(request, this.upstreams.recoveredAt)
    if (stale === undefined) return obstacle ?? this.#ask(request)
    const isBusy = obstacle?.errno === EBUSY
    if (obstacle !== undefined && !isBusy) return obstacle
    if (isBusy || stale.isKnownToFail) return this.#stale.serve(stale, 'timeout') // RFC 8767 §5
    const patience = this.#plan.manners.staleAnswerAfter
    return this.#stale.unlessFresh(request.request.question, stale, this.#ask(request), patience, signal)
  }

  #hit(request: ScopeRequest): CacheHit | undefined {
    if (!request.readsCache || !this.#caches) return undefined
    const { question } = request.request
    const hit = this.cache.lookup(question, request.variant, request.mayRedirect, this.#services.clock.now())
    if (hit?.isDueForRefresh === true) this.#refreshAhead(request)
    return hit
  }

  #fromCache({ wire, learntFrom, basis }: CacheHit): ScopeAnswer {
    shuffleAddresses(wire, this.#services.random) // R-CACHE-15
    return { kind: 'answer', origin: 'cache', wire, message: parseMessage(wire), learntFrom, basis, exchanges: [] }
  }

  /** Asks for an answer in demand before it expires, while there is somebody to ask. */
  #refreshAhead(request: ScopeRequest): void {
    const { clock, log } = this.#services
    const isGood =
      this.upstreams.all[0]?.isTrusted(clock.now(), request.request.question.type) === true &&
      this.#obstacle() === undefined
    if (!request.mayAskNetwork || !isGood || !this.#refreshes.begin()) return
    this.#ask({ ...request, readsCache: false })
      .catch((error: unknown) => log.bug(error))
      .finally(() => this.#refreshes.end())
  }

  #obstacle(): ScopeFailure | undefined {
    const { obstacle } = this.#plan
    if (obstacle === undefined && this.#services.counts.isFull) return failure('errno', EBUSY)
    if (obstacle === undefined) return this.#isCrowdedOffline() ? failure('timeout') : undefined
    const isMissing = obstacle === 'encryption-unavailable' || obstacle === 'mark-unavailable'
    return isMissing ? failure('errno', EOPNOTSUPP) : failure(obstacle)
  }

  /** Nobody answers, and enough questions are out to notice when somebody does. */
  #isCrowdedOffline(): boolean {
    return this.#questions.size >= MAX_OFFLINE && this.upstreams.isOffline(this.#services.clock.now())
  }

  #ask(request: ScopeRequest): Promise<ScopeOutcome> {
    return this.#questions.ask(request, request.readsCache && this.#remembersFailures)
  }

  #conclude(request: ScopeRequest, outcome: Outcome, mayBeKept: boolean): ScopeOutcome {
    const { question } = request.request
    this.#services.counts.note(outcome)
    this.#report(question, outcome)
    if (outcome.kind === 'reply') return this.#learn(request, outcome, mayBeKept)
    this.cache.onFailure(question, this.#services.clock.now())
    return failure(outcome.state, undefined, outcome.exchanges)
  }

  #learn(
    { request, variant }: ScopeRequest,
    reply: Extract<Outcome, { kind: 'reply' }>,
    mayBeKept: boolean,
  ): ScopeAnswer {
    const { clock } = this.#services
    const { question } = request
    const { upstream, channel, exchanges } = reply
    // Whoever has a message relayed reads it himself, signatures and all: the server's records stay as they came (R-STUB-13).
    const { wire, message } = request.kind === 'relay' ? withPlainTtls(reply) : answerTo(question, reply)
    const learntFrom: AnswerOrigin = { server: upstream.label, channel, learntAt: clock.wall() }
    const isKept = mayBeKept && (this.#plan.keepsAnswersOfLoopback || !upstream.endpoint.address.isLoopback) // R-CACHE-11
    if (isKept && isBogus(message)) this.cache.forget(question, variant) // what was learnt before must not hide it
    const basis = isKept ? this.cache.store(question, variant, wire, message, learntFrom, clock.now()) : undefined
    return { kind: 'answer', origin: 'network', wire, message, learntFrom, basis, exchanges }
  }

  #report(question: Question, outcome: Outcome): void {
    this.#services.log.debug(() => {
      const exchanges = outcome.exchanges.map(
        ({ server, channel, took, result }) => `${server}/${channel} ${result} ${took.toFixed(1)}ms`,
      )
      return `${this.#plan.label}: ${questionText(question)}: ${exchanges.join(', ')}`
    })
  }
}
