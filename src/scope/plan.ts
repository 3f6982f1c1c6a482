import type { IfIndex, IpAddress } from '../base/index.ts'
import type { DnsRoute } from '../routing/index.ts'
import type { Domain, LinkSettings, ListenSpec, ResolvedSettings, ServerSpec } from '../settings/index.ts'
import { DEFAULT_LINK_SETTINGS, formatAddressAndPort, serverKey } from '../settings/index.ts'
import type { PlannedServer } from '../upstream/index.ts'
import { DNS_PORT } from '../upstream/index.ts'
import { ROOT } from '../wire/index.ts'
import type { LinkFacts, NetworkFacts } from './network-facts.ts'
import { isRelevant, isUsable } from './relevance.ts'

/** What the scopes are made from. Replaced as a whole. */
export interface ScopeInput {
  readonly facts: NetworkFacts
  readonly settings: ResolvedSettings
  /** Of the global scope: configured, or read from a foreign /etc/resolv.conf. */
  readonly globalServers: readonly ServerSpec[]
  readonly globalDomains: readonly Domain[]
  /** Links nobody configured may be missing. */
  readonly links: ReadonlyMap<IfIndex, ConfiguredLink>
}

export interface ConfiguredLink {
  readonly settings: LinkSettings
  /** systemd-networkd's operational state where it manages the link. */
  readonly networkdState: string | undefined
}

/** Why a scope that takes names cannot ask for them. */
export type Obstacle = 'network-down' | 'stub-loop' | 'encryption-unavailable'

/** One scope that should exist. Two plans with the same `fingerprint` may share what was learnt. */
export interface ScopePlan {
  /** 0 for the global scope. */
  readonly ifindex: IfIndex
  /** For people: `global`, `link 3 (eth0)`. */
  readonly label: string
  /** Of the global scope there is none. */
  readonly linkName: string | undefined
  readonly servers: readonly PlannedServer[]
  readonly domains: readonly Domain[]
  readonly route: DnsRoute
  readonly obstacle: Obstacle | undefined
  /** `CacheFromLocalhost=`: whether answers of servers on loopback addresses are kept (R-CACHE-11). */
  readonly keepsAnswersOfLoopback: boolean
  /** The relevant links that the servers may be reached through: none for a link's own scope. */
  readonly network: string
  /** Everything whose change makes old answers worthless: servers, domains, default route, modes. */
  readonly fingerprint: string
}

