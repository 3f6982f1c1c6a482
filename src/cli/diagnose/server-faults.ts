import { IpAddress } from '../../base/index.ts'
import { typeText } from '../../wire/index.ts'
import type { Attempt } from '../query/provenance.ts'
import type { CauseFacts, LinkFacts } from './cause-facts.ts'
import { setServers } from './cause-of-routing.ts'
import { hostOf, noRouteIn } from './no-route.ts'

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
    | 'encryption'
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
  if (attempts.every(({ transport }) => transport === 'tls' || transport === 'https')) {
    return fault('encryption', `cannot be asked ${encryptedText(attempts.at(-1))}, and is not asked in plaintext`)
  }
  if (has('refused')) return fault('refused', 'refuses the message: no DNS server listens there')
  if (has('unreachable')) return fault('unreachable', 'cannot be reached, says the network')
  const system = attempts.find(({ result }) => SYSTEM_ERROR.test(result))
  if (system !== undefined) return keptIn(server, SYSTEM_ERROR.exec(system.result)?.[1] ?? 'EIO')
  return has('no answer', 'timeout') ? fault('silent', 'does not answer') : undefined
}

function encryptedText(attempt: Attempt | undefined): string {
  const { transport = 'tls', result = '' } = attempt ?? {}
  return `over ${transport.toUpperCase()} (${UNENCRYPTED.get(result) ?? result})`
}

const UNENCRYPTED: ReadonlyMap<string, string> = new Map([
  ['refused', 'nothing listens there for that'],
  ['timeout', 'no connection comes about'],
  ['no answer', 'no connection comes about'],
])

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

/** It has given no reply so far but such as match nothing. */
function drewGuesses(server: string, facts: CauseFacts | undefined): boolean {
  const servers = facts?.why.scopes.flatMap((scope) => scope.servers) ?? []
  return servers.some((each) => each.server === server && each.answers === 0 && each.guesses > 0)
}

/** `exchanges` of the daemon name it so. */
const MISMATCH = 'replies that do not match'

/** A command for the first thing that is wrong. */
export function repairOf({ kind, server, clause }: ServerFault, scope: string, facts: CauseFacts): string {
  if (kind === 'no-route') return noRouteIn(server, facts)?.repair ?? setServers(facts, scope)
  if (kind === 'encryption') {
    return encryptionRepair(
      clause,
      facts.links.find((each) => each.scope === scope),
    )
  }
  if (kind === 'silent' && isLoopback(server)) {
    return `let the program there ask others than 127.0.0.53, or questions go in a circle; or: ${setServers(facts, scope)}`
  }
  if (kind === 'firewall') return `nft list ruleset   # as root: find the rule against ${hostOf(server)}, and delete it`
  if (kind === 'tcp') return `let TCP port 53 of ${hostOf(server)} through, or: ${setServers(facts, scope)}`
  return setServers(facts, scope)
}

/** Where nobody is there for it, to go without is the way out; of certificates and clocks `doctor` knows more. */
function encryptionRepair(clause: string, link: LinkFacts | undefined): string {
  const isAbsent = / over TLS \((?:nothing listens|no connection)/.test(clause)
  if (link?.ifindex === undefined || !isAbsent) return 'tsresolvectl doctor   # says what helps'
  return `to go without encryption: tsresolvectl dnsovertls ${link.name} no`
}

function isLoopback(server: string): boolean {
  return IpAddress.parse(hostOf(server))?.isLoopback === true
}
