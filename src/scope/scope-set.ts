import { type Dependency, type IfIndex, lazily, type Millis, Validity } from '../base/index.ts'
import { CacheBudget, MovedNames, type Network } from '../cache/index.ts'
import type { Scored } from '../routing/index.ts'
import { NO, scoreChain } from '../routing/index.ts'
import type { ResolvedSettings } from '../settings/index.ts'
import type { Message, Name, Question } from '../wire/index.ts'
import { planMulticast } from './multicast-plan.ts'
import { MulticastScopes } from './multicast-scopes.ts'
import type { LinkFacts, NetworkFacts } from './network-facts.ts'
import type { Planned, ScopeInput, UnicastPlan } from './plan.ts'
import { planChanges } from './plan-changes.ts'
import { planScopes } from './plan.ts'
import { RouteIndex } from './route-index.ts'
import { permits } from './protocol.ts'
import type { RouteRequest, Scope } from './scope.ts'
import type { ScopeIdentity } from './scope-identity.ts'
import type { ScopeServices } from './services.ts'
import { UnicastScope } from './unicast-scope.ts'

/** The scopes in force. `apply` replaces them in one step, so that no name is ever routed by half a change. */
export class ScopeSet {
  /** Told when a scope has gone over to another of its servers. */
  onCurrentServerChanged: (scope: UnicastScope) => void = () => undefined
  /** Told when other scopes, or other settings of theirs, are in force. */
  onApplied: () => void = () => undefined
  readonly #services: ScopeServices
  #unicast: readonly UnicastScope[] = []
  readonly #multicast: MulticastScopes
  #all: readonly Scope[] = []
  #index = lazily(() => new RouteIndex([]))
  #planned: Planned | undefined
  /** Memory for the caches of all scopes. */
  readonly #budget = new CacheBudget(0)
  readonly #routesValidity = new Validity()
  readonly #answersValidity = new Validity()
  #version = 0
  #takeoverVersion = 0
  #changedAt: Millis | undefined

  constructor(services: Omit<ScopeServices, 'chainSources'>) {
    this.#services = { ...services, chainSources: (place) => this.#chainSources(place) }
    this.#multicast = new MulticastScopes(services)
  }

  /** Of every protocol. */
  get all(): readonly Scope[] {
    return this.#all
  }

  /** Those with servers. */
  get unicast(): readonly UnicastScope[] {
    return this.#unicast
  }

  /** Current until the scopes or their routes change, or all answers are flushed. */
  get routes(): Dependency {
    return this.#routesValidity.current
  }

  /** Current until all answers are flushed, whatever the routes. */
  get answers(): Dependency {
    return this.#answersValidity.current
  }

  /** Grows with every change of routing: a query that was aborted by one is asked again under the new. */
  get version(): number {
    return this.#version
  }

  /**
   * Grows when names may have come to another scope though the one they went to is still there. When scopes only go, as
   * with their links, what the others have told stays right: nobody has to look at it again.
   */
  get takeoverVersion(): number {
    return this.#takeoverVersion
  }

  /** Wall-clock time of the last change of links, servers or domains: what was learnt before it may be out of date. */
  get changedAt(): Millis | undefined {
    return this.#changedAt
  }

  /** The global scope; undefined before the first `apply`. */
  get global(): UnicastScope | undefined {
    return this.#unicast.find((scope) => scope.plan.kind === 'global')
  }

  /** A link's scope of unicast DNS. */
  ofLink(ifindex: IfIndex): UnicastScope | undefined {
    return this.onLink(ifindex).find((scope) => scope instanceof UnicastScope)
  }

  /** All scopes of a link: one for each protocol spoken there. */
  onLink(ifindex: IfIndex): readonly Scope[] {
    return this.#index().onLink(ifindex)
  }

  /** Whether another program of this machine answers there by multicast DNS, and this one leaves it to that. */
  leavesAnsweringToOthers(ifindex: IfIndex): boolean {
    return this.#multicast.yieldsOn(ifindex)
  }

  ofDelegate(id: string): UnicastScope | undefined {
    return this.#unicast.find((scope) => scope.plan.kind === 'delegate' && scope.plan.id === `delegate ${id}`)
  }

