import { type Dependency, type IfIndex, type Millis, Validity } from '../base/index.ts'
import { CacheBudget } from '../cache/index.ts'
import type { RouteOptions, Score, Scored } from '../routing/index.ts'
import { NO, scoreDns, winners } from '../routing/index.ts'
import type { ResolvedSettings } from '../settings/index.ts'
import type { Name } from '../wire/index.ts'
import { addressOfReverseName, isWithin } from '../wire/index.ts'
import type { Planned, ScopeInput, ScopePlan } from './plan.ts'
import { planScopes } from './plan.ts'
import { Scope } from './scope.ts'
import type { ScopeServices } from './services.ts'

/** A name to be routed. */
export interface RouteRequest {
  readonly name: Name
  readonly types: readonly number[]
  /** Only this link's scope, when not 0 (R-ROUTE-2). */
  readonly ifindex: IfIndex
}

/** The scopes in force. `apply` replaces them in one step, so that no name is ever routed by half a change. */
export class ScopeSet {
  readonly #services: ScopeServices
  #scopes: readonly Scope[] = []
  #planned: Planned | undefined
  /** Memory for the caches of all scopes. */
  readonly #budget = new CacheBudget(0)
  readonly #routesValidity = new Validity()
  readonly #answersValidity = new Validity()
  #version = 0
  #takeoverVersion = 0
  #changedAt: Millis | undefined

  constructor(services: ScopeServices) {
    this.#services = services
  }

