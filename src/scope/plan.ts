import { type IfIndex, lazily, type Millis } from '../base/index.ts'
import { type DnsRoute, RoutedDomains } from '../routing/index.ts'
import type {
  Delegate,
  DnsOverTlsMode,
  DnssecMode,
  Domain,
  LinkSettings,
  ListenSpec,
  ResolvedSettings,
  ServerSpec,
} from '../settings/index.ts'
import { DEFAULT_LINK_SETTINGS, formatAddressAndPort, serverKey } from '../settings/index.ts'
import type { PlannedServer, ServerChannels, Tuning } from '../upstream/index.ts'
import { DNS_PORT, mainEndpoint, serverChannels } from '../upstream/index.ts'
import { type Name, ROOT } from '../wire/index.ts'
import type { LinkFacts, NetworkFacts } from './network-facts.ts'
import { DNS, type Protocol } from './protocol.ts'
import { isRelevant, isUsable } from './relevance.ts'
import { type Trust, trustOf } from './trust.ts'

/** What the scopes are made from. Replaced as a whole. */
export interface ScopeInput {
  readonly facts: NetworkFacts
  readonly settings: ResolvedSettings
  /** Of the global scope: configured, or read from a foreign /etc/resolv.conf. */
  readonly globalServers: readonly ServerSpec[]
  readonly globalDomains: readonly Domain[]
  /** Links nobody configured may be missing. */
  readonly links: ReadonlyMap<IfIndex, ConfiguredLink>
  readonly delegates: readonly Delegate[]
}

export interface ConfiguredLink {
  readonly settings: LinkSettings
  /** systemd-networkd's operational state where it manages the link. */
  readonly networkdState: string | undefined
}

/** Why a scope that takes names cannot ask for them. */
export type Obstacle = 'network-down' | 'stub-loop' | 'mark-unavailable'

/** How a scope deals with slow servers and old answers; may change at any time without a loss of what is known. */
export interface ScopeTuning {
  readonly servers: Tuning
  /** Infinity for "for ever". */
  readonly staleRetention: Millis
  readonly staleAnswerAfter: Millis
  readonly refreshesAhead: boolean
}

/** One scope that should exist. Two plans with the same `id` and `fingerprint` may share what was learnt. */
export interface ScopePlan {
  readonly protocol: Protocol
  readonly kind: 'global' | 'link' | 'delegate'
  /** Tells scopes apart: `global`, `link 3`, `delegate corp`. */
  readonly id: string
  /** For people: as `id`, with the name of the link. */
  readonly label: string
  /** 0 where the scope is no link's. */
  readonly ifindex: IfIndex
  readonly linkName: string | undefined
  readonly obstacle: Obstacle | undefined
  /** Everything whose change makes old answers worthless: servers, domains, default route, modes, trust anchors. */
  readonly fingerprint: string
}

/** A scope of unicast DNS. */
export interface UnicastPlan extends ScopePlan {
  readonly servers: readonly PlannedServer[]
  readonly domains: readonly Domain[]
  readonly route: DnsRoute
  /** `ResolveUnicastSingleLabel=` */
  readonly asksSingleLabels: boolean
  /** `CacheFromLocalhost=`: whether answers of servers on loopback addresses are kept (R-CACHE-11). */
  readonly keepsAnswersOfLoopback: boolean
  readonly dnssec: DnssecMode
  /** What it validates by; of no meaning in the mode `no`. */
  readonly trust: Trust
  readonly tuning: ScopeTuning
  /** The relevant links that the servers may be reached through: none for a link's own scope. */
  readonly network: string
}

/** What was planned before: a change of one link leaves the plans of all others as they are. */
export interface Planned {
  readonly input: ScopeInput
  readonly plans: readonly UnicastPlan[]
}

/**
 * The scopes in force: the global one, one per relevant link with servers (R-LINK-5), one per delegate with servers.
 * Links about which nothing changed since `before` keep their very plan: with 1 000 of them only looking is affordable.
 */