  /**
   * Puts new facts and settings in force. When it returns, scopes whose link, servers or domains changed have forgotten
   * everything and their questions are aborted; what other scopes knew of names that now belong to a link is gone too.
   */
  apply(input: ScopeInput): void {
    const plans = planScopes(input, this.#planned)
    this.#budget.limit = input.settings.dnsCacheBytes
    const planned = this.#planned
    this.#planned = { input, plans }
    if (!hasSameAddresses(planned?.input.facts, input.facts))
      for (const scope of this.#unicast) scope.upstreams.renewCookies()
    if (planned?.input.settings !== input.settings) this.#multicast.retry()
    const hasMulticastChanged = this.#multicast.apply(planMulticast(input))
    if (this.#isInForce(plans) && !hasMulticastChanged) {
      for (const [i, plan] of plans.entries()) this.#unicast[i]?.follow(plan)
      return
    }
    // Of ten thousand links most have the very plan they had: they are passed over, in few loops.
    const { staying, changed, replaced } = this.#compare(plans)
    const before = new Map(replaced.map(({ plan }) => [plan.id, plan]))
    const gained = changed.flatMap((plan) => gains(plan, before.get(plan.id)))
    const isTakeover = changed.some((plan) => takesOtherNames(plan, before.get(plan.id)))
    const oldScopes = new Map(replaced.map((scope) => [scope.plan.id, scope]))
    const made = changed.map((plan) => this.#keepOrMake(plan, oldScopes.get(plan.id), input.settings))
    let next = 0
    this.#unicast = staying.map((scope) => scope ?? (made[next++] as UnicastScope))
    this.#replaceAll([...this.#unicast, ...this.#multicast.all])
    this.#routesValidity.invalidate()
    this.#version++
    if (isTakeover || hasMulticastChanged) this.#takeoverVersion++
    this.#changedAt = this.#services.clock.wall()
    for (const line of planChanges([...before.values()], changed)) this.#services.log.info(line)
    const kept = new Set<Scope>(made)
    for (const scope of replaced) if (!kept.has(scope)) scope.close()
    for (const scope of this.#unicast) scope.forgetChains() // part of them may have come through others
    const old = new Set<Scope>(replaced)
    purgeLost(
      this.all.filter((scope) => old.has(scope) || !kept.has(scope)), // a new one knows nothing yet
      gained,
    )
    this.#prepare(changed)
    this.onApplied()
  }

  /** Whether answers of any server are validated. */
  get isValidating(): boolean {
    return this.#unicast.some(({ plan }) => plan.dnssec !== 'no' && plan.servers.length > 0)
  }

  /** The reply to a question about a chain of trust, by whoever its name is routed to; nobody has verified it. */
  async askChain(question: Question): Promise<Message | undefined> {
    for (const source of this.#chainSources(question.name)) {
      const reply = await source.askChain(question, 'where-possible')
      if (reply.kind === 'reply') return reply.message
    }
    return undefined
  }

  /** Undefined once it has gone. */
  planOf(scope: ScopeIdentity): UnicastPlan | undefined {
    return this.#unicast.find((each) => each === scope)?.plan
  }

  /** How each scope takes a name, for routing and for explaining it. */
  score(request: RouteRequest): Scored<Scope>[] {
    const scopes = this.all.filter((scope) => isMeant(scope, request))
    return scopes.map((scope) => {
      const { score, reason } = scope.score(request)
      return { scope, score, reason }
    })
  }

  /** The candidates for a name (R-ROUTE-1). */
  route(request: RouteRequest): Scope[] {
    return this.#index().route(request)
  }

  flush(): void {
    this.#routesValidity.invalidate()
    this.#answersValidity.invalidate()
    for (const scope of this.all) scope.flush()
  }

  resetServers(): void {
    for (const scope of this.#unicast) scope.upstreams.reset()
  }

  /** The machine has slept (R-SRV-16): what was learnt of servers goes, answers stay for the rest of their time. */
  wake(): void {
    for (const scope of this.#unicast) scope.upstreams.wake(this.#services.clock.now())
    this.#multicast.verify()
  }

  close(): void {
    for (const scope of this.#unicast) scope.close()
    this.#multicast.close()
    this.#unicast = []
    this.#replaceAll([])
  }

  #replaceAll(all: readonly Scope[]): void {
    this.#all = all
    this.#index = lazily(() => new RouteIndex(all))
  }

  /** What loads late for encrypted servers is loaded before the first question to one. */
  #prepare(plans: readonly UnicastPlan[]): void {
    for (const { servers } of plans) {
      for (const { channels } of servers) {
        const { encrypted } = channels
        if (encrypted !== undefined)
          this.#services.transport.prepare(encrypted.channel, encrypted.endpoint.isVerified === true)
      }
    }
  }

  #chainSources(place: Name): readonly UnicastScope[] {
    return this.#index().mostWanted(place, ({ plan }) =>
      plan.obstacle === undefined ? scoreChain(place, plan.route) : NO,
    )
  }

  /** True when nothing that routes or answers would change: a link's new name, or a kernel event about something else. */
  #isInForce(plans: readonly UnicastPlan[]): boolean {
    const current = this.#unicast
    return plans.length === current.length && plans.every((plan, i) => isSame(plan, current[i]?.plan))
  }

  /** The scopes in force that have the very plans, `undefined` in the place of each that has not; and those of no plan. */
  #compare(plans: readonly UnicastPlan[]) {
    const known = new Map<UnicastPlan, UnicastScope>()
    for (const scope of this.#unicast) known.set(scope.plan, scope)
    const changed: UnicastPlan[] = []
    const staying = plans.map((plan) => {
      const scope = known.get(plan)
      if (scope === undefined) changed.push(plan)
      else known.delete(plan)
      return scope
    })
    return { staying, changed, replaced: [...known.values()] }
  }

  #keepOrMake(plan: UnicastPlan, old: UnicastScope | undefined, settings: ResolvedSettings): UnicastScope {
    if (old?.plan.fingerprint === plan.fingerprint) {
      old.follow(plan)
      return old
    }
    const limits = { maxEntries: settings.dnsCacheSize, mode: settings.cache, budget: this.#budget }
    // What is known of a server holds on the network it was learnt on (R-SRV-16).
    const isSameNetwork = old?.plan.network === plan.network
    const scope = new UnicastScope(plan, limits, this.#services, isSameNetwork ? old?.upstreams.all : [])
    scope.upstreams.onCurrentChanged = () => this.onCurrentServerChanged(scope)
    return scope
  }
}

/** Whether this machine can be reached by the same addresses as before, at the same links. */
function hasSameAddresses(before: NetworkFacts | undefined, facts: NetworkFacts): boolean {
  if (before === facts || before === undefined) return before === facts
  for (const [ifindex, link] of facts.links) {
    const old = before.links.get(ifindex)
    if (old !== link && addressesText(old) !== addressesText(link)) return false
  }
  for (const [ifindex, old] of before.links) if (!facts.links.has(ifindex) && addressesText(old) !== '') return false
  return true
}

function addressesText(link: LinkFacts | undefined): string {
  return link === undefined ? '' : link.addresses.map(({ address }) => address.text).join()
}

/** R-ROUTE-2. */
function isMeant(scope: Scope, { ifindex, flags }: RouteRequest): boolean {
  return permits(flags, scope.protocol) && (ifindex === 0 || scope.ifindex === ifindex)
}

/** What scopes know of names that others have gained. */
function purgeLost(scopes: readonly Scope[], gained: readonly Gain[]): void {
  if (gained.length === 0) return
  const moved = namesOf(gained)
  const gainers = new Set(gained.map(({ id }) => id))
  for (const scope of scopes) {
    const { id } = scope.plan
    const others = gainers.has(id) ? gained.filter((gain) => gain.id !== id) : gained
    if (others.length > 0) scope.purge(others === gained ? moved : namesOf(others))
  }
}

function namesOf(gained: readonly Gain[]): MovedNames {
  const moved = new MovedNames()
  for (const { domains, networks } of gained) moved.add(domains, networks)
  return moved
}

function isSame(plan: UnicastPlan, current: UnicastPlan | undefined): boolean {
  return plan === current || stateOf(plan) === stateOf(current)
}

/** All of a plan that decides what is asked where. */
function stateOf(plan: UnicastPlan | undefined): string | undefined {
  return plan && [plan.id, plan.fingerprint, plan.obstacle, plan.asksSingleLabels, subnetsOf(plan)].join()
}

function subnetsOf({ route }: UnicastPlan): string {
  return route.subnets.map(({ address, prefixLength }) => `${address.text}/${prefixLength}`).join(' ')
}

/** Whether there is any name that it wants more or less than before. */
function takesOtherNames(plan: UnicastPlan, before: UnicastPlan | undefined): boolean {
  return plan !== before && routeText(plan) !== routeText(before)
}

function routeText(plan: UnicastPlan | undefined): string | undefined {
  if (plan === undefined) return undefined
  const { route, domains, asksSingleLabels } = plan
  return JSON.stringify({ ...route, domains, subnets: subnetsOf(plan), asksSingleLabels })
}

/** Names that a scope did not take before. */
interface Gain {
  readonly id: string
  readonly domains: readonly Name[]
  readonly networks: readonly Network[]
}

function gains(plan: UnicastPlan, before: UnicastPlan | undefined): Gain[] {
  if (plan === before) return []
  const { id } = plan
  const had = new Set(before?.domains.map(({ name }) => name))
  const domains = plan.domains.map(({ name }) => name).filter((name) => !had.has(name))
  const networks = plan.route.subnets.filter(
    (subnet) =>
      !before?.route.subnets.some(
        (known) => known.prefixLength === subnet.prefixLength && known.address.equals(subnet.address),
      ),
  )
  return domains.length + networks.length === 0 ? [] : [{ id, domains, networks }]
}
