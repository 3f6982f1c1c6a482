import type { Clock, Log, Random } from '../base/index.ts'
import type { CachedAnswer, CacheHit, CacheLimits, CacheVariant, Lesson, StaleHit } from '../cache/index.ts'
import { ScopeCache } from '../cache/index.ts'
import type { FailureState, Outcome, Request, Transport, TryResult } from '../upstream/index.ts'
import { drive, isBogus, Lingering, ProbeLoop, Transaction, Upstream, Upstreams } from '../upstream/index.ts'
import type { Message, Name } from '../wire/index.ts'
import { parseMessage, questionKey, RCODE, questionText, shuffleAddresses } from '../wire/index.ts'
import { inTime } from './in-time.ts'
import type { ScopePlan } from './plan.ts'
import { RefreshBudget } from './refresh-budget.ts'
import type { TransactionCounts } from './transaction-counts.ts'

/** What the scopes share. */
export interface ScopeServices {
  readonly transport: Transport
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly counts: TransactionCounts
}

/** What one candidate asks of one scope. */
export interface ScopeRequest {
  readonly request: Request
  readonly variant: CacheVariant
  readonly readsCache: boolean
  readonly fillsCache: boolean
  readonly mayAskNetwork: boolean
  /** Whether a cached CNAME may stand in for the answer. */
  readonly mayRedirect: boolean
  /** Whether an expired answer may stand in for one that cannot be had. */
  readonly mayBeStale: boolean
}

export type ScopeOutcome = ScopeAnswer | ScopeFailure

export interface ScopeAnswer {
  readonly kind: 'answer'
  /** `stale`: from the cache, past its time, as no server could be reached (RFC 8767). */
  readonly origin: 'cache' | 'network' | 'stale'
  readonly wire: Buffer
  readonly message: Message
  readonly lesson: Lesson
  /** The cache entry it rests on; undefined when it was not kept. */
  readonly basis: CachedAnswer | undefined
  readonly tries: readonly TryResult[]
}

export interface ScopeFailure {
  readonly kind: 'failure'
  readonly state: FailureState | 'stub-loop' | 'aborted' | 'no-source' | 'errno'
  /** Set for `errno`. */
  readonly errno: number | undefined
  readonly tries: readonly TryResult[]
}

const EBUSY = 16
/** Questions that may be out at once while no server answers. */
const MAX_OFFLINE = 8
const EOPNOTSUPP = 95

/** A question that is on its way. */
interface InFlight {
  readonly name: Name
  readonly answer: Promise<ScopeOutcome>
  readonly abort: AbortController
  /** Cleared when what it will learn must not be kept. */
  mayBeKept: boolean
}

/** One lookup context: a link's servers, or the global ones, with what was learnt from them (R-CACHE-1). */
export class Scope {
  #plan: ScopePlan
  readonly cache: ScopeCache
  readonly upstreams: Upstreams
  readonly #services: ScopeServices
  readonly #caches: boolean
  readonly #remembersFailures: boolean
  /** Identical questions share one transaction (R-SRV-17). */
  readonly #inFlight = new Map<string, InFlight>()
  readonly #running = new Set<InFlight>()
  /** Answers that come too late for their question. */
  readonly #lingering = new Lingering()
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
    const { transport, clock, random, log } = services
    this.#adopt(plan)
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

