import { typeText } from '../../wire/index.ts'
import type { Attempt } from '../query/provenance.ts'
import type { CauseFacts, LinkFacts } from './cause-facts.ts'
import { setServers } from './cause-of-routing.ts'

/** What is wrong with a server, as far as the attempts at it tell. */
export interface ServerFault {
  readonly server: string
  readonly kind: 'silent' | 'refused' | 'unreachable' | 'no-route' | 'error' | 'malformed' | 'mismatch' | 'tcp'
  readonly clause: string
}

export function deadServers(attempts: readonly Attempt[]): ServerFault[] {
  return serverFaults(attempts, undefined).filter(({ kind }) => kind !== 'error')
}

/** What is wrong with each server, by the attempts at it; those that gave an answer are well. */
export function serverFaults(attempts: readonly Attempt[], facts: CauseFacts | undefined): ServerFault[] {
  const servers = [...new Set(attempts.map(({ server }) => server))]
  return servers.flatMap(
    (server) =>
      faultOf(
        server,
        attempts.filter((each) => each.server === server),
        facts,
      ) ?? [],
  )
}

function faultOf(server: string, attempts: readonly Attempt[], facts: CauseFacts | undefined): ServerFault | undefined {
  const has = (...results: readonly string[]) => attempts.some(({ result }) => results.includes(result))
  const fault = (kind: ServerFault['kind'], clause: string) => ({ server, kind, clause: `${server} ${clause}` })
  if (has('NOERROR', 'NODATA', 'NXDOMAIN')) return undefined
  const error = attempts.find(({ result }) => /^[A-Z]{5,}$|^RCODE/.test(result))
  if (error !== undefined) return fault('error', `answers ${error.result} to the question for ${typeText(error.type)}`)
  const stream = attempts.find(({ transport, result }) => transport !== 'udp' && result !== 'truncated')
  if (has('truncated') && stream !== undefined) {
    return fault('tcp', `has an answer too large for a datagram, and TCP to it fails (${stream.result})`)
  }
  if (has(MISMATCH) || drewGuesses(server, facts))
    return fault('mismatch', 'sends replies that do not belong to the question, or somebody forges them')
  if (has('unreadable reply')) return fault('malformed', 'sends replies that cannot be read')
  if (facts !== undefined && isUnreachable(server, facts)) {
    return { server, kind: 'no-route', clause: noRouteTo(server, linkOf(server, facts), facts.links).clause }
  }
  if (has('refused')) return fault('refused', 'refuses the message: no DNS server listens there')
  if (has('unreachable')) return fault('unreachable', 'cannot be reached, says the network')
  return has('no answer', 'timeout') ? fault('silent', 'does not answer') : undefined
}

/**
 * Why a link has no route to its server: it speaks the other family only, or the server is another link's; else the route
 * itself `isMissing`.
 */
export function noRouteTo(
  server: string,
  link: LinkFacts | undefined,
  links: readonly LinkFacts[],
): { readonly clause: string; readonly isMissing: boolean } {
  const host = hostOf(server)
  const isIpv6 = host.includes(':')
  if (link !== undefined && !link.addresses.some((address) => address.includes(':') === isIpv6)) {
    const family = isIpv6 ? 'IPv6' : 'IPv4'
    return {
      clause: `link ${link.name} has no ${family} address, and thus no route to DNS server ${server}`,
      isMissing: false,
    }
  }
  const other = links.find((each) => each !== link && each.configuredServers.some((one) => hostOf(one) === host))
  if (link !== undefined && other?.inUse === true) {
    return { clause: `DNS server ${server} is reached by ${other.name}, not by ${link.name}`, isMissing: false }
  }
  return { clause: `there is no route to DNS server ${server}`, isMissing: true }
}

/** By the label of a server, `10.2.0.1%lan`. */
function linkOf(server: string, { links }: CauseFacts): LinkFacts | undefined {
  const name = /%([^#:\]]+)/.exec(server)?.[1]
  return links.find((link) => link.ifindex !== undefined && link.name === name)
}

/** It has given no reply so far but such as match nothing. */
function drewGuesses(server: string, facts: CauseFacts | undefined): boolean {
  const servers = facts?.why.scopes.flatMap((scope) => scope.servers) ?? []
  return servers.some((each) => each.server === server && each.answers === 0 && each.guesses > 0)
}

/** `exchanges` of the daemon name it so. */
const MISMATCH = 'replies that do not match'

export function isUnreachable(server: string, { unreachable }: CauseFacts): boolean {
  return unreachable.some((each) => each.server === hostOf(server))
}

/** Without port, link and name. */
export function hostOf(server: string): string {
  const bare = server.replace(/[%#].*$/, '')
  return /^\[(.*)\](?::\d+)?$/.exec(bare)?.[1] ?? bare.replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1')
}

/** A command for the first thing that is wrong. */
export function repairOf({ kind, server }: ServerFault, scope: string, facts: CauseFacts): string {
  const link = facts.links.find((each) => each.scope === scope && each.ifindex !== undefined)
  if (kind === 'no-route') {
    if (!noRouteTo(server, link, facts.links).isMissing) return setServers(facts, scope)
    return link === undefined
      ? `ip route add ${hostOf(server)} via GATEWAY`
      : `ip route add ${hostOf(server)} dev ${link.name}`
  }
  if (kind === 'tcp') return `let TCP port 53 of ${hostOf(server)} through, or: ${setServers(facts, scope)}`
  return setServers(facts, scope)
}
