import type { IfIndex, Millis } from '../base/index.ts'
import type { CacheHit, CacheLimits, AnswerOrigin, MovedNames } from '../cache/index.ts'
import { ScopeCache } from '../cache/index.ts'
import type { Score } from '../routing/index.ts'
import { scoreDns, searchWalk, typesToSend } from '../routing/index.ts'
import type { Outcome, Request, ServerReport, Validation } from '../upstream/index.ts'
import {
  DnssecProbes,
  dnssecProbes,
  isBogus,
  ProbeLoop,
  serverReportOf,
  Upstream,
  Upstreams,
} from '../upstream/index.ts'
import type { Name, Question, ReadMessage } from '../wire/index.ts'
import {
  answerTo,
  asNodata,
  CD,
  foldQuestion,
  parseMessage,
  questionText,
  RCODE,
  ROOT,
  shuffleAddresses,
  withPlainTtls,
} from '../wire/index.ts'
import { FLAG } from './flags.ts'
import type { AuxiliaryReply, FailureResult, TrustReport, ValidationFailure, Verdict } from '../dnssec/index.ts'
import { placeOf } from '../dnssec/index.ts'
import type { DnssecMode } from '../settings/index.ts'
import { AnswerValidation, bareError, hasSubstance, provenReply } from './answer-validation.ts'
import { type OpenQuestion, OpenQuestions } from './open-questions.ts'
import type { Answer } from './answer.ts'
import { failed, replied } from './answer.ts'
import type { ScopeRequest } from './request.ts'
import type { UnicastPlan } from './plan.ts'
import { DNS } from './protocol.ts'
import { RefreshBudget } from './refresh-budget.ts'
import { logServers } from './server-log.ts'
import type { RouteRequest, Scope, ScopeQuestions } from './scope.ts'
import type { ChainSource, ScopeServices } from './services.ts'
import { StaleAnswers } from './stale-answers.ts'

const EBUSY = 16
const EOPNOTSUPP = 95
/** RFC 8914 §4.23. */
const NO_REACHABLE_AUTHORITY = 22
/** RFC 8914 §4.6. */
const INDETERMINATE = 5
/** Failures for want of something that a server which knows no DNSSEC would leave out. */
const MISSING: ReadonlySet<FailureResult> = new Set([
  'no-signature',
  'missing-key',
  'nsec-mismatch',
  'failed-auxiliary',
])
/** Questions that may be out at once while no server answers. */
const MAX_OFFLINE = 8

/** How DS and DNSKEY records are asked for: what becomes of them is remembered with the chains of trust. */
const AUXILIARY = {
  variant: 'chain',
  isUnchecked: true,
  readsCache: false,
  fillsCache: false,
  mayAskNetwork: true,
  mayRedirect: false,
  mayBeStale: false,
} as const

/** Of a name whose servers say nothing of it now. */
const NO_REPLY: TrustReport = {
  anchor: undefined,
  links: [],
  verdict: 'failure',
  result: 'failed-auxiliary',
  reason: 'no server answers the question itself',
}

/** Unicast DNS: a link's servers, the global ones, or those of a delegate, with what was learnt from them (R-CACHE-1). */
export class UnicastScope implements Scope, ChainSource {
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
  readonly #dnssecProbes: DnssecProbes
  readonly #refreshes = new RefreshBudget()
  /** Undefined where nothing is validated. */
  readonly #validation: AnswerValidation | undefined

