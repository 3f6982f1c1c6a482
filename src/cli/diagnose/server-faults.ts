import { typeText } from '../../wire/index.ts'
import type { Attempt } from '../query/provenance.ts'
import type { CauseFacts } from './cause-facts.ts'
import { setServers } from './cause-of-routing.ts'

/** What is wrong with a server, as far as the attempts at it tell. */
export interface ServerFault {
  readonly server: string
  readonly kind: 'silent' | 'refused' | 'unreachable' | 'no-route' | 'error' | 'malformed' | 'tcp'
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
  if (has('unreadable reply')) return fault('malformed', 'sends replies that cannot be read')
  if (facts !== undefined && isUnreachable(server, facts)) {
    return { server, kind: 'no-route', clause: `there is no route to DNS server ${server}` }
  }
  if (has('refused')) return fault('refused', 'refuses the message: no DNS server listens there')
  if (has('unreachable')) return fault('unreachable', 'cannot be reached, says the network')
  return has('no answer', 'timeout') ? fault('silent', 'does not answer') : undefined
}

export function isUnreachable(server: string, { unreachable }: CauseFacts): boolean {
  return unreachable.some((each) => each.server === hostOf(server))
}

/** Without port and link. */
export function hostOf(server: string): string {
  const bare = server.replace(/%.*$/, '')
  return /^\[(.*)\](?::\d+)?$/.exec(bare)?.[1] ?? bare.replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1')
}

/** A command for the first thing that is wrong. */
export function repairOf({ kind, server }: ServerFault, scope: string, facts: CauseFacts): string {
  const link = facts.links.find((each) => each.scope === scope && each.ifindex !== undefined)
  if (kind === 'no-route') {
    return link === undefined
      ? `ip route add ${hostOf(server)} via GATEWAY`
      : `ip route add ${hostOf(server)} dev ${link.name}`
  }
  if (kind === 'tcp') return `let TCP port 53 of ${hostOf(server)} through, or: ${setServers(facts, scope)}`
  return setServers(facts, scope)
}
