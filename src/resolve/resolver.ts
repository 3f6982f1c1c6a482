import { AbortableWaits } from '../base/index.ts'
import type { Answer, ScopeIdentity } from '../scope/index.ts'
import { isLocalOnly, isNeverSent } from '../routing/index.ts'
import { failed, FLAG, PROTOCOLS, unrepeatable } from '../scope/index.ts'
import { type Name, questionText } from '../wire/index.ts'
import { Admission } from './admission.ts'
import { Chain } from './chain.ts'
import type { ExplainedTrust, Explanation } from './explained.ts'
import { SourceOrder } from './order.ts'
import { isInternet } from './permitted.ts'
import type { Query, Resolution } from './query.ts'
import { RebindGuard } from './rebinding.ts'
import { scoresOf } from './scope-scores.ts'
import type { ResolverServices } from './services.ts'
import { HooksSource } from './sources/hooks.ts'
import { fileSources } from './sources/local-files.ts'
import { Refusal } from './sources/refusal.ts'
import { ScopesSource } from './sources/scopes.ts'
import type { AnswerSource, Asking } from './sources/source.ts'
import { Synthesis } from './sources/synthesis.ts'
import { QueryWatchers } from './watchers.ts'

/** A query with search domains and redirects ends after this long, whatever is still open. */
const QUERY_LIFETIME = 120_000
const EBUSY = 16
/** RFC 8914 §4.15, Not Ready. */
const TOO_BUSY = { code: 14, text: 'too many questions are under way' }

/** The one way from question to answer: stub, bus and varlink all come through here. */
export class Resolver {
  /** Those who see finished queries. */
  readonly watchers = new QueryWatchers()
  readonly #services: ResolverServices
  readonly #refusal: Refusal
  readonly #rebinding: RebindGuard
  readonly #files: readonly AnswerSource[]
  readonly #sources: SourceOrder
  readonly #admission = new Admission()
  readonly #waits = new AbortableWaits()

