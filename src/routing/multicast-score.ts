import { AF_INET, type Family, type IpAddress } from '../base/index.ts'
import {
  addressOfReverseName,
  isSingleLabel,
  isWithin,
  labelCount,
  nameOf,
  type Name,
  ROOT,
  TYPE,
} from '../wire/index.ts'
import { isLinkLocalReverse, LAST_RESORT, NO, type Score, YES } from './score.ts'

/** What decides which names a scope of multicast DNS or LLMNR takes: one link, one IP version. */
export interface MulticastRoute {
  readonly family: Family
  /** The link's own networks of that family, as address and prefix length. */
  readonly subnets: readonly { readonly address: IpAddress; readonly prefixLength: number }[]
  /** Whether the link has a scope of the other IP version too, which then looks after its own kind of address. */
  readonly hasSibling: boolean
}

const LOCAL = nameOf('local')
const REVERSE = { ipv4: nameOf('in-addr.arpa'), ipv6: nameOf('ip6.arpa') } as const

/** R-ROUTE-5. */
const LLMNR_TYPES: ReadonlySet<number> = new Set([TYPE.ANY, TYPE.A, TYPE.AAAA, TYPE.CNAME, TYPE.PTR, TYPE.TXT])
const MDNS_TYPES: ReadonlySet<number> = new Set([...LLMNR_TYPES, TYPE.SRV, TYPE.NSEC, TYPE.HINFO])

/** What multicast DNS is asked: `*.local` and reverse names (R-ROUTE-11). */
export function scoreMdns(name: Name, types: readonly number[], route: MulticastRoute): Score {
  const reverse = scoreReverse(name, types, route)
  if (reverse !== undefined) return reverse
  if (!isWithin(name, LOCAL) || name === LOCAL) return no('not below .local')
  if (types.every((type) => isOfSibling(type, route))) return no('addresses of the other IP version')
  // Types that no neighbour is asked for are taken too: that there are none is known at once (MC-ROUTE-5).
  return { score: YES + 1, reason: '.local belongs to multicast DNS' }
}

/** What LLMNR is asked: single labels and reverse names (R-ROUTE-12). */
export function scoreLlmnr(name: Name, types: readonly number[], route: MulticastRoute): Score {
  const reverse = scoreReverse(name, types, route)
  if (reverse !== undefined) return reverse
  if (name === ROOT || name === LOCAL || !isSingleLabel(name)) return no('not a single label')
  if (!types.some((type) => LLMNR_TYPES.has(type) && !isOfSibling(type, route)))
    return no('no type that LLMNR is asked for')
  return { score: YES + 1, reason: 'single label' }
}

/** What of the types really goes to the neighbours: of addresses only the scope's own kind (R-ROUTE-15). */
export function multicastTypes(protocol: 'mdns' | 'llmnr', types: readonly number[], family: Family): number[] {
  const asked = protocol === 'mdns' ? MDNS_TYPES : LLMNR_TYPES
  return types.filter((type) => asked.has(type) && type !== otherAddressType(family))
}

/** Undefined for what is no reverse name. */
function scoreReverse(name: Name, types: readonly number[], { family, subnets }: MulticastRoute): Score | undefined {
  const isIpv4 = isWithin(name, REVERSE.ipv4)
  if (!isIpv4 && !isWithin(name, REVERSE.ipv6)) return undefined
  if (isIpv4 !== (family === AF_INET)) return no('address of the other IP version')
  if (!types.includes(TYPE.PTR) && !types.includes(TYPE.ANY)) return no('only names of addresses are asked for')
  const address = addressOfReverseName(name)
  if (address === undefined) return no('not a whole address')
  if (isLinkLocalReverse(name)) {
    return { score: YES + labelCount(isIpv4 ? LINK_LOCAL_IPV4 : LINK_LOCAL_IPV6), reason: 'link-local address' }
  }
  const subnet = subnets.find((each) => address.isWithin(each.address, each.prefixLength))
  if (subnet !== undefined) {
    if (isBroadcast(address, subnet.prefixLength)) return no("the network's broadcast address")
    return { score: YES, reason: "address in the link's network" }
  }
  return { score: LAST_RESORT, reason: 'an address that nobody else is asked for' }
}

const LINK_LOCAL_IPV4 = nameOf('254.169.in-addr.arpa')
const LINK_LOCAL_IPV6 = nameOf('8.e.f.ip6.arpa')

function isOfSibling(type: number, { family, hasSibling }: MulticastRoute): boolean {
  return hasSibling && type === otherAddressType(family)
}

function otherAddressType(family: Family): number {
  return family === AF_INET ? TYPE.AAAA : TYPE.A
}

/** All bits of the host part set: of IPv4 networks that have such an address. */
function isBroadcast({ bytes, family }: IpAddress, prefixLength: number): boolean {
  if (family !== AF_INET || prefixLength > 30) return false
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  return !bits.slice(prefixLength).includes('0')
}

function no(reason: string): Score {
  return { score: NO, reason }
}
