import type { IfIndex, IpAddress } from '../base/index.ts'
import type { NetworkFacts, Route, RouteTo } from '../scope/index.ts'

/**
 * Why packets to a server do not get away by `ifindex` (0: by any link); undefined where they do. A packet that must leave
 * by a link is sent there also where the table rejects it, but then its reply is dropped: so both are asked.
 */
export function reasonForNoRoute(
  server: IpAddress,
  ifindex: IfIndex,
  routeTo: RouteTo,
  facts: NetworkFacts,
): Exclude<Route['kind'], 'found'> | undefined {
  if (server.isLoopback) return undefined
  const byLink = routeTo(server, ifindex)
  if (byLink === undefined) return hasRouteByFacts(server, ifindex, facts) ? undefined : 'none'
  if (byLink.kind === 'found') return undefined
  const byAny = ifindex === 0 ? byLink : routeTo(server, 0)
  return byAny === undefined || byAny.kind === 'found' ? 'none' : byAny.kind
}

/** As well as it can be known without asking the kernel: by addresses and default gateways. */
function hasRouteByFacts(server: IpAddress, ifindex: IfIndex, { links, gateways }: NetworkFacts): boolean {
  const through = (candidate: IfIndex) => ifindex === 0 || candidate === ifindex
  const isNear = [...links.values()].some(
    (link) => through(link.ifindex) && link.addresses.some((own) => server.isWithin(own.address, own.prefixLength)),
  )
  return isNear || gateways.some((route) => through(route.ifindex) && route.family === server.family)
}