  constructor(plan: UnicastPlan, limits: CacheLimits, services: ScopeServices, known: readonly Upstream[] = []) {
    this.#plan = plan
    this.#services = services
    this.#caches = limits.mode !== 'no'
    this.#remembersFailures = limits.mode === 'yes' && limits.maxEntries > 0
    this.cache = new ScopeCache(limits)
    this.upstreams = new Upstreams(
      plan.servers.map((server) => known.find((upstream) => upstream.is(server)) ?? new Upstream(server)),
    )
    this.upstreams.forgetNames() // they may have come by other domains; what is known of the servers stays
    this.#adopt(plan)
    const { transport, clock, random, log, counts, dnssec } = services
    logServers(this.upstreams, { label: () => this.label, dnssec: () => this.#plan.dnssec }, log)
    this.#questions = new OpenQuestions(this.upstreams, services)
    this.#stale = new StaleAnswers(this, this.cache, services)
    if (plan.dnssec !== 'no') {
      const parts = { ...dnssec, anchors: plan.trust.anchors, counts: counts.verdicts, clock }
      this.#validation = new AnswerValidation(parts, {
        ask: (question) => this.#askAuxiliary(question),
        onClockSet: () => this.cache.flush(),
        refreshesAhead: () => this.cache.refreshesAhead,
        onBug: (error) => log.bug(error),
      })
    }
    this.#dnssecProbes = new DnssecProbes(this.upstreams, services)
    this.#probes = new ProbeLoop(this.upstreams, transport, clock, random, (error) => log.bug(error))
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

  /** It validates, and some server can do DNSSEC as far as is known. */
  get supportsDnssec(): boolean {
    return this.#validation !== undefined && (this.upstreams.all.length === 0 || !this.#isWithoutDnssec)
  }

  servers(now: Millis): readonly ServerReport[] {
    return this.upstreams.inOrder(now).map((upstream) => serverReportOf(upstream, this.upstreams, now))
  }

  /** Cache, else one shared transaction; stale data where that takes too long or fails. */
  lookUp(request: ScopeRequest, signal: AbortSignal): Promise<Answer> {
    return Promise.resolve(this.#outcome(request, signal))
  }

  async explainTrust(question: Question): Promise<TrustReport | undefined> {
    if (this.#validation === undefined) return undefined
    const reply = await this.askChain(question, 'where-possible')
    return reply.kind === 'reply' ? await this.#validation.explain(question, reply.message) : NO_REPLY
  }

  flush(): void {
    this.cache.flush()
    this.#validation?.forget()
    this.upstreams.forgetNames()
    this.#questions.forget()
  }

  /** Chains of trust are looked for anew; answers stay. */
  forgetChains(): void {
    this.#validation?.forget()
  }

  purge(moved: MovedNames): void {
    const isMovedElsewhere = (name: Name) => moved.has(name)
    this.cache.purge(moved)
    this.#validation?.forget(isMovedElsewhere)
    this.#questions.abort(isMovedElsewhere)
    this.upstreams.forgetNames(isMovedElsewhere)
  }

  close(): void {
    this.cache.flush()
    this.#questions[Symbol.dispose]()
    this.#probes[Symbol.dispose]()
    this.#dnssecProbes[Symbol.dispose]()
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
    const proven = this.#proven(request)
    if (proven !== undefined) return proven
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

  /** What follows from answers that verified (S-CACHE-4). */
  #proven({ request, readsCache, isUnchecked = false }: ScopeRequest): Answer | undefined {
    const validation = this.#validation
    if (validation === undefined || !readsCache || isUnchecked || !this.#remembersFailures) return undefined
    const found = validation.proven.find(request, validation.now())
    if (found === undefined) return undefined
    const { question, kind } = request
    const context = { question, isRelayed: kind === 'relay', source: 'cache', attempts: [], entry: undefined } as const
    return replied(found.wire, found.message, this, { ...context, origin: found.origin })
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

  #ask(asked: ScopeRequest): Promise<Answer> {
    const request = this.#validation === undefined ? asked : withProof(asked, this.#plan.dnssec)
    if (request.request.validation === 'required') {
      const { question } = request.request
      if (this.#validation?.isUnanswerable(question) === true)
        return Promise.resolve(failed(question.name, 'no-trust-anchor', this))
      if (this.#isWithoutDnssec) return Promise.resolve(this.#incompatible(asked))
    }
    const open = this.#questions.find(request)
    if (open !== undefined) return open.answer
    const known = this.#knownToFail(request)
    if (known !== undefined) return Promise.resolve(known)
    const begun = this.#questions.begin(request, request.readsCache && this.#remembersFailures)
    if (begun === undefined) return Promise.resolve(failed(request.request.question.name, 'errno', this, [], EBUSY))
    begun.answer = this.#conclude(begun)
    return begun.answer
  }

  #knownToFail({ request: { question }, variant, isUnchecked = false }: ScopeRequest): Answer | undefined {
    if (isUnchecked || !this.#remembersFailures) return undefined
    const failure = this.#validation?.failures.find(question, variant, this.#services.clock.now())
    return failure && this.#bogus(question, failure)
  }

  #bogus({ name }: Question, failure: ValidationFailure, attempts?: Answer['attempts']): Answer {
    const { ede: code, reason: text, result: dnssecResult } = failure
    return { ...failed(name, 'dnssec-failed', this, attempts), dnssecResult, extendedError: { code, text } }
  }

  /** What the servers say, learnt. The question stays under way until then: it may be aborted or told not to be kept. */
  async #conclude(question: OpenQuestion): Promise<Answer> {
    const unable = this.#validation === undefined ? 0 : this.upstreams.unableCount(this.#services.clock.now())
    try {
      const outcome = await question.outcome
      const verdict = this.#validation === undefined ? undefined : await this.#judge(question, outcome)
      const isFinal = this.#validation === undefined || !(await this.#hasFoundUnable(question, verdict, unable))
      if (isFinal) return this.#learn(question, outcome, verdict)
    } finally {
      this.#questions.end(question)
    }
    return this.#ask({ ...question.request, isRepeated: true })
  }

  async #judge({ request }: OpenQuestion, outcome: Outcome | 'aborted'): Promise<Verdict | undefined> {
    if (outcome === 'aborted' || outcome.kind !== 'reply' || request.isUnchecked === true) return undefined
    const { message, upstream } = outcome
    if (!hasSubstance(message)) return undefined
    const lack = upstream.lackOfDnssec(this.#services.clock.now())
    if (lack !== undefined && this.#plan.dnssec !== 'yes')
      return this.#unvalidated(`DNS server ${upstream.label} ${lack}`)
    const { question } = request.request
    const isRelayed = request.variant !== '' // by now perhaps as a question of our own: whoever asked follows no alias
    const verdict = await this.#validation?.judge(question, message, !isRelayed)
    if (verdict?.kind === 'secure') upstream.dnssec.onAble(this.#services.clock.now())
    return verdict
  }

  /** S-MODE-5. */
  #unvalidated(reason: string): Verdict {
    this.#services.counts.verdicts.insecure++
    return { kind: 'insecure', reason, ede: undefined, ttl: Number.POSITIVE_INFINITY }
  }

  /**
   * Whether a server of which that was not known when there were `unable` such cannot do DNSSEC: the question is to be
   * asked anew then, once. Where proofs are missing servers are asked for that first, so that nobody who strips the data of
   * one zone passes for a server that knows no signatures (S-DOWN-4).
   */
  async #hasFoundUnable({ request, isAborted }: OpenQuestion, verdict: Verdict | undefined, unable: number) {
    const { clock } = this.#services
    if (request.isRepeated === true || isAborted) return false
    if (verdict?.kind === 'failure' && MISSING.has(verdict.result)) {
      const { name } = request.request.question
      const isAskedForAll = this.#plan.route.isDefaultRoute || this.#plan.kind === 'global'
      const domain = isAskedForAll ? ROOT : this.#plan.route.domains.longestMatch(name)
      await this.#dnssecProbes.examine(dnssecProbes(domain ?? ROOT, name))
    }
    this.upstreams.tellDnssec(clock.now())
    return this.upstreams.unableCount(clock.now()) > unable
  }

  /** No server is left that could be asked for proofs. */
  get #isWithoutDnssec(): boolean {
    return this.upstreams.unableCount(this.#services.clock.now()) === this.upstreams.all.length
  }

  /** S-MODE-4. */
  #incompatible({ request }: ScopeRequest): Answer {
    const now = this.#services.clock.now()
    const lacks = this.upstreams.all.map(
      (upstream) => `DNS server ${upstream.label} ${upstream.lackOfDnssec(now) ?? ''}`,
    )
    const extendedError = { code: INDETERMINATE, text: lacks[0] ?? '' }
    const answer = failed(request.question.name, 'dnssec-failed', this)
    return { ...answer, dnssecResult: 'incompatible-server', extendedError }
  }

  /** What belongs to a zone above the domains of this scope is asked where the name of that zone is routed to (S-SPLIT-3). */
  async #askAuxiliary(question: Question): Promise<AuxiliaryReply> {
    const place = placeOf(question.name, question.type) ?? ROOT
    const domain = this.#plan.route.domains.longestMatch(place) ?? ROOT
    const sources = domain === ROOT ? this.#services.chainSources(place) : []
    const others = sources.length === 0 || sources.includes(this) ? [this] : sources
    let reply: AuxiliaryReply = { kind: 'failure', isNetwork: true }
    for (const source of others) {
      reply = await source.askChain(question, this.#plan.dnssec === 'yes' ? 'required' : 'where-possible')
      if (reply.kind === 'reply') break
    }
    return reply
  }

  async askChain(question: Question, validation: Validation): Promise<AuxiliaryReply> {
    const request = { ...AUXILIARY, request: { kind: 'question', question, validation } } as const
    const open = this.#questions.find(request) ?? this.#beginAuxiliary(request)
    if (open === undefined) return { kind: 'failure', isNetwork: true } // too many wait for the same name and type
    const outcome = await open.outcome
    if (outcome === 'aborted' || outcome.kind === 'failure') return { kind: 'failure', isNetwork: true }
    return hasSubstance(outcome.message)
      ? { kind: 'reply', message: outcome.message }
      : { kind: 'failure', isNetwork: false }
  }

  #beginAuxiliary(request: ScopeRequest): OpenQuestion | undefined {
    const open = this.#questions.begin(request, false)
    if (open === undefined) return undefined
    const end = () => this.#questions.end(open)
    open.outcome.then(end, end)
    return open
  }

  #learn({ request, mayBeKept, isAborted }: OpenQuestion, outcome: Outcome | 'aborted', verdict?: Verdict): Answer {
    const { question } = request.request
    if (outcome === 'aborted' || isAborted) return failed(question.name, 'aborted', this)
    this.#services.counts.note(outcome)
    this.#report(question, outcome)
    if (outcome.kind === 'reply') return this.#take(request, outcome, mayBeKept, verdict)
    this.cache.onFailure(question, this.#services.clock.now())
    const answer = failed(question.name, outcome.state, this, outcome.exchanges)
    const { reason } = outcome
    return reason === undefined ? answer : { ...answer, extendedError: { code: NO_REACHABLE_AUTHORITY, text: reason } }
  }

  /** Keeps a reply, unless it must not be kept, and tells it. */
  #take(
    { request, variant, isUnchecked }: ScopeRequest,
    outcome: Extract<Outcome, { kind: 'reply' }>,
    mayBeKept: boolean,
    verdict: Verdict | undefined,
  ): Answer {
    const { clock } = this.#services
    const { question } = request
    const { upstream, channel, isConfidential, exchanges } = outcome
    if (verdict?.kind === 'failure') {
      // What was learnt before must not hide it; where only the chain could not be looked up, it may stand in as stale.
      if (verdict.result !== 'failed-auxiliary') this.cache.forgetUnproven(question, variant, clock.now())
      if (mayBeKept) this.#validation?.failures.note(question, variant, verdict, clock.now())
      return this.#bogus(question, verdict, exchanges)
    }
    const isAuthenticated = verdict?.kind === 'secure'
    const isError = this.#validation !== undefined && isUnchecked !== true && !hasSubstance(outcome.message)
    const believed = isAuthenticated ? provenReply(question, outcome, verdict) : isError ? bareError(outcome) : outcome
    const { wire, message } = this.#read(request, { ...believed, upstream })
    const learntAt = clock.wall()
    const origin: AnswerOrigin = { server: upstream.label, channel, isConfidential, learntAt, isAuthenticated }
    const isKept = mayBeKept && (this.#plan.keepsAnswersOfLoopback || !upstream.endpoint.address.isLoopback) // R-CACHE-11
    if (isKept && isAuthenticated) this.#validation?.proven.learn(verdict, origin, this.#validation.now())
    if (isKept && isBogus(message)) this.cache.forget(question, variant) // what was learnt before must not hide it
    const entry = isKept ? this.cache.store(question, variant, wire, message, origin, clock.now()) : undefined
    const isRelayed = request.kind === 'relay'
    return replied(wire, message, this, { question, isRelayed, source: 'network', origin, attempts: exchanges, entry })
  }

  /** What of the reply is believed, and passed on. */
  #read(request: Request, reply: ReadMessage & Pick<Extract<Outcome, { kind: 'reply' }>, 'upstream'>): ReadMessage {
    // Whoever has a message relayed reads it himself, signatures and all: the server's records stay as they came (R-STUB-13).
    if (request.kind === 'relay') return withPlainTtls(reply)
    const { question } = request
    const believedBelow = () => this.#plan.route.domains.longestMatch(question.name) ?? ROOT
    const read = answerTo(question, question.spelling === undefined ? reply : folded(reply), believedBelow)
    if (read.message.rcode !== RCODE.NXDOMAIN || read.message.answer.length > 0) return read
    const now = this.#services.clock.now()
    return this.cache.isContradicted(request.question, reply.upstream.label, now) ? asNodata(read) : read
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

/**
 * As it goes out where answers are validated: with signatures, and with what a server that validates would withhold. A
 * client's message without DO cannot bring them: a question of our own takes its place (S-CLI-4).
 */
function withProof(request: ScopeRequest, mode: DnssecMode): ScopeRequest {
  const { request: asked } = request
  const validation = mode === 'yes' && request.isUnchecked !== true ? 'required' : 'where-possible'
  const fillsCache = request.fillsCache && request.isUnchecked !== true
  const { question } = asked
  if (asked.kind === 'question' || parseMessage(asked.message).opt?.dnssecOk !== true) {
    return { ...request, fillsCache, request: { kind: 'question', question, validation } }
  }
  const message = Buffer.from(asked.message)
  message.writeUInt16BE(message.readUInt16BE(2) | CD, 2)
  return { ...request, fillsCache, request: { ...asked, message, validation } }
}

/** As if the question had been sent in lower case. */
function folded({ wire }: ReadMessage): ReadMessage {
  foldQuestion(wire)
  return { wire, message: parseMessage(wire) }
}
