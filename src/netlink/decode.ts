import { AF_UNSPEC, IpAddress, type IfIndex, isFamily } from '../base/index.ts'
import type { GatewayRoute, LinkAddress } from '../scope/index.ts'
import { aligned, type Attributes, type NetlinkMessage, readU16, readU32, splitAttributes } from './message.ts'

/** rtnetlink message types (linux/rtnetlink.h). */
export const RTM_NEWLINK = 16
export const RTM_DELLINK = 17
export const RTM_GETLINK = 18
export const RTM_NEWADDR = 20
export const RTM_DELADDR = 21
export const RTM_GETADDR = 22
export const RTM_NEWROUTE = 24
export const RTM_DELROUTE = 25
export const RTM_GETROUTE = 26

const IFLA_IFNAME = 3
const IFLA_MTU = 4
const IFLA_OPERSTATE = 16
const IFLA_LINKINFO = 18
const IFLA_INFO_SLAVE_KIND = 4
const IFA_ADDRESS = 1
const IFA_LOCAL = 2
const IFA_FLAGS = 8
const RTA_OIF = 4
const RTA_GATEWAY = 5
const RTA_PRIORITY = 6
const RTA_PREFSRC = 7
const RTA_MULTIPATH = 9
const RTA_TABLE = 15
const RTA_VIA = 18

const RT_TABLE_MAIN = 254
const RTN_UNICAST = 1
/** A route or next hop whose link is gone or has no carrier, and a cached clone of a route. */
const RTNH_F_UNUSABLE = 0x1 | 0x10
const RTM_F_CLONED = 0x200

/** What a link message says; undefined = not mentioned, so as before. */
export interface LinkUpdate {
  readonly ifindex: IfIndex
  readonly flags: number
  readonly name: string | undefined
  readonly operState: number | undefined
  readonly mtu: number | undefined
  /** See `LinkFacts`; empty where it is the port of nothing. */
  readonly portOf: string | undefined
}

/** One thing the kernel told. `key` tells apart the addresses of one link as the kernel does. */
export type Change =
  | { readonly kind: 'link'; readonly link: LinkUpdate }
  | { readonly kind: 'link-gone'; readonly ifindex: IfIndex }
  | { readonly kind: 'address'; readonly ifindex: IfIndex; readonly key: string; readonly address: LinkAddress }
  | { readonly kind: 'address-gone'; readonly ifindex: IfIndex; readonly key: string }
  | { readonly kind: 'routes'; readonly isNew: boolean; readonly routes: readonly GatewayRoute[] }

/** What a message means to us; undefined for all that does not matter here, damaged messages included. */
export function decode(message: NetlinkMessage): Change | undefined {
  switch (message.type) {
    case RTM_NEWLINK:
    case RTM_DELLINK:
      return decodeLink(message)
    case RTM_NEWADDR:
    case RTM_DELADDR:
      return decodeAddress(message)
    case RTM_NEWROUTE:
    case RTM_DELROUTE:
      return decodeRoute(message)
    default:
      return undefined
  }
}

/** struct ifinfomsg: family, pad, type(2), index(4), flags(4), change(4). */
function decodeLink({ type, payload }: NetlinkMessage): Change | undefined {
  // A bridge tells of its ports in messages of its own family; a port leaving a bridge is no link leaving the system.
  if (payload.length < 16 || payload[0] !== AF_UNSPEC) return undefined
  const ifindex = readU32(payload, 4)
  if (type === RTM_DELLINK) return { kind: 'link-gone', ifindex }
  const attributes = splitAttributes(payload, 16)
  const name = attributes.get(IFLA_IFNAME)
  return {
    kind: 'link',
    link: {
      ifindex,
      flags: readU32(payload, 8),
      name: name && cString(name),
      operState: attributes.get(IFLA_OPERSTATE)?.[0],
      mtu: number(attributes, IFLA_MTU),
      // Messages about something else, as wireless events, leave out both.
      portOf: portKind(attributes.get(IFLA_LINKINFO)) ?? (attributes.has(IFLA_MTU) ? '' : undefined),
    },
  }
}

/** Nested attributes. */
function portKind(linkInfo: Buffer | undefined): string | undefined {
  const kind = linkInfo && splitAttributes(linkInfo, 0).get(IFLA_INFO_SLAVE_KIND)
  return kind && cString(kind)
}

