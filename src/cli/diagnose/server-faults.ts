import { typeText } from '../../wire/index.ts'
import type { Attempt } from '../query/provenance.ts'
import type { CauseFacts, LinkFacts } from './cause-facts.ts'
import { setServers } from './cause-of-routing.ts'

/** What is wrong with a server, as far as the attempts at it tell. */
export interface ServerFault {
  readonly server: string
  readonly kind:
    | 'silent'
    | 'refused'
    | 'unreachable'
    | 'no-route'
    | 'error'
    | 'malformed'
    | 'mismatch'
    | 'tcp'
    | 'firewall'
  readonly clause: string
}

export function deadServers(attempts: readonly Attempt[]): ServerFault[] {
  return serverFaults(attempts, undefined).filter(({ kind }) => kind !== 'error')
}

/** A type that no server has answered, though others of the same name were; undefined where there is none. */
export function typeFault(attempts: readonly Attempt[], facts: CauseFacts): ServerFault | undefined {
  const types = [...new Set(attempts.map(({ type }) => type))]
  const failing = types.map((type) => attempts.filter((each) => each.type === type)).filter((each) => !hasAnswer(each))
  if (failing.length === types.length) return undefined
  const [fault] = failing.flatMap((each) => serverFaults(each, facts))
  if (fault === undefined || fault.kind === 'error') return fault
  const type = typeText(failing[0]?.[0]?.type ?? 0)
  if (fault.kind === 'silent') return { ...fault, clause: `${fault.server} does not answer the question for ${type}` }
  return { ...fault, clause: `${fault.clause} (asked for ${type})` }
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
  if (hasAnswer(attempts)) return undefined
  const error = attempts.find(({ result }) => /^[A-Z]{5,}$|^RCODE/.test(result))
  if (error !== undefined) return fault('error', `answers ${error.result} to the question for ${typeText(error.type)}`)
  const stream = attempts.find(({ transport, result }) => transport !== 'udp' && result !== 'truncated')
  if (has('truncated') && stream !== undefined) {
    return fault('tcp', `has an answer too large for a datagram, and TCP to it fails (${stream.result})`)
  }
  if (has(MISMATCH) || drewGuesses(server, facts))
    return fault('mismatch', 'sends replies that do not belong to the question, or somebody forges them')
  if (has('unreadable reply')) return fault('malformed', 'sends replies that cannot be read')
  const noRoute = facts && noRouteIn(server, facts)
  if (noRoute !== undefined) return { server, kind: 'no-route', clause: noRoute.clause }
  if (has('refused')) return fault('refused', 'refuses the message: no DNS server listens there')
  if (has('unreachable')) return fault('unreachable', 'cannot be reached, says the network')
  const system = attempts.find(({ result }) => SYSTEM_ERROR.test(result))
  if (system !== undefined) return keptIn(server, SYSTEM_ERROR.exec(system.result)?.[1] ?? 'EIO')
  return has('no answer', 'timeout') ? fault('silent', 'does not answer') : undefined
}

function hasAnswer(attempts: readonly Attempt[]): boolean {
  return attempts.some(({ result }) => result === 'NOERROR' || result === 'NODATA' || result === 'NXDOMAIN')
}

/** A message that did not leave this machine: `10.2.0.1:53: send: EPERM`. */
const SYSTEM_ERROR = /: (?:\w+: )?(E[A-Z]{3,})\b/

function keptIn(server: string, code: string): ServerFault {
  if (code !== 'EPERM') {
    return {
      server,
      kind: 'unreachable',
      clause: `${server} is not asked, as this machine cannot send to it (${code})`,
    }
  }
  const clause = `${server} is not asked, as a firewall of this machine lets no message to it out (EPERM)`
  return { server, kind: 'firewall', clause }
}

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

/** By the label of a server: undefined where packets get there. */
export function noRouteIn(server: string, facts: CauseFacts): NoRoute | undefined {
  const link = linkOf(server, facts)
  const entry = facts.unreachable.find(
    (each) => each.server === hostOf(server) && (link === undefined || each.link === link.name),
  )
  return entry && noRouteTo(server, entry.reason, link, facts.links)
}

/** Without port, link and name. */
export function hostOf(server: string): string {
  const bare = server.replace(/[%#].*$/, '')
  return /^\[(.*)\](?::\d+)?$/.exec(bare)?.[1] ?? bare.replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1')
}

/** A command for the first thing that is wrong. */
export function repairOf({ kind, server }: ServerFault, scope: string, facts: CauseFacts): string {
  if (kind === 'no-route') return noRouteIn(server, facts)?.repair ?? setServers(facts, scope)
  if (kind === 'firewall') return `nft list ruleset   # as root: find the rule against ${hostOf(server)}, and delete it`
  if (kind === 'tcp') return `let TCP port 53 of ${hostOf(server)} through, or: ${setServers(facts, scope)}`
  return setServers(facts, scope)
}
