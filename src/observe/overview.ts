import { type Clock, type IfIndex, IpAddress } from '../base/index.ts'
import type { ServerReport } from '../upstream/index.ts'
import type { LinkFacts, NetworkFacts, Route, RouteTo, Scope, ScopeSet, UnicastScope } from '../scope/index.ts'
import { DNS, hasCarrier, IFF_UP, isUsable } from '../scope/index.ts'
import { reasonForNoRoute } from './way-to-server.ts'
import { type Domain, formatServerSpec } from '../settings/index.ts'
import type { Name } from '../wire/index.ts'
import type { Control } from '../control/index.ts'

/** One link, or what is configured beside links, from the cable up to the answers. */
export interface LinkView {
  /** `global`, `link 3 (eth0)`, `delegate corp`. */
  readonly scope: string
  /** 0 for what is no link. */
  readonly ifindex: IfIndex
  readonly name: string
  readonly isUp: boolean
  readonly hasCarrier: boolean
  readonly addresses: readonly string[]
  /** A default route leads out by it, or packets to the rest of the world do, as through a tunnel without a gateway. */
  readonly hasRoute: boolean
  /** Set up by systemd-networkd. */
  readonly isManaged: boolean
  /** Has a scope of unicast DNS now, so that its servers can be asked. */
  readonly isInUse: boolean
  /** Neighbours are answered by multicast DNS, but by another program of this machine. */
  readonly leavesAnsweringToOthers: boolean
  readonly isDefaultRoute: boolean
  /** `~` in front of those that only route. */
  readonly domains: readonly string[]
  /** As configured, in order. */
  readonly configuredServers: readonly string[]
  /** Of the link alone. */
  readonly negativeTrustAnchors: readonly Name[]
  /** Of its scopes, in the order in which they would be asked. */
  readonly servers: readonly ServerReport[]
  readonly cacheSize: number
  /** Replies out of its caches that were replayed from memory, since the scope began. */
  readonly replays: number
}

/** A server to which packets do not get, as the kernel has it. */
export interface UnroutedServer {
  readonly scope: string
  /** Of the link or what is none, as in `LinkView`. */
  readonly name: string
  readonly server: IpAddress
  readonly reason: Exclude<Route['kind'], 'found'>
}

export interface OverviewServices {
  readonly scopes: ScopeSet
  readonly control: Control
  readonly facts: () => NetworkFacts
  readonly routeTo: RouteTo
  readonly clock: Clock
}

/** Nobody's own network: one of the root's servers. No packet is sent there, only the routing table is asked. */
const ANYWHERE = [IpAddress.of('198.41.0.4'), IpAddress.of('2001:503:ba3e::2:30')]

/** Links and scopes together, as people look at them. Nothing is changed by looking. */
export class Overview {
  readonly #services: OverviewServices

  constructor(services: OverviewServices) {
    this.#services = services
  }

  /** What is no link first, then every link but loopback. */
  links(): LinkView[] {
    const { scopes, facts, routeTo } = this.#services
    const waysOut = new Set(ANYWHERE.map((address) => routeTo(address, 0)?.ifindex))
    const others = scopes.unicast.filter(({ plan }) => plan.kind !== 'link').map((scope) => this.#withoutLink(scope))
    return [...others, ...[...facts().links.values()].flatMap((link) => this.#link(link, waysOut) ?? [])]
  }

  /** Servers of the scopes in force. */
  unroutedServers(): UnroutedServer[] {
    const { scopes, routeTo, facts } = this.#services
    return scopes.unicast.flatMap(({ plan: { label: scope, linkName: name = scope, servers } }) =>
      servers.flatMap(({ spec: { address: server }, channels: { plain, encrypted } }) => {
        const reason = reasonForNoRoute(server, plain?.ifindex ?? encrypted?.endpoint.ifindex ?? 0, routeTo, facts())
        return reason === undefined ? [] : [{ scope, name, server, reason }]
      }),
    )
  }

  #link(facts: LinkFacts, waysOut: ReadonlySet<IfIndex | undefined>): LinkView | undefined {
    const { control, scopes, facts: network } = this.#services
    const status = control.link(facts.ifindex)
    if (status === undefined || status.isLoopback) return undefined
    const { settings, name, ifindex, isManaged, isDefaultRoute } = status
    const own = scopes.onLink(ifindex)
    return {
      scope: `link ${ifindex} (${name})`,
      ifindex,
      name,
      isUp: (facts.flags & IFF_UP) !== 0,
      hasCarrier: hasCarrier(facts),
      addresses: facts.addresses.filter(isUsable).map(({ address }) => address.text),
      hasRoute: waysOut.has(ifindex) || network().gateways.some((route) => route.ifindex === ifindex),
      isManaged,
      isInUse: own.some(({ protocol }) => protocol === DNS),
      leavesAnsweringToOthers: scopes.leavesAnsweringToOthers(ifindex),
      isDefaultRoute,
      domains: settings.domains.map(domainText),
      configuredServers: settings.servers.map(formatServerSpec),
      negativeTrustAnchors: settings.negativeTrustAnchors,
      ...this.#scopeView(own),
    }
  }

  #withoutLink(scope: UnicastScope): LinkView {
    const { gateways } = this.#services.facts()
    const { label, domains, route, servers } = scope.plan
    return {
      scope: label,
      ifindex: 0,
      name: label,
      isUp: true,
      hasCarrier: true,
      addresses: [],
      hasRoute: gateways.length > 0,
      isManaged: false,
      isInUse: servers.length > 0,
      leavesAnsweringToOthers: false,
      isDefaultRoute: route.isDefaultRoute && servers.length > 0,
      domains: domains.map(domainText),
      configuredServers: servers.map(({ spec }) => formatServerSpec(spec)),
      negativeTrustAnchors: [],
      ...this.#scopeView([scope]),
    }
  }

  #scopeView(scopes: readonly Scope[]): Pick<LinkView, 'servers' | 'cacheSize' | 'replays'> {
    const now = this.#services.clock.now()
    return {
      servers: scopes.flatMap((scope) => scope.servers(now)),
      cacheSize: scopes.reduce((sum, { cache }) => sum + cache.size, 0),
      replays: scopes.reduce((sum, { cache }) => sum + cache.replays, 0),
    }
  }
}

function domainText({ name, routeOnly }: Domain): string {
  return routeOnly ? `~${name}` : name
}
