import { AF_INET, AF_INET6, type Family } from '../base/index.ts'
import type { MulticastLink } from '../multicast/index.ts'
import type { MulticastRoute } from '../routing/index.ts'
import type { MulticastMode, ResolvedSettings } from '../settings/index.ts'
import { DEFAULT_LINK_SETTINGS, lesserMode } from '../settings/index.ts'
import type { LinkFacts } from './network-facts.ts'
import type { ScopeInput, ScopePlan } from './plan.ts'
import { MULTICAST_PROTOCOLS, type MulticastProtocolOfFamily } from './protocol.ts'
import { isMulticastRelevant, isUsable } from './relevance.ts'

/** A scope of multicast DNS or LLMNR: one link, one IP version. */
export interface MulticastPlan extends ScopePlan {
  readonly protocol: MulticastProtocolOfFamily
  /** Never `no`: there is no scope then. `resolve`: this machine asks, but answers nobody. */
  readonly mode: Exclude<MulticastMode, 'no'>
  readonly route: MulticastRoute
  readonly link: MulticastLink
  /** Whether another program that answers for this machine is no reason to be silent. */
  readonly publishesBesideOthers: boolean
  /** Record sets to be remembered at most. */
  readonly maxEntries: number
}

/** The scopes that exist (MC-MODE-3): where both the link and the global setting say so, and the link can carry it. */
export function planMulticast(input: ScopeInput): MulticastPlan[] {
  const { settings, facts } = input
  if (settings.llmnr === 'no' && settings.multicastDns === 'no') return []
  const links = [...facts.links.values()]
  const own = new Set(links.flatMap((link) => link.addresses.map(({ address }) => address.text)))
  return links.flatMap((link) => planLink(link, own, input))
}

function planLink(facts: LinkFacts, own: ReadonlySet<string>, { settings, links }: ScopeInput): MulticastPlan[] {
  const configured = links.get(facts.ifindex)
  const { llmnr, multicastDns } = configured?.settings ?? DEFAULT_LINK_SETTINGS
  const modes = { llmnr: lesserMode(llmnr, settings.llmnr), mdns: lesserMode(multicastDns, settings.multicastDns) }
  const families = ([AF_INET, AF_INET6] as const).filter((each) =>
    isMulticastRelevant(facts, configured?.networkdState, each),
  )
  const { ifindex, name, mtu } = facts
  const link: MulticastLink = { ifindex, mtu, addresses: facts.addresses.filter(isUsable), own }
  return MULTICAST_PROTOCOLS.flatMap((protocol) => {
    const mode = modes[protocol.name]
    if (mode === 'no' || !families.includes(protocol.family)) return []
    return {
      protocol,
      kind: 'link',
      id: `link ${ifindex} ${protocol.name} ${versionText(protocol.family)}`,
      label: `link ${ifindex} (${name}) ${protocol.name === 'mdns' ? 'mDNS' : 'LLMNR'} ${versionText(protocol.family)}`,
      ifindex,
      linkName: name,
      obstacle: undefined,
      mode,
      route: routeOf(link, protocol.family, families.length > 1),
      link,
      publishesBesideOthers: settings.publishBesideOthers,
      maxEntries: entriesOf(settings, protocol),
      fingerprint: `${name} ${entriesOf(settings, protocol)}`,
    }
  })
}

function routeOf({ addresses }: MulticastLink, family: Family, hasSibling: boolean): MulticastRoute {
  return { family, hasSibling, subnets: addresses.filter(({ address }) => address.family === family) }
}

/** `Cache=no` remembers nothing (R-CACHE-10). */
function entriesOf(settings: ResolvedSettings, { name }: MulticastProtocolOfFamily): number {
  if (settings.cache === 'no') return 0
  return name === 'mdns' ? settings.multicastDnsCacheSize : settings.llmnrCacheSize
}

function versionText(family: Family): string {
  return family === AF_INET ? 'IPv4' : 'IPv6'
}
