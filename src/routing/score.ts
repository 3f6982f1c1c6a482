import type { IpAddress } from '../base/index.ts'
import type { Name } from '../wire/index.ts'
import { homeZoneOf } from './home-zones.ts'
import type { RoutedDomains } from './routed-domains.ts'
import { addressOfReverseName, isSingleLabel, isWithin, labelCount, nameOf, ROOT, TYPE } from '../wire/index.ts'

/** NO < LAST_RESORT < MAYBE < YES + matched labels (R-ROUTE-1). */
export const NO = 0
export const LAST_RESORT = 1
export const MAYBE = 2
export const YES = 3

/** A score and, for people, the rule that gave it. */
export interface Score {
  readonly score: number
  readonly reason: string
}

/** What decides which names a DNS scope takes. */
export interface DnsRoute {
  readonly domains: RoutedDomains
  readonly isDefaultRoute: boolean
  readonly hasServers: boolean
  readonly usesFallbackServer: boolean
  /** The link's own networks, as address and prefix length; none for the global scope. */
  readonly subnets: readonly { readonly address: IpAddress; readonly prefixLength: number }[]
}

export interface RouteOptions {
  /** `ResolveUnicastSingleLabel=yes`, or the query's RELAX flag. */
  readonly asksSingleLabels: boolean
}

const LOCAL = nameOf('local')
const IN_ADDR_ARPA = nameOf('in-addr.arpa')
const IP6_ARPA = nameOf('ip6.arpa')
const LINK_LOCAL_REVERSE = [
  nameOf('254.169.in-addr.arpa'),
  ...['8', '9', 'a', 'b'].map((nibble) => nameOf(`${nibble}.e.f.ip6.arpa`)),
]

/** How much a DNS scope wants a name; the checks come in the order of R-ROUTE-6. */
export function scoreDns(name: Name, types: readonly number[], route: DnsRoute, options: RouteOptions): Score {
  if (name === ROOT && types.every(isAddressType)) return no('addresses of the root are never asked')
  if (!route.hasServers) return no('no DNS server')
  const home = homeZoneOf(name)
  if (home === undefined && isSingleLabel(name)) {
    if (route.domains.completesNames) {
      return { score: YES + 1, reason: 'single label and a search domain to complete it' }
    }
    if (options.asksSingleLabels) return { score: YES + 1, reason: 'single labels are asked here' }
  }
  const domain = route.domains.longestMatch(name)
  const isClaimed = home === undefined || domain !== ROOT || home.goesWithRoot
  if (domain !== undefined && isClaimed) return { score: YES + labelCount(domain), reason: `domain ${domain}` }
  if (isLinkLocalReverse(name)) return no('link-local address')
  if (isWithin(name, LOCAL)) return no('.local belongs to multicast DNS')
  const address = isReverse(name) ? addressOfReverseName(name) : undefined
  if (address && route.subnets.some((subnet) => address.isWithin(subnet.address, subnet.prefixLength))) {
    return { score: YES, reason: "address in the link's network" }
  }
  if (home !== undefined) return no(`${home.domain}: ${home.reason}, unless a domain claims it`)
  if (!route.isDefaultRoute) return no('no domain matches and not a default route')
  if (route.usesFallbackServer) return { score: LAST_RESORT, reason: 'fallback server' }
  return { score: MAYBE, reason: 'default route' }
}

/**
 * How much a scope wants DS and DNSKEY records of the zone at `place`. Search domains complete names that people write, and
 * names for use at home are theirs too: neither means anything here.
 */
export function scoreChain(place: Name, route: DnsRoute): number {
  if (!route.hasServers) return NO
  const domain = route.domains.longestMatch(place)
  if (domain !== undefined) return YES + labelCount(domain)
  if (!route.isDefaultRoute) return NO
  return route.usesFallbackServer ? LAST_RESORT : MAYBE
}

/** 169.254/16 and fe80::/10 mean something on their own link only. */
export function isLinkLocalReverse(name: Name): boolean {
  return LINK_LOCAL_REVERSE.some((domain) => isWithin(name, domain))
}

export function isAddressType(type: number): boolean {
  return type === TYPE.A || type === TYPE.AAAA
}

/**
 * What of a chosen scope's types really goes to the wire (R-ROUTE-14): never the root's addresses, and a single label's
 * only where the configuration says so, whatever flags the query has.
 */
export function typesToSend(name: Name, types: readonly number[], asksSingleLabels: boolean): readonly number[] {
  const mayAskAddresses = name !== ROOT && (asksSingleLabels || !isSingleLabel(name))
  return mayAskAddresses ? types : types.filter((type) => !isAddressType(type))
}

/**
 * Whether a question that no scope took is one that servers are never sent, so that it is known that nobody knows the name;
 * otherwise servers are missing, and there may be some later.
 */
export function isNeverSent(name: Name, types: readonly number[], asksSingleLabels: boolean): boolean {
  if (isWithin(name, LOCAL) || isLinkLocalReverse(name)) return true
  return typesToSend(name, types, asksSingleLabels).length === 0
}

/** Names that neighbours and addresses have a say in, beside domains. */
export function isLocalOrReverse(name: Name): boolean {
  return isWithin(name, LOCAL) || isReverse(name)
}

function isReverse(name: Name): boolean {
  return isWithin(name, IN_ADDR_ARPA) || isWithin(name, IP6_ARPA)
}

function no(reason: string): Score {
  return { score: NO, reason }
}