export function planScopes(input: ScopeInput, before?: Planned): UnicastPlan[] {
  const planner = new Planner(input, before)
  const isUnchanged = unchangedSince(before?.input, input)
  const known = new Map<IfIndex, UnicastPlan>()
  for (const plan of before?.plans ?? []) known.set(plan.ifindex, plan)
  const links: UnicastPlan[] = []
  for (const link of input.facts.links.values()) {
    const plan = isUnchanged(link) ? known.get(link.ifindex) : planner.link(link)
    if (plan !== undefined) links.push(plan)
    if (plan !== undefined || planner.isRelevant(link)) planner.relevantLinks.push(link.ifindex)
  }
  const delegates = input.delegates.flatMap((delegate) => planner.delegate(delegate) ?? [])
  const hasDefaultRoute = [...links, ...delegates].some((plan) => plan.route.isDefaultRoute)
  return [planner.global(hasDefaultRoute), ...links, ...delegates]
}

/**
 * Facts and settings are replaced as a whole, so that being the same object means being equal. Of other links a plan
 * depends on their addresses, one of which may be that of a server, and on the names of those that servers are reached by.
 */
function unchangedSince(before: ScopeInput | undefined, input: ScopeInput): (link: LinkFacts) => boolean {
  if (before?.settings !== input.settings) return () => false
  const moved = movedAddresses(before.facts, input.facts)
  const isConcerned = ({ address, ifindex }: ServerSpec) => moved.has(address.text) || ifindex !== 0
  return (link) => {
    const { ifindex } = link
    const [old, now] = [before.links.get(ifindex), input.links.get(ifindex)]
    const isSame = old?.settings === now?.settings && old?.networkdState === now?.networkdState
    if (!isSame || before.facts === input.facts) return isSame
    return before.facts.links.get(ifindex) === link && now?.settings.servers.some(isConcerned) !== true
  }
}

/** Addresses of links about which anything changed. */
function movedAddresses({ links: before }: NetworkFacts, { links }: NetworkFacts): ReadonlySet<string> {
  const moved = new Set<string>()
  if (before === links) return moved
  const add = (link: LinkFacts | undefined) => link?.addresses.forEach(({ address }) => moved.add(address.text))
  for (const [ifindex, link] of links) if (before.get(ifindex) !== link) [link, before.get(ifindex)].forEach(add)
  for (const [ifindex, link] of before) if (!links.has(ifindex)) add(link)
  return moved
}

/** Explicit, else true unless the link only routes some domains (R-ROUTE-9). */
export function isDefaultRoute({ defaultRoute, domains }: LinkSettings): boolean {
  if (defaultRoute !== undefined) return defaultRoute
  return !domains.some((domain) => domain.routeOnly) || domains.some((domain) => domain.name === ROOT)
}

/** Whether the link can be asked at all, servers aside. */
export function isLinkRelevant(link: LinkFacts, configured: ConfiguredLink | undefined): boolean {
  const hasLinkLocalServer = (configured?.settings.servers ?? []).some(({ address }) => address.isLinkLocal)
  return isRelevant(link, configured?.networkdState, hasLinkLocalServer)
}

/** What the planner knows of one scope alone. */
type OwnPlan = Omit<
  UnicastPlan,
  'protocol' | 'fingerprint' | 'asksSingleLabels' | 'keepsAnswersOfLoopback' | 'tuning' | 'trust'
> & {
  readonly modes: readonly string[]
  /** Beside those of all scopes. */
  readonly negativeTrustAnchors: readonly Name[]
}

/** What all plans of one input are made with. */
class Planner {
  readonly #input: ScopeInput
  /** This host's addresses, looked up once for every server. */
  readonly #own: () => ReadonlySet<string>
  /** To be known before what belongs to no link is planned. */
  readonly relevantLinks: IfIndex[] = []
  readonly #trust: Trust