  get all(): readonly Scope[] {
    return this.#scopes
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
  get global(): Scope | undefined {
    return this.#scopes.find((scope) => scope.plan.kind === 'global')
  }

  ofLink(ifindex: IfIndex): Scope | undefined {
    return this.#scopes.find((scope) => scope.plan.kind === 'link' && scope.plan.ifindex === ifindex)
  }

  ofDelegate(id: string): Scope | undefined {
    return this.#scopes.find((scope) => scope.plan.kind === 'delegate' && scope.plan.id === `delegate ${id}`)
  }

  /**
   * Puts new facts and settings in force. When it returns, scopes whose link, servers or domains changed have forgotten
   * everything and their questions are aborted; what other scopes knew of names that now belong to a link is gone too.
   */
  apply(input: ScopeInput): void {
    const plans = planScopes(input, this.#planned)
    this.#budget.limit = input.settings.dnsCacheBytes
    this.#planned = { input, plans }
    if (this.#isInForce(plans)) {
      for (const [i, plan] of plans.entries()) this.#scopes[i]?.follow(plan)
      return
    }
    const before = new Map(this.#scopes.map((scope) => [scope.plan.id, scope]))
    const gained = plans.flatMap((plan) => gains(plan, before.get(plan.id)?.plan))
    const isTakeover = plans.some((plan) => takesOtherNames(plan, before.get(plan.id)?.plan))
    this.#scopes = plans.map((plan) => this.#keepOrMake(plan, before.get(plan.id), input.settings))
    const kept = new Set(this.#scopes)
    const closed = [...before.values()].filter((scope) => !kept.has(scope))
    this.#routesValidity.invalidate()
    this.#version++
    if (isTakeover) this.#takeoverVersion++
    this.#changedAt = this.#services.clock.wall()
    for (const scope of closed) scope.close()
    for (const scope of this.#scopes) this.#purgeLost(scope, gained)
  }

  /** How each scope takes a name, for routing and for explaining it. */
  score(request: RouteRequest, options: RouteOptions): Scored<Scope>[] {
    const scopes = this.#scopes.filter((scope) => isMeant(scope, request))
    return scopes.map((scope) => {
      const { score, reason } = scoreOf(scope, request, options)
      return { scope, score, reason }
    })
  }

  /** The candidates for a name (R-ROUTE-1). */
  route(request: RouteRequest, options: RouteOptions): Scope[] {
    return winners(this.#scopes, (scope) => (isMeant(scope, request) ? scoreOf(scope, request, options).score : NO))
  }

  flush(): void {
    this.#routesValidity.invalidate()
    this.#answersValidity.invalidate()
    for (const scope of this.#scopes) scope.flush()
  }

  resetServers(): void {
    for (const scope of this.#scopes) scope.upstreams.reset()
  }

  /** The machine has slept (R-SRV-16): what was learnt of servers goes, answers stay for the rest of their time. */
  wake(): void {
    for (const scope of this.#scopes) scope.upstreams.wake(this.#services.clock.now())
  }

  close(): void {
    for (const scope of this.#scopes) scope.close()
    this.#scopes = []
  }

  /** True when nothing that routes or answers would change: a link's new name, or a kernel event about something else. */
  #isInForce(plans: readonly ScopePlan[]): boolean {
    const current = this.#scopes
    return plans.length === current.length && plans.every((plan, i) => isSame(plan, current[i]?.plan))
  }

  #keepOrMake(plan: ScopePlan, old: Scope | undefined, settings: ResolvedSettings): Scope {
    if (old?.plan.fingerprint === plan.fingerprint) {
      old.follow(plan)
      return old
    }
    const limits = { maxEntries: settings.dnsCacheSize, mode: settings.cache, budget: this.#budget }
    // What is known of a server holds on the network it was learnt on (R-SRV-16).
    const isSameNetwork = old?.plan.network === plan.network
    return new Scope(plan, limits, this.#services, isSameNetwork ? old?.upstreams.all : [])
  }

  #purgeLost(scope: Scope, gained: readonly Gain[]): void {
    const elsewhere = gained.filter(({ id }) => id !== scope.plan.id)
    if (elsewhere.length > 0) scope.purge((name) => elsewhere.some((gain) => gain.takes(name)))
  }
}

function isMeant({ plan }: Scope, { ifindex }: RouteRequest): boolean {
  return ifindex === 0 || plan.ifindex === ifindex
}

function scoreOf({ plan }: Scope, { name, types }: RouteRequest, options: RouteOptions): Score {
  return scoreDns(name, types, plan.route, options)
}

function isSame(plan: ScopePlan, current: ScopePlan | undefined): boolean {
  return plan === current || stateOf(plan) === stateOf(current)
}

/** All of a plan that decides what is asked where. */
function stateOf(plan: ScopePlan | undefined): string | undefined {
  return plan && [plan.id, plan.fingerprint, plan.obstacle, subnetsOf(plan)].join()
}

function subnetsOf({ route }: ScopePlan): string {
  return route.subnets.map(({ address, prefixLength }) => `${address.text}/${prefixLength}`).join(' ')
}

/** Whether there is any name that it wants more or less than before. */
function takesOtherNames(plan: ScopePlan, before: ScopePlan | undefined): boolean {
  return plan !== before && routeText(plan) !== routeText(before)
}

function routeText(plan: ScopePlan | undefined): string | undefined {
  return plan && JSON.stringify({ ...plan.route, subnets: subnetsOf(plan) })
}

/** Names that a scope did not take before. */
interface Gain {
  readonly id: string
  takes(name: Name): boolean
}

function gains(plan: ScopePlan, before: ScopePlan | undefined): Gain[] {
  if (plan === before) return []
  const { id } = plan
  const had = new Set(before?.domains.map(({ name }) => name))
  const domains = plan.domains.filter(({ name }) => !had.has(name))
  const subnets = plan.route.subnets.filter(
    (subnet) =>
      !before?.route.subnets.some(
        (known) => known.prefixLength === subnet.prefixLength && known.address.equals(subnet.address),
      ),
  )
  return [
    ...domains.map((domain) => ({ id, takes: (name: Name) => isWithin(name, domain.name) })),
    ...subnets.map((subnet) => ({
      id,
      takes: (name: Name) => addressOfReverseName(name)?.isWithin(subnet.address, subnet.prefixLength) === true,
    })),
  ]
}