/** The scopes in force for these facts and settings: the global one, and one per relevant link with servers (R-LINK-5). */
export function planScopes(input: ScopeInput): ScopePlan[] {
  const links = [...input.facts.links.values()].flatMap((link) => planLink(link, input) ?? [])
  const hasDefaultRoute = links.some((plan) => plan.route.isDefaultRoute)
  return [planGlobal(input, hasDefaultRoute), ...links]
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

function planLink(link: LinkFacts, input: ScopeInput): ScopePlan | undefined {
  const configured = input.links.get(link.ifindex)
  const { servers: specs, domains, ...settings } = configured?.settings ?? DEFAULT_LINK_SETTINGS
  if (specs.length === 0 || !isLinkRelevant(link, configured)) return undefined
  const dnsOverTls = settings.dnsOverTls ?? input.settings.dnsOverTls
  const kept = specs.filter((spec) => !isOwnListener(spec, input.settings.extraListeners))
  const servers = kept.map((spec) => planServer(spec, link.ifindex, input.facts))
  const isDefault = isDefaultRoute({ ...settings, servers: specs, domains })
  return {
    ifindex: link.ifindex,
    label: `link ${link.ifindex} (${link.name})`,
    linkName: link.name,
    servers,
    domains,
    route: {
      domains,
      isDefaultRoute: isDefault,
      hasServers: true,
      usesFallbackServer: false,
      subnets: link.addresses.filter(isUsable),
    },
    keepsAnswersOfLoopback: input.settings.cacheFromLocalhost,
    obstacle: dnsOverTls === 'yes' ? 'encryption-unavailable' : servers.length === 0 ? 'stub-loop' : undefined,
    network: '',
    fingerprint: fingerprint(servers, domains, isDefault, dnsOverTls, settings.dnssec ?? input.settings.dnssec, input),
  }
}

function planGlobal(input: ScopeInput, linksTakeTheRest: boolean): ScopePlan {
  const { settings, facts, globalDomains: domains } = input
  const configured = input.globalServers.filter((spec) => !isOwnListener(spec, settings.extraListeners))
  const usesFallback = configured.length === 0 && !linksTakeTheRest && settings.fallbackServers.length > 0
  const servers = (usesFallback ? settings.fallbackServers : configured).map((spec) => planServer(spec, 0, facts))
  const isLoop = servers.length === 0 && input.globalServers.length > 0
  const network = relevantLinks(input)
  return {
    ifindex: 0,
    label: 'global',
    linkName: undefined,
    servers,
    domains,
    route: {
      domains,
      isDefaultRoute: true,
      hasServers: servers.length > 0 || isLoop,
      usesFallbackServer: usesFallback,
      subnets: [],
    },
    keepsAnswersOfLoopback: settings.cacheFromLocalhost,
    obstacle: isLoop ? 'stub-loop' : obstacleOfGlobal(network !== '', settings),
    network,
    // R-CACHE-21: what the global scope learnt on one network is not carried to the next.
    fingerprint: `${fingerprint(servers, domains, true, settings.dnsOverTls, settings.dnssec, input)} ${network}`,
  }
}

function obstacleOfGlobal(isUp: boolean, settings: ResolvedSettings): Obstacle | undefined {
  if (!isUp) return 'network-down' // R-SRV-19
  return settings.dnsOverTls === 'yes' ? 'encryption-unavailable' : undefined
}

/**
 * A link's server is reached through that link, unless its address is one of this host's own (R-SRV-8): those packets
 * never leave, whatever link they are bound to.
 */
function planServer(spec: ServerSpec, ifindex: IfIndex, facts: NetworkFacts): PlannedServer {
  const { address, serverName } = spec
  const isOwn = address.isLoopback || isOwnAddress(address, facts)
  const via = isOwn && !address.isLinkLocal ? 0 : spec.ifindex || ifindex
  const port = spec.port || DNS_PORT
  const host = port === DNS_PORT ? address.text : formatAddressAndPort(address, port)
  const link = via === 0 ? '' : `%${facts.links.get(via)?.name ?? via}`
  return { spec, endpoint: { address, port, ifindex: via, serverName }, label: `${host}${link}` }
}

function isOwnAddress(address: IpAddress, facts: NetworkFacts): boolean {
  return [...facts.links.values()].some((link) => link.addresses.some((own) => own.address.equals(address)))
}

/** A server that is one of our own extra listeners would ask us again for ever (R-SRV-18). */
function isOwnListener(spec: ServerSpec, listeners: readonly ListenSpec[]): boolean {
  return listeners.some(({ address, port }) => address.equals(spec.address) && port === (spec.port || DNS_PORT))
}

function fingerprint(
  servers: readonly PlannedServer[],
  domains: readonly Domain[],
  isDefault: boolean,
  dnsOverTls: string,
  dnssec: string,
  { settings }: ScopeInput,
): string {
  const keys = servers.map(({ spec, endpoint }) => `${serverKey(spec)} ${endpoint.ifindex}`)
  const names = domains.map(({ name, routeOnly }) => `${routeOnly ? '~' : ''}${name}`)
  const { cache, cacheFromLocalhost, dnsCacheSize } = settings
  return JSON.stringify([keys, names, isDefault, dnsOverTls, dnssec, cache, cacheFromLocalhost, dnsCacheSize])
}

function relevantLinks({ facts, links }: ScopeInput): string {
  const relevant = [...facts.links.values()].filter((link) => isLinkRelevant(link, links.get(link.ifindex)))
  return relevant.map(({ ifindex }) => ifindex).join()
}
