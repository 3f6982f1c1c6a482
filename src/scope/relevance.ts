import type { Family } from '../base/index.ts'
import type { LinkAddress, LinkFacts } from './network-facts.ts'
import {
  IFA_F_DEPRECATED,
  IFA_F_TENTATIVE,
  IFF_DORMANT,
  IFF_LOOPBACK,
  IFF_LOWER_UP,
  IFF_MULTICAST,
  IFF_POINTOPOINT,
  IFF_RUNNING,
  IFF_UP,
  OPERSTATE_UNKNOWN,
  OPERSTATE_UP,
  RT_SCOPE_HOST,
  RT_SCOPE_LINK,
} from './network-facts.ts'

/** systemd-networkd's words for a link that carries traffic (R-NETD-5). */
const USABLE_OPER_STATES: ReadonlySet<string> = new Set(['degraded-carrier', 'degraded', 'routable'])

/**
 * Whether unicast DNS can be asked over this link now (R-LINK-3, R-LINK-4). `networkdState` is the operational state
 * of a link that systemd-networkd manages, else undefined.
 */
export function isRelevant(link: LinkFacts, networkdState: string | undefined, hasLinkLocalServer: boolean): boolean {
  if (!isCarrying(link, networkdState)) return false
  const narrowest = hasLinkLocalServer ? RT_SCOPE_HOST : RT_SCOPE_LINK
  return link.addresses.some((address) => isUsable(address) && address.scope < narrowest)
}

/**
 * Whether neighbours can be asked by multicast over this link and IP version now (MC-MODE-3); a link-local address is
 * enough. Other than the original, never over tunnels to one other end, and not over ports of a bridge or a bond, whose
 * traffic is the bridge's (MC-MODE-4): names of the home network are nobody's business at the far end of a VPN.
 */
export function isMulticastRelevant(link: LinkFacts, networkdState: string | undefined, family: Family): boolean {
  if (!isCarrying(link, networkdState)) return false
  if ((link.flags & (IFF_MULTICAST | IFF_POINTOPOINT)) !== IFF_MULTICAST) return false
  if (link.portOf !== undefined && link.portOf !== '' && link.portOf !== 'vrf') return false
  return link.addresses.some(
    (address) => isUsable(address) && address.address.family === family && address.scope < RT_SCOPE_HOST,
  )
}

function isCarrying(link: LinkFacts, networkdState: string | undefined): boolean {
  if ((link.flags & (IFF_LOOPBACK | IFF_DORMANT)) !== 0 || !hasCarrier(link)) return false
  return networkdState === undefined || USABLE_OPER_STATES.has(networkdState)
}

export function isUsable({ flags }: LinkAddress): boolean {
  return (flags & (IFA_F_DEPRECATED | IFA_F_TENTATIVE)) === 0
}

/** As the original takes it: the cable is in, and the kernel calls the link operational (up to a second later). */
export function hasCarrier({ flags, operState }: LinkFacts): boolean {
  const isUp = (flags & (IFF_UP | IFF_LOWER_UP)) === (IFF_UP | IFF_LOWER_UP)
  return isUp && (operState === OPERSTATE_UP || (operState === OPERSTATE_UNKNOWN && (flags & IFF_RUNNING) !== 0))
}