  /**
   * Cache, else one shared transaction, which goes on to fill the cache when its askers have gone (R-MERGE-3); stale
   * data where that takes too long or fails.
   */
  async lookUp(request: ScopeRequest, signal: AbortSignal): Promise<ScopeOutcome> {
    const { question } = request.request
    this.#refreshes.earn()
    if (request.readsCache && this.#caches) {
      const hit = this.cache.lookup(question, request.variant, request.mayRedirect, this.#services.clock.now())
      if (hit?.isDueForRefresh === true) this.#refreshAhead(request)
      if (hit !== undefined) return this.#fromCache(hit)
    }
    if (!request.mayAskNetwork) return failure('no-source')
    const obstacle = this.#obstacle()
    const stale = this.#stale(request)
    if (stale === undefined) return obstacle ?? untilAborted(this.#share(request).answer, signal)
    if (obstacle !== undefined) return obstacle.errno === EBUSY ? this.#serveStale(stale, 'timeout') : obstacle
    return this.#freshOrStale(request, stale, signal)
  }

  /** Forgets all answers; questions on their way are answered, but not remembered nor shared any more. */
  flush(): void {
    this.cache.flush()
    this.upstreams.forgetFailures()
    for (const question of this.#running) question.mayBeKept = false
    this.#inFlight.clear()
  }

  /** Forgets names that now belong elsewhere, and breaks off questions about them. */
  purge(isDoomed: (name: Name) => boolean): void {
    this.cache.purge(isDoomed)
    for (const question of this.#running) if (isDoomed(question.name)) question.abort.abort()
  }

  /** Ends the scope: what it knew is gone and questions on their way are aborted (R-LINK-5). */
  close(): void {
    this.cache.flush()
    for (const question of this.#running) question.abort.abort()
    this.#lingering[Symbol.dispose]()
    this.#probes[Symbol.dispose]()
  }

  #adopt(plan: ScopePlan): void {
    this.#plan = plan
    this.upstreams.tuning = plan.manners.tuning
    this.cache.staleRetention = plan.manners.staleRetention
    this.cache.refreshesAhead = plan.manners.refreshesAhead
  }

  /** Messages that are relayed as they are carry signatures, which expire for good: they are never stale. */
  #stale({ request, variant, readsCache, mayBeStale }: ScopeRequest): StaleHit | undefined {
    const mayHelp = readsCache && mayBeStale && variant === '' && this.#plan.manners.staleRetention > 0
    return mayHelp ? this.cache.stale(request.question, this.#services.clock.now()) : undefined
  }

  /** Waits a little for fresh data, which goes on being fetched; not at all where that failed a moment ago (RFC 8767 §5). */
  async #freshOrStale(request: ScopeRequest, stale: StaleHit, signal: AbortSignal): Promise<ScopeOutcome> {
    if (stale.isKnownToFail) return this.#serveStale(stale, 'timeout')
    const { clock } = this.#services
    const refresh = this.#share(request).answer
    const fresh = await inTime(refresh, this.#plan.manners.staleAnswerAfter, clock, signal)
    // Flushed meanwhile, or the name belongs elsewhere now: then only fresh data will do.
    if (!stale.fact.isCurrent || fresh?.kind === 'answer') {
      const outcome = fresh ?? (await untilAborted(refresh, signal))
      return stale.fact.isCurrent && isTrouble(outcome) ? this.#serveStale(stale, 'failure') : outcome
    }
    return fresh?.state === 'aborted' ? fresh : this.#serveStale(stale, 'timeout')
  }

  #serveStale({ wire, lesson }: StaleHit, instead: 'timeout' | 'failure'): ScopeAnswer {
    if (instead === 'timeout') this.#services.counts.timeoutsServedStale++
    else this.#services.counts.failuresServedStale++
    shuffleAddresses(wire, this.#services.random) // R-CACHE-15
    return { kind: 'answer', origin: 'stale', wire, message: parseMessage(wire), lesson, basis: undefined, tries: [] }
  }

  /** Asks for an answer in demand before it expires, while there is somebody to ask. */
  #refreshAhead(request: ScopeRequest): void {
    const { clock, log } = this.#services
    const isGood = this.upstreams.all[0]?.isTrusted(clock.now()) === true && this.#obstacle() === undefined
    if (!request.mayAskNetwork || !isGood || !this.#refreshes.begin()) return
    this.#share({ ...request, readsCache: false })
      .answer.catch((error: unknown) => log.bug(error))
      .finally(() => this.#refreshes.end())
  }

  #fromCache({ wire, lesson, basis }: CacheHit): ScopeAnswer {
    shuffleAddresses(wire, this.#services.random) // R-CACHE-15
    return { kind: 'answer', origin: 'cache', wire, message: parseMessage(wire), lesson, basis, tries: [] }
  }

  #obstacle(): ScopeFailure | undefined {
    const { obstacle } = this.#plan
    if (obstacle === undefined && this.#services.counts.isFull) return failure('errno', EBUSY)
    if (obstacle === undefined) return this.#isCrowdedOffline() ? failure('timeout') : undefined
    return obstacle === 'not-supported' ? failure('errno', EOPNOTSUPP) : failure(obstacle)
  }

  /** Nobody answers, and enough questions are out to notice when somebody does. */
  #isCrowdedOffline(): boolean {
    return this.#running.size >= MAX_OFFLINE && this.upstreams.isOffline(this.#services.clock.now())
  }

  #share(request: ScopeRequest): InFlight {
    const key = shareKey(request)
    const shared = this.#inFlight.get(key)
    if (shared !== undefined) return shared
    const abort = new AbortController()
    const inFlight: InFlight = {
      name: request.request.question.name,
      abort,
      mayBeKept: request.fillsCache,
      answer: this.#transact(request, abort.signal, () => inFlight.mayBeKept).finally(() => {
        this.#running.delete(inFlight)
        if (this.#inFlight.get(key) === inFlight) this.#inFlight.delete(key)
      }),
    }
    this.#inFlight.set(key, inFlight)
    this.#running.add(inFlight)
    return inFlight
  }

  async #transact(
    { request, variant, readsCache }: ScopeRequest,
    signal: AbortSignal,
    mayBeKept: () => boolean,
  ): Promise<ScopeOutcome> {
    const { transport, clock, random, counts } = this.#services
    const transaction = new Transaction(
      request,
      this.upstreams,
      random,
      clock.now(),
      readsCache && this.#remembersFailures,
    )
    counts.begin()
    try {
      const outcome = await drive(transaction, transport, clock, this.#lingering, signal)
      if (signal.aborted) return failure('aborted')
      counts.note(outcome)
      this.#report(request, outcome)
      if (outcome.kind === 'failure') this.cache.onFailure(request.question, clock.now())
      return outcome.kind === 'failure'
        ? failure(outcome.state, undefined, outcome.tries)
        : this.#learn(request, variant, outcome, mayBeKept())
    } catch (error) {
      if (signal.aborted) return failure('aborted')
      throw error
    } finally {
      counts.end()
    }
  }

  #learn(
    { question }: Request,
    variant: CacheVariant,
    { wire, message, upstream, protocol, tries }: Extract<Outcome, { kind: 'reply' }>,
    mayBeKept: boolean,
  ): ScopeAnswer {
    const { clock } = this.#services
    const lesson: Lesson = { server: upstream.label, protocol, learntAt: clock.wall() }
    const isKept = mayBeKept && (this.#plan.keepsAnswersOfLoopback || !upstream.endpoint.address.isLoopback) // R-CACHE-11
    const basis = isKept ? this.cache.store(question, variant, wire, message, lesson, clock.now()) : undefined
    return { kind: 'answer', origin: 'network', wire, message, lesson, basis, tries }
  }

  #report({ question }: Request, outcome: Outcome): void {
    this.#services.log.debug(() => {
      const tries = outcome.tries.map(
        ({ server, protocol, took, result }) => `${server}/${protocol} ${result} ${took.toFixed(1)}ms`,
      )
      return `${this.#plan.label}: ${questionText(question)}: ${tries.join(', ')}`
    })
  }
}

/** An error that says nothing about the name; bogus data does, and old data must not hide it. */
function isTrouble(outcome: ScopeOutcome): boolean {
  if (outcome.kind === 'failure') return outcome.state !== 'aborted'
  const { message } = outcome
  return message.rcode !== RCODE.NOERROR && message.rcode !== RCODE.NXDOMAIN && !isBogus(message)
}

function failure(state: ScopeFailure['state'], errno?: number, tries: readonly TryResult[] = []): ScopeFailure {
  return { kind: 'failure', state, errno, tries }
}

/** Relayed messages are shared only when they are the same to the byte, ID aside. */
function shareKey({ request, variant }: ScopeRequest): string {
  const key = `${questionKey(request.question)} ${variant}`
  return request.kind === 'relay' ? `${key} ${request.message.toString('latin1', 2)}` : key
}

/** Waits for a promise that others wait for too; the wait ends with the signal, the work does not. @throws its reason */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error)
    if (signal.aborted) return abort()
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
