import type { Family, IfIndex, IpAddress } from '../base/index.ts'
import type { Name } from '../wire/index.ts'

/** What is known of this host, as synthesis needs it; replaced as a whole. */
export interface HostFacts {
  /** Full name, first label, first label under `.local`; empty when synthesis of the host name is off (R-SYNTH-9). */
  readonly ownNames: readonly Name[]
  /** This host's addresses in the order they are given out: IPv4 first, wider scope first, then by link (R-SYNTH-3). */
  readonly addresses: readonly HostAddress[]
  /** Default gateways, best first within each family (R-SYNTH-5). */
  readonly gateways: readonly HostAddress[]
  /** Source addresses towards those gateways (R-SYNTH-6). */
  readonly outbound: readonly HostAddress[]
  /** The loopback link has `::1`; it has none where IPv6 is off in the kernel or by `disable_ipv6`. */
  readonly hasIpv6: boolean
}

export interface HostAddress {
  readonly family: Family
  readonly address: IpAddress
  readonly ifindex: IfIndex
}
