import type { Family, IfIndex, IpAddress } from '../base/index.ts'

/** Interface flags (linux/if.h) that decide relevance (R-LINK-3/4). */
export const IFF_UP = 0x1
export const IFF_LOOPBACK = 0x8
export const IFF_POINTOPOINT = 0x10
export const IFF_RUNNING = 0x40
export const IFF_MULTICAST = 0x1000
export const IFF_LOWER_UP = 0x10000
export const IFF_DORMANT = 0x20000

/** IF_OPER_* (linux/if.h). */
export const OPERSTATE_UNKNOWN = 0
export const OPERSTATE_UP = 6

/** Address flags (linux/if_addr.h) and scopes (linux/rtnetlink.h). */
export const IFA_F_DEPRECATED = 0x20
export const IFA_F_TENTATIVE = 0x40
export const RT_SCOPE_LINK = 253
export const RT_SCOPE_HOST = 254

export interface LinkAddress {
  readonly address: IpAddress
  readonly prefixLength: number
  /** RT_SCOPE_*. */
  readonly scope: number
  /** IFA_F_*. */
  readonly flags: number
}

/** What the kernel says of one interface. */
export interface LinkFacts {
  readonly ifindex: IfIndex
  readonly name: string
  /** IFF_*. */
  readonly flags: number
  /** IF_OPER_*. */
  readonly operState: number
  /** Bytes. */
  readonly mtu: number
  /** What it is a port of, in the kernel's words (`bridge`, `bond`, `vrf`); empty or absent where it is none. */
  readonly portOf?: string
  readonly addresses: readonly LinkAddress[]
}

/** A default route of the main table with a gateway. */
export interface GatewayRoute {
  readonly family: Family
  readonly gateway: IpAddress
  readonly ifindex: IfIndex
  /** Lower is preferred. */
  readonly metric: number
  /** Preferred source address, where the route names one. */
  readonly source: IpAddress | undefined
}

/** One consistent snapshot of the kernel's network state; replaced as a whole. */
export interface NetworkFacts {
  readonly links: ReadonlyMap<IfIndex, LinkFacts>
  readonly gateways: readonly GatewayRoute[]
}

export const NO_NETWORK: NetworkFacts = { links: new Map(), gateways: [] }

/** What the kernel would do with a packet: send it by a link (0: not told by which), or not at all. */
export interface Route {
  /** `none`: no route leads there; the other three are routes that reject packets or drop them without a word. */
  readonly kind: 'found' | 'none' | 'unreachable' | 'prohibit' | 'blackhole'
  readonly ifindex: IfIndex
}

/** `ifindex`: the link a packet must leave by; 0: any. Undefined where the kernel cannot be asked. */
export type RouteTo = (address: IpAddress, ifindex: IfIndex) => Route | undefined