  constructor(input: ScopeInput, before: Planned | undefined) {
    this.#input = input
    const known = before?.plans.find(({ kind }) => kind === 'global')?.trust
    const isKnown = known !== undefined && before?.input.settings === input.settings
    this.#trust = isKnown ? known : trustOf(input.settings, known)
    this.#own = lazily(() => {
      const links = [...input.facts.links.values()]
      return new Set(links.flatMap((link) => link.addresses.map(({ address }) => address.text)))
    })
  }

  isRelevant(link: LinkFacts): boolean {
    return isLinkRelevant(link, this.#input.links.get(link.ifindex))
  }

  link(link: LinkFacts): UnicastPlan | undefined {
    const configured = this.#input.links.get(link.ifindex)
    const settings = configured?.settings ?? DEFAULT_LINK_SETTINGS
    if (settings.servers.length === 0 || !this.isRelevant(link)) return undefined
    const { ifindex, name } = link
    const dnsOverTls = settings.dnsOverTls ?? this.#input.settings.dnsOverTls
    const servers = this.#servers(settings.servers, ifindex, dnsOverTls)
    return this.#plan({
      kind: 'link',
      id: `link ${ifindex}`,
      label: `link ${ifindex} (${name})`,
      ifindex,
      linkName: name,
      servers,
      domains: settings.domains,
      route: {
        domains: new RoutedDomains(settings.domains),
        isDefaultRoute: isDefaultRoute(settings),
        hasServers: true,
        usesFallbackServer: false,
        subnets: link.addresses.filter(isUsable),
      },
      obstacle: obstacleOf(servers, true),
      network: '',
      dnssec: settings.dnssec ?? this.#input.settings.dnssec,
      negativeTrustAnchors: settings.negativeTrustAnchors,
      modes: [dnsOverTls],
    })
  }

  /** Servers that belong to no link, for their own domains (R-DELEG). */
  delegate({ id, servers: specs, domains, defaultRoute, firewallMark }: Delegate): UnicastPlan | undefined {
    if (specs.length === 0) return undefined
    const plan = this.#withoutLink('delegate', `delegate ${id}`, specs, domains, defaultRoute, false)
    return firewallMark === undefined ? plan : { ...plan, obstacle: 'mark-unavailable' }
  }

  /** Its own servers, or the fallback ones when no other scope takes what nobody claims (R-SRV-2). */
  global(othersTakeTheRest: boolean): UnicastPlan {
    const { settings, globalServers, globalDomains } = this.#input
    const hasOwn = this.#servers(globalServers, 0, settings.dnsOverTls).length > 0
    const usesFallback = !hasOwn && !othersTakeTheRest && settings.fallbackServers.length > 0
    const specs = usesFallback ? settings.fallbackServers : globalServers
    return this.#withoutLink('global', 'global', specs, globalDomains, true, usesFallback)
  }

  #withoutLink(
    kind: 'global' | 'delegate',
    id: string,
    specs: readonly ServerSpec[],
    domains: readonly Domain[],
    takesRest: boolean,
    usesFallbackServer: boolean,
  ): UnicastPlan {
    const { dnsOverTls, dnssec } = this.#input.settings
    const servers = this.#servers(specs, 0, dnsOverTls)
    const hasServers = specs.length > 0
    return this.#plan({
      kind,
      id,
      label: id,
      ifindex: 0,
      linkName: undefined,
      servers,
      domains,
      route: {
        domains: new RoutedDomains(domains),
        isDefaultRoute: takesRest,
        hasServers,
        usesFallbackServer,
        subnets: [],
      },
      obstacle: hasServers ? obstacleOf(servers, this.relevantLinks.length > 0) : undefined,
      // R-CACHE-21: what was learnt on one network is not carried to the next.
      network: this.relevantLinks.join(),
      dnssec,
      negativeTrustAnchors: [],
      modes: [dnsOverTls],
    })
  }

  #plan({ modes, negativeTrustAnchors, ...plan }: OwnPlan): UnicastPlan {
    const { cache, cacheFromLocalhost, dnsCacheSize, resolveUnicastSingleLabel } = this.#input.settings
    const servers = plan.servers.map(({ spec, channels, discovers }) =>
      [serverKey(spec), mainEndpoint(channels).ifindex, ...(discovers === true ? ['discovers'] : [])].join(' '),
    )
    const domains = plan.domains.map(({ name, routeOnly }) => `${routeOnly ? '~' : ''}${name}`)
    const { version, anchors } = this.#trust
    const isPlain = negativeTrustAnchors.length === 0
    const trust = isPlain ? this.#trust : { ...this.#trust, anchors: anchors.without(negativeTrustAnchors) } // S-NTA-3
    const validation = plan.dnssec === 'no' ? [] : [version, ...negativeTrustAnchors]
    const rest = [plan.route.isDefaultRoute, plan.network, cache, cacheFromLocalhost, dnsCacheSize]
    return {
      ...plan,
      protocol: DNS,
      asksSingleLabels: resolveUnicastSingleLabel,
      keepsAnswersOfLoopback: cacheFromLocalhost,
      tuning: tuningOf(this.#input.settings),
      trust,
      fingerprint: JSON.stringify([servers, domains, [...modes, plan.dnssec, ...validation], rest]),
    }
  }

  /** All but our own extra listeners, which would ask us again for ever (R-SRV-18). */
  #servers(specs: readonly ServerSpec[], ifindex: IfIndex, mode: DnsOverTlsMode): PlannedServer[] {
    const listeners = this.#input.settings.extraListeners
    const servers = specs.map((spec) => this.#server(spec, ifindex, mode))
    return servers.filter(({ channels }) => !isListener(channels, listeners))
  }

  /**
   * A link's server is reached through that link, unless its address is one of this host's own (R-SRV-8): those packets
   * never leave, whatever link they are bound to.
   */
  #server(spec: ServerSpec, ifindex: IfIndex, mode: DnsOverTlsMode): PlannedServer {
    const { address, port } = spec
    const isHere = !address.isLinkLocal && (address.isLoopback || this.#own().has(address.text))
    const via = isHere ? 0 : spec.ifindex || ifindex
    const host = port === 0 || port === DNS_PORT ? address.text : formatAddressAndPort(address, port)
    const link = via === 0 ? '' : `%${this.#input.facts.links.get(via)?.name ?? via}`
    const channels = serverChannels(spec, mode, via)
    // With strict encryption there is nothing to be found (E-DDR-8); what goes to this machine nobody can read.
    const discovers = this.#input.settings.discoverEncryptedServers && channels.plain !== undefined && !isHere
    return { spec, channels, label: `${host}${link}`, discovers }
  }
}

function obstacleOf(servers: readonly PlannedServer[], isUp: boolean): Obstacle | undefined {
  if (servers.length === 0) return 'stub-loop'
  return isUp ? undefined : 'network-down' // R-SRV-19
}

function tuningOf(settings: ResolvedSettings): ScopeTuning {
  const { serverPatience, hedgePercent, serverTiers, staleRetention, staleAnswerAfter, prefetch } = settings
  return {
    servers: { firstPatience: serverPatience, hedgeShare: hedgePercent / 100, tiers: serverTiers },
    staleRetention: staleRetention * 1000,
    staleAnswerAfter,
    refreshesAhead: prefetch,
  }
}

function isListener({ plain, encrypted }: ServerChannels, listeners: readonly ListenSpec[]): boolean {
  const endpoints = [plain, encrypted?.endpoint].filter((endpoint) => endpoint !== undefined)
  return listeners.some(({ address, port }) =>
    endpoints.some((endpoint) => address.equals(endpoint.address) && port === endpoint.port),
  )
}
