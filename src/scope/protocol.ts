import { AF_INET, AF_INET6, type Family } from '../base/index.ts'
import { FLAG, PROTOCOLS } from './flags.ts'

/** What a scope speaks. A link has at most one scope of each. */
export interface Protocol {
  readonly name: 'dns' | 'llmnr' | 'mdns'
  /** Of the packets, where the protocol is spoken over each IP version apart. */
  readonly family: Family | undefined
  /** Its bit of `FLAG`: in what a query permits, in what an answer came by, in `ScopesMask`. */
  readonly flag: number
}

/** Unicast DNS (RFC 1035). */
export const DNS: Protocol = { name: 'dns', family: undefined, flag: FLAG.DNS }

/** Multicast DNS (RFC 6762) and LLMNR (RFC 4795) are spoken over each IP version apart. */
export interface MulticastProtocolOfFamily extends Protocol {
  readonly name: 'llmnr' | 'mdns'
  readonly family: Family
}

export const MULTICAST_PROTOCOLS: readonly MulticastProtocolOfFamily[] = [
  { name: 'llmnr', family: AF_INET, flag: FLAG.LLMNR_IPV4 },
  { name: 'llmnr', family: AF_INET6, flag: FLAG.LLMNR_IPV6 },
  { name: 'mdns', family: AF_INET, flag: FLAG.MDNS_IPV4 },
  { name: 'mdns', family: AF_INET6, flag: FLAG.MDNS_IPV6 },
]

/** Whether a query with these bits of `FLAG` may be asked by the protocol: none of them set permits all (R-ROUTE-2). */
export function permits(flags: number, { flag }: Protocol): boolean {
  const wanted = flags & PROTOCOLS
  return wanted === 0 || (wanted & flag) !== 0
}
