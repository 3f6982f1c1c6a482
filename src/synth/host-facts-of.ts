import type { Family, IfIndex } from '../base/index.ts'
import { IpAddress } from '../base/index.ts'
import type { Name } from '../wire/index.ts'
import type { HostAddress, HostFacts } from './host-facts.ts'

/** What of the kernel's network state synthesis is made from; `NetworkFacts` of the scope room fits. */
interface KernelFacts {
  readonly links: ReadonlyMap<IfIndex, { readonly addresses: readonly KernelAddress[] }>
  readonly gateways: readonly KernelGateway[]
}
interface KernelAddress {
  readonly address: IpAddress
  readonly prefixLength: number
  readonly scope: number
  readonly flags: number
}
interface KernelGateway {
  readonly family: Family
  readonly gateway: IpAddress
  readonly ifindex: IfIndex
  readonly metric: number
  readonly source: IpAddress | undefined
}

const SCOPE_HOST = 254
const DEPRECATED_OR_TENTATIVE = 0x60
const LOOPBACK_V6 = IpAddress.of('::1')

/** Puts the kernel's facts in the order synthesis gives them out (R-SYNTH-3, R-SYNTH-5, R-SYNTH-6). */
export function hostFactsOf(facts: KernelFacts, ownNames: readonly Name[]): HostFacts {
  const gateways = [...facts.gateways].toSorted((a, b) => a.family - b.family || a.metric - b.metric)
  return {
    ownNames,
    addresses: ownAddresses(facts),
    gateways: gateways.map(({ family, gateway, ifindex }) => ({ family, address: gateway, ifindex })),
    outbound: gateways.flatMap((gateway) => sourceTowards(gateway, facts) ?? []),
    hasIpv6: isAssigned(facts, LOOPBACK_V6),
  }
}

function isAssigned({ links }: KernelFacts, address: IpAddress): boolean {
  return [...links.values()].some((link) => link.addresses.some((own) => own.address.equals(address)))
}

/** Usable addresses wider than the host: IPv4 first, then by scope with global first, then by link. */
function ownAddresses({ links }: KernelFacts): HostAddress[] {
  const usable = [...links].flatMap(([ifindex, link]) =>
    link.addresses
      .filter(({ scope, flags }) => scope < SCOPE_HOST && (flags & DEPRECATED_OR_TENTATIVE) === 0)
      .map(({ address, scope }) => ({ family: address.family, address, ifindex, scope })),
  )
  return usable
    .toSorted((a, b) => a.family - b.family || a.scope - b.scope || a.ifindex - b.ifindex)
    .map(({ family, address, ifindex }) => ({ family, address, ifindex }))
}

/** The route's own source; else the address of that link in the gateway's network; else its first (as the kernel picks). */
function sourceTowards(
  { family, gateway, ifindex, source }: KernelGateway,
  facts: KernelFacts,
): HostAddress | undefined {
  if (source !== undefined) return { family, address: source, ifindex }
  const own = (facts.links.get(ifindex)?.addresses ?? []).filter(({ address }) => address.family === family)
  const near = own.find(({ address, prefixLength }) => gateway.isWithin(address, prefixLength)) ?? own[0]
  return near && { family, address: near.address, ifindex }
}