  constructor(services: ResolverServices) {
    const { scopes, local, hooks, catchUp, settings, clock } = services
    this.#services = services
    this.#refusal = new Refusal(settings)
    this.#rebinding = new RebindGuard(settings, scopes)
    this.#files = fileSources(local, settings)
    const host = () => local.host()
    this.#sources = new SourceOrder([
      this.#refusal,
      ...this.#files,
      new HooksSource(hooks),
      new ScopesSource({ scopes, host, catchUp, clock }),
      new Synthesis(host),
    ])
  }

  /** How the question would be treated now, and why: nothing is asked. */
  async explain(query: Query): Promise<Explanation> {
    const found = await this.#sources.explain(query)
    return { name: query.name, types: query.types, ...found, changedAt: this.#services.scopes.changedAt }
  }

  /** Chains of trust of `name` in the scopes that are asked for it, as they are now: they are asked for. */
  async explainTrust(query: Query, name: Name): Promise<ExplainedTrust[]> {
    const scopes = this.#services.scopes.route(query)
    const all = scopes.flatMap((scope) =>
      query.types.map(async (type): Promise<ExplainedTrust | undefined> => {
        const question = { name, type, class: query.class }
        const report = await scope.explainTrust?.(question)
        return report && { ...report, scope: scope.label, ifindex: scope.ifindex, question }
      }),
    )
    return (await Promise.all(all)).filter((each) => each !== undefined)
  }

  /** Whether questions for this type are turned down (`RefuseRecordTypes=`). */
  refuses(type: number): boolean {
    return this.#refusal.refuses(type)
  }

  /** Whether servers, had there been any, would not have been asked either (R-ROUTE-6, R-ROUTE-14). */
  isNeverSent(query: Query, name: Name): boolean {
    return isInternet(query) && isNeverSent(name, query.types, this.#services.settings().resolveUnicastSingleLabel)
  }

  /** Changes when `isRoutedTo` may say something else of a scope that is still in force. */
  get routesVersion(): number {
    return this.#services.scopes.takeoverVersion + this.#services.local.addressesVersion
  }

  /** Whether this scope, and no other, would be asked now: then what its cache holds is what the query gets. */
  isRoutedTo(scope: ScopeIdentity, query: Query): boolean {
    const { scopes, local } = this.#services
    if (isLocalOnly(query.name, local.host())) return false
    const found = scopes.route(query)
    return found.length === 1 && found[0] === scope
  }

  /** Never throws for what a network or a name can do wrong. @throws the signal's reason when aborted */
  async resolve(query: Query, signal: AbortSignal): Promise<Resolution> {
    const startedAt = this.#services.clock.now()
    const slot = this.#admission.enter(query.client)
    try {
      const asked = this.#refusal.accepted(query)
      // Without a slot it may still be answered from what is known.
      const allowed = slot === undefined ? { ...asked, flags: asked.flags | FLAG.NO_NETWORK } : asked
      const chain = await this.#waits.until(this.#walk(allowed, startedAt, signal), signal)
      if (slot !== undefined || chain.answer.state !== 'no-source') return this.#finish(query, chain, startedAt)
      const overload = { ...failed(query.name, 'errno', undefined, [], EBUSY), extendedError: TOO_BUSY }
      return this.#finish(query, new Chain(query, overload), startedAt)
    } finally {
      slot?.[Symbol.dispose]() // by hand: what `using` is compiled to allocates a stack and an error to throw
    }
  }

  /** From name to name along CNAMEs, each from the first source on (R-CNAME-2); no further once aborted. */
  async #walk(query: Query, startedAt: number, signal: AbortSignal): Promise<Chain> {
    const chain = new Chain(query)
    const asking = { deadline: startedAt + QUERY_LIFETIME, signal }
    let step = query
    for (;;) {
      signal.throwIfAborted()
      const answer = this.#unlessHooked(step.name, await this.#sources.ask(step, asking.deadline, signal))
      // Led to a name that nobody is asked for: what the server said on the way there is all there is to know.
      if (chain.redirects > 0 && answer.state === 'no-servers' && this.isNeverSent(query, step.name)) return chain
      const isRelayed = step.relayed !== undefined && answer.wire !== undefined
      const next = isRelayed
        ? chain.arrive(answer)
        : chain.follow(answer, (name) => this.#isKnownBetter({ ...step, name, relayed: undefined }, answer, asking))
      if (next === undefined) return chain
      const { spelling } = chain
      step = { ...query, name: next, spelling, flags: redirectedFlags(query.flags, answer.flags), relayed: undefined }
    }
  }

  /** A hook that left the name to others may not do so again. */
  #unlessHooked(name: Name, answer: Answer): Answer {
    return this.#services.hooks.taking(name).length > 0 ? unrepeatable(answer) : answer
  }

  /**
   * Whether others have to say what is at a redirect's target: this machine, or scopes that would be asked for the name while
   * the one that told of it would not. Then no server is believed beyond what it is asked for, and it makes no difference
   * which of the answers is cached.
   */
  #isKnownBetter(query: Query, { scope }: Answer, asking: Asking): boolean {
    if (scope === undefined || this.isNeverSent(query, query.name)) return false
    const { scopes, local } = this.#services
    if (isLocalOnly(query.name, local.host())) return true
    if (this.#services.hooks.taking(query.name).length > 0) return true
    const isKnown = (file: AnswerSource) => file.off(query) === undefined && file.ask(query, asking) !== undefined
    if (this.#files.some(isKnown)) return true
    const others = scopes.route(query)
    return others.length > 0 && !others.some((each) => each === scope)
  }

  #finish(query: Query, chain: Chain, startedAt: number): Resolution {
    const { clock, log, scopes } = this.#services
    const { name, collected } = chain
    const answer = this.#rebinding.guarded(chain.answer, chain.first)
    const took = clock.now() - startedAt
    const scores = () => scoresOf({ ...query, name: answer.name }, scopes)
    const resolution: Resolution = { query, name, answer, collected, took, scores }
    log.debug(() => describe(resolution))
    this.watchers.tell(resolution)
    return resolution
  }
}

/** After a redirect that unicast DNS gave, only unicast DNS goes on, without search domains (R-CNAME-4). */
function redirectedFlags(flags: number, answerFlags: number): number {
  const isUnicast = (answerFlags & FLAG.DNS) !== 0 && (answerFlags & (FLAG.FROM_NETWORK | FLAG.FROM_CACHE)) !== 0
  return (isUnicast ? (flags & ~PROTOCOLS) | FLAG.DNS : flags) | FLAG.NO_SEARCH
}

function describe({ query, answer, took }: Resolution): string {
  const asked = query.types.map((type) => questionText({ ...query, type })).join(', ')
  const from = [answer.source, answer.scope?.label, answer.origin?.server].filter((part) => part !== undefined)
  return `${asked}: ${outcomeText(answer)} from ${from.join(' ')} in ${took.toFixed(1)}ms`
}

function outcomeText({ state, rcode, records }: Answer): string {
  if (state === 'success') return `${records.length} records`
  return state === 'rcode-failure' ? `${state} ${rcode}` : state
}
