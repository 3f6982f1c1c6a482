import type { CauseFacts, LinkFacts } from './cause-facts.ts'

/** Why packets do not get to a server, and the command that mends it; `repair` undefined: another server is the way. */
export interface NoRoute {
  readonly clause: string
  readonly repair: string | undefined
}

/**
 * A route that rejects packets is somebody's will; else the link speaks the other family only, or the server is another
 * link's, or the route itself is missing.
 */
export function noRouteTo(
  server: string,
  reason: string,
  link: LinkFacts | undefined,
  links: readonly LinkFacts[],
): NoRoute {
  const host = hostOf(server)
  const isIpv6 = host.includes(':')
  const effect = REJECTING.get(reason)
  if (effect !== undefined) {
    const ip = isIpv6 ? 'ip -6' : 'ip'
    const find = `${ip} route show table all type ${reason} match ${host}`
    return {
      clause: `a route or rule of this machine (${reason}) ${effect} packets to DNS server ${server}`,
      repair: `${ip} route del $(${find} | tail -n 1)   # if nobody meant that; where there is none: ip rule`,
    }
  }
  if (link !== undefined && !link.addresses.some((address) => address.includes(':') === isIpv6)) {
    const family = isIpv6 ? 'IPv6' : 'IPv4'
    const clause = `link ${link.name} has no ${family} address, and thus no route to DNS server ${server}`
    return { clause, repair: undefined }
  }
  const other = links.find((each) => each !== link && each.configuredServers.some((one) => hostOf(one) === host))
  if (link !== undefined && other?.inUse === true) {
    return { clause: `DNS server ${server} is reached by ${other.name}, not by ${link.name}`, repair: undefined }
  }
  const way = link === undefined ? 'via GATEWAY' : `dev ${link.name}`
  return { clause: `there is no route to DNS server ${server}`, repair: `ip route add ${host} ${way}` }
}

const REJECTING: ReadonlyMap<string, string> = new Map([
  ['unreachable', 'rejects'],
  ['prohibit', 'prohibits'],
  ['blackhole', 'drops'],
])

/** By the label of a server: undefined where packets get there. */
export function noRouteIn(server: string, facts: CauseFacts): NoRoute | undefined {
  const link = linkOf(server, facts)
  const entry = facts.unreachable.find(
    (each) => each.server === hostOf(server) && (link === undefined || each.link === link.name),
  )
  return entry && noRouteTo(server, entry.reason, link, facts.links)
}

/** By the label of a server, `10.2.0.1%lan`. */
function linkOf(server: string, { links }: CauseFacts): LinkFacts | undefined {
  const name = /%([^#:\]]+)/.exec(server)?.[1]
  return links.find((link) => link.ifindex !== undefined && link.name === name)
}

/** Without port, link and name. */
export function hostOf(server: string): string {
  const bare = server.replace(/[%#].*$/, '')
  return /^\[(.*)\](?::\d+)?$/.exec(bare)?.[1] ?? bare.replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1')
}
