import type { Finding, LinkView, ServerLine } from './doctor-findings.ts'
import { hostOf } from './no-route.ts'
import { shellWord } from '../terminal/shell-word.ts'
import type { Server } from './why-reply.ts'

/** The path of the daemon's settings, and of a drop-in that counts after those of others. */
export const DROP_INS = '/etc/systemd/resolved.conf.d'

/** Lines that set servers in a file's text. */
export function serverLinesIn(file: string, text: string): ServerLine[] {
  const key = file.endsWith('/resolv.conf') ? /^\s*nameserver\s+(\S+)/ : /^\s*DNS\s*=\s*(.*)$/
  return text.split('\n').flatMap((words, i) => {
    const value = key.exec(words)?.[1]?.trim()
    return value === undefined || value === '' ? [] : [{ file, line: i + 1, servers: value.split(/\s+/) }]
  })
}

/** It may only be asked encrypted, and that does not work. */
export function isFailing({ mode, state }: NonNullable<LinkView['servers'][number]['encryption']>): boolean {
  return mode === 'strict' && state === 'failing'
}

/** Servers that are not heard of, and what else to ask in their place. */
export function checkServers(
  links: readonly LinkView[],
  lines: readonly ServerLine[],
  tcpOpen: ReadonlySet<string>,
): Finding[] {
  return links.flatMap((link) =>
    link.servers.flatMap((server) => silentServer(server, link, lines, tcpOpen.has(server.server))),
  )
}

const UDP_LOST = ', though TCP to it comes about: something on the way drops UDP'
/** Fewer may be the fault of the names that were asked for. */
const TELLING_ERRORS = 3

function silentServer(server: Server, link: LinkView, lines: readonly ServerLine[], isTcpOpen: boolean): Finding[] {
  const isErrors = server.errors >= TELLING_ERRORS && server.errors >= server.answers
  if (!isSilent(server) && !isErrors) return []
  if (server.encryption !== undefined && isFailing(server.encryption)) return [] // said by the check of encryption
  const others = link.servers.filter((other) => other.answers > other.errors && !isSilent(other))
  const unanswered = Math.max(0, server.sent - server.answers)
  const what = isSilent(server)
    ? `does not answer${isTcpOpen ? ' over UDP' : ''} (${unanswered} of ${server.sent} messages unanswered)${isTcpOpen ? UDP_LOST : ''}`
    : `answers with nothing but errors (${server.errors} of ${server.sent} messages)`
  const isOnly = others.length === 0
  return [
    {
      check: isSilent(server) ? 'dead-server' : 'failing-server',
      level: isOnly ? 'problem' : 'warning',
      what: `DNS server ${server.server} of ${link.scope} ${what}.`,
      repair: withoutServer(server.server, others, link, lines),
    },
  ]
}

/** Takes a server out where it stands. */
function withoutServer(
  server: string,
  others: readonly Server[],
  { ifindex, name, scope, configuredServers }: LinkView,
  lines: readonly ServerLine[],
): string {
  if (ifindex !== undefined) {
    return `tsresolvectl dns ${name} ${others.map((other) => asConfigured(other.server, configuredServers)).join(' ') || 'SERVER'}`
  }
  const address = addressOf(server)
  const place = placeOf(address, scope, lines)
  if (place === undefined) return addServer(scope)
  const reload = place.file === '/etc/resolv.conf' ? '' : ' && systemctl reload tsresolved'
  const word = place.servers.find((each) => addressOf(each) === address) ?? address
  const pattern = word.replaceAll(/[.[\]*^$/]/g, '\\$&')
  const isAlone = place.servers.length === 1
  if (others.length === 0) return `sed -i '${place.line}s/${pattern}/SERVER/' ${place.file}${reload}`
  if (isAlone) return `sed -i '${place.line}d' ${place.file}${reload}`
  return `sed -i -E '${place.line}s/(=|[[:space:]])${pattern}([[:space:]]|$)/\\1\\2/' ${place.file}${reload}`
}

/** With the name of its certificate or its URL, without which it would be asked in another way. */
function asConfigured(server: string, configured: readonly string[]): string {
  const address = addressOf(server)
  const spec = configured.find((each) => addressOf(each) === address) ?? address
  return shellWord(spec.replace(/^([^#%]*)%[^#]*/, '$1'))
}

/** The line that names a server of a scope that is no link's. */
export function placeOf(address: string, scope: string, lines: readonly ServerLine[]): ServerLine | undefined {
  return lines.find((line) => isLineOf(line, scope) && line.servers.some((each) => addressOf(each) === address))
}

function isLineOf({ file }: ServerLine, scope: string): boolean {
  const delegate = /^delegate (.*)$/.exec(scope)?.[1]
  return delegate === undefined ? !file.includes('/dns-delegate.d/') : file.includes(`/${delegate}.dns-delegate`)
}

/** A server for what is no link, in a file of its own. */
export function addServer(scope: string): string {
  const delegate = /^delegate (.*)$/.exec(scope)?.[1]
  const directory = delegate === undefined ? DROP_INS : `/etc/systemd/dns-delegate.d/${delegate}.dns-delegate.d`
  const section = delegate === undefined ? 'Resolve' : 'Delegate'
  return `mkdir -p ${directory} && printf '[${section}]\\nDNS=SERVER\\n' >${directory}/zz-servers.conf && systemctl reload tsresolved`
}

export function isSilent({ trusted, answers, silences, errors }: Server): boolean {
  return (!trusted && !(errors > 0 && errors >= answers)) || (answers === 0 && silences > 0)
}

/** Without the link behind it, and without the name of its certificate. */
export function addressOf(server: string): string {
  return server.replace(/#.*$/, '').replace(/%[^:\]]*/, '')
}

/** Messages in a server's name that answer something else, many to one question: somebody guesses at its answers. */
export function checkGuesses(links: readonly LinkView[]): Finding[] {
  return links.flatMap((link) =>
    link.servers
      .filter(({ guesses }) => guesses > 0)
      .map(({ server, guesses, mismatches }): Finding => {
        const questions = guesses === 1 ? 'one question' : `${guesses} questions`
        const what = `Somebody may be forging answers of DNS server ${server} of ${link.scope}: ${mismatches} replies to ${questions} did not match. Such questions go by TCP.`
        const device = link.ifindex === undefined ? 'any' : link.name
        const look = `tcpdump -eni ${device} -c 20 'udp src port 53 and src host ${hostOf(addressOf(server))}'`
        return {
          check: 'forged-replies',
          level: 'warning',
          what,
          repair: `${look}   # who sends them: end that, then: tsresolvectl reset-server-features`,
        }
      }),
  )
}

/** Configured servers of a link that are not asked, since they are this resolver itself. */
export function checkOwnAddresses(links: readonly LinkView[]): Finding[] {
  return links.flatMap((link) => {
    if (!link.inUse || link.ifindex === undefined || link.servers.length >= link.configuredServers.length) return []
    const asked = new Set(link.servers.map(({ server }) => addressOf(server)))
    const dropped = link.configuredServers.map(addressOf).filter((server) => !asked.has(server))
    if (dropped.length === 0) return []
    const rest = link.configuredServers.filter((server) => asked.has(addressOf(server)))
    const what = `${dropped.join(', ')} of ${link.scope} is this resolver itself, and is not asked.`
    const repair = `tsresolvectl dns ${link.name} ${rest.join(' ') || 'SERVER'}`
    return [{ check: 'own-address', level: rest.length === 0 ? 'problem' : 'warning', what, repair } as const]
  })
}