/** struct ifaddrmsg: family, prefix length, flags, scope, index(4). */
function decodeAddress({ type, payload }: NetlinkMessage): Change | undefined {
  if (payload.length < 8) return undefined
  const attributes = splitAttributes(payload, 8)
  const [, prefixLength, shortFlags, scope] = payload as unknown as [number, number, number, number]
  // On point-to-point links IFA_ADDRESS is the other end's, and IFA_LOCAL ours.
  const peer = address(attributes.get(IFA_ADDRESS))
  const own = address(attributes.get(IFA_LOCAL)) ?? peer
  if (own === undefined) return undefined
  const ifindex = readU32(payload, 4)
  const key = `${own.text}/${prefixLength} ${(peer ?? own).text}`
  if (type === RTM_DELADDR) return { kind: 'address-gone', ifindex, key }
  const flags = number(attributes, IFA_FLAGS) ?? shortFlags
  return { kind: 'address', ifindex, key, address: { address: own, prefixLength, scope, flags } }
}

/**
 * struct rtmsg: family, destination length, source length, tos, table, protocol, scope, type, flags(4).
 * Only default routes of the main table are told; one without gateways is told with no routes.
 */
function decodeRoute({ type, payload }: NetlinkMessage): Change | undefined {
  if (payload.length < 12 || !isFamily(payload[0] ?? 0)) return undefined
  if (payload[1] !== 0 || payload[2] !== 0 || payload[7] !== RTN_UNICAST) return undefined
  const attributes = splitAttributes(payload, 12)
  if ((number(attributes, RTA_TABLE) ?? payload[4]) !== RT_TABLE_MAIN) return undefined
  if ((readU32(payload, 8) & RTM_F_CLONED) !== 0) return undefined
  return { kind: 'routes', isNew: type === RTM_NEWROUTE, routes: gateways(readU32(payload, 8), attributes) }
}

/** The usable gateways of one route: its own, and those of its several paths. */
function gateways(flags: number, attributes: Attributes): GatewayRoute[] {
  const metric = number(attributes, RTA_PRIORITY) ?? 0
  const source = address(attributes.get(RTA_PREFSRC))
  const hops = [...nextHops(attributes.get(RTA_MULTIPATH))]
  const ifindex = number(attributes, RTA_OIF)
  if (ifindex !== undefined) hops.push({ ifindex, flags, attributes })
  return hops.flatMap((hop) => {
    const gateway = gatewayOf(hop.attributes)
    if (gateway === undefined || (hop.flags & RTNH_F_UNUSABLE) !== 0) return []
    return [{ family: gateway.family, gateway, ifindex: hop.ifindex, metric, source }]
  })
}

interface NextHop {
  readonly ifindex: IfIndex
  readonly flags: number
  readonly attributes: Attributes
}

/** struct rtnexthop: length(2), flags, hops, index(4), then the attributes of that path. */
function* nextHops(paths: Buffer | undefined): Iterable<NextHop> {
  if (paths === undefined) return
  for (let at = 0; at + 8 <= paths.length; ) {
    const length = readU16(paths, at)
    if (length < 8 || at + length > paths.length) return
    const hop = paths.subarray(at, at + length)
    yield { ifindex: readU32(hop, 4), flags: hop[2] ?? 0, attributes: splitAttributes(hop, 8) }
    at += aligned(length)
  }
}

/** RTA_VIA is family(2) and address: a gateway of the other family (RFC 8950). */
function gatewayOf(attributes: Attributes): IpAddress | undefined {
  return address(attributes.get(RTA_GATEWAY)) ?? address(attributes.get(RTA_VIA)?.subarray(2))
}

function address(bytes: Buffer | undefined): IpAddress | undefined {
  const parsed = bytes && IpAddress.fromBytes(bytes)
  return parsed?.isUnspecified ? undefined : parsed
}

function number(attributes: Attributes, type: number): number | undefined {
  const bytes = attributes.get(type)
  return bytes !== undefined && bytes.length >= 4 ? readU32(bytes, 0) : undefined
}

function cString(bytes: Buffer): string {
  const end = bytes.indexOf(0)
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end)
}
