import { dirname } from 'node:path'
import { capital, linkForTheRest } from './cause-facts.ts'
import { capitalScope } from './cause-of-routing.ts'
import { hostOf, noRouteTo } from './no-route.ts'
import { shellWord } from '../terminal/shell-word.ts'
import type { Facts, Finding, Holder, LinkView, ServerLine } from './doctor-findings.ts'
import { checkDiscovery, checkEncryption } from './doctor-encryption.ts'
import { checkNsswitch } from './doctor-nsswitch.ts'
import { addServer, checkGuesses, checkOwnAddresses, checkServers, DROP_INS } from './doctor-servers.ts'
import { roughSpan } from '../query/provenance.ts'

const STUB_FILE = '/run/systemd/resolve/stub-resolv.conf'
const OWN_FILES: ReadonlySet<string> = new Set([STUB_FILE, '/usr/lib/systemd/resolv.conf'])
const UPLINK_FILE = '/run/systemd/resolve/resolv.conf'
const LINK_COMMAND = `ln -sf ../run/systemd/resolve/stub-resolv.conf /etc/resolv.conf`

type Check = (facts: Facts) => readonly Finding[]

/** What the machine's resolver takes of the machine. */
const OF_THE_MACHINE: readonly Check[] = [
  loopbackIsUp,
  filesAreReadable,
  portIsOurs,
  busIsOurs,
  resolvConfIsOurs,
  nsswitchAsksUs,
]

/** All checks, in the order in which an administrator would look. */
const CHECKS: readonly Check[] = [
  daemonRuns,
  configurationIsUsed,
  filesAreNamedRight,
  turnsAreShort,
  ...OF_THE_MACHINE,
  neighboursKnowOneOfUs,
  somebodyTakesTheRest,
  serversHaveLinks,
  serversHaveRoutes,
  encryptedServersWork,
  serversAnswer,
  serversAreOthers,
  nobodyGuesses,
  questionsHaveRoom,
  domainsHaveServers,
  domainsAreClaimedOnce,
  claimsAreNarrow,
  restGoesOneWay,
]

export function diagnose(facts: Facts): Finding[] {
  const checks = facts.isTryOut ? CHECKS.filter((check) => !OF_THE_MACHINE.includes(check)) : CHECKS
  const findings = checks.flatMap((check) => check(facts))
  const isExplained = findings.some(({ level, check }) => level === 'problem' && EXPLAINING.has(check))
  return isExplained ? findings : [...findings, ...lookupsSucceed(facts)]
}

/** Findings that are the reason why lookups fail. */
const EXPLAINING: ReadonlySet<string> = new Set([
  'daemon',
  'default-route',
  'no-route',
  'encryption',
  'dead-server',
  'failing-server',
  'own-address',
  'overload',
])

function daemonRuns({ daemon, socket, isTryOut, bus }: Facts): Finding[] {
  if (daemon === 'ours') return []
  if (daemon === 'forbidden') {
    const words = isTryOut ? `--runtime-dir=${shellWord(dirname(socket))} doctor` : 'doctor'
    return [
      problem(
        'daemon',
        `You may not open ${socket}: the resolver there is another user's.`,
        `sudo tsresolvectl ${words}`,
      ),
    ]
  }
  if (daemon === 'none' && isTryOut) {
    const gone = `No resolver runs in ${dirname(socket)}: that try-out has ended.`
    return [problem('daemon', gone, 'npm start   # in the checkout; it prints where it runs')]
  }
  if (daemon === 'frozen') {
    const stuck = 'The resolver runs but does not answer within 3 s: it is stopped or stuck.'
    const anew = isTryOut ? 'end it where it was started, then: npm start' : 'systemctl restart tsresolved'
    return [problem('daemon', stuck, anew)]
  }
  if (daemon === 'none' && bus?.owner !== undefined) {
    const gone = `${bus.owner.process ?? 'A program'} has the resolver's name on the bus, but nothing answers at ${socket}: its files are gone.`
    return [problem('daemon', gone, 'systemctl restart tsresolved')]
  }
  const what =
    daemon === 'none'
      ? `No resolver runs: nothing answers at ${socket}.`
      : 'Another resolver runs in place of tsresolved.'
  const stop = daemon === 'none' ? '' : 'systemctl disable --now systemd-resolved && '
  return [problem('daemon', what, `${stop}systemctl enable --now tsresolved`)]
}

/** Programs ask again after five seconds, people notice a tenth of one. */
const LONG_TURN_MS = 100

function turnsAreShort({ turns }: Facts): Finding[] {
  const [longest] = turns
  if (longest === undefined || longest.took < LONG_TURN_MS) return []
  const what = `The resolver was busy with ${longest.what} for ${longest.took.toFixed(0)} ms, and answered nobody meanwhile.`
  return [
    warning('long-turn', what, 'tsresolvectl top   # shows who asks so much; tsresolvectl reset-statistics looks anew'),
  ]
}

/** Local names are looked at again by themselves; everything else waits for a reload. */
function configurationIsUsed({ configWarnings }: Facts): Finding[] {
  return configWarnings.map(({ file, line, key, message }) => {
    const place = `${file}${line === undefined ? '' : `:${line}`}`
    const reload = /^\/etc\/(?:hosts|resolv\.conf)$|\.rr$/.test(file) ? '' : ' && systemctl reload tsresolved'
    const editor = `\${EDITOR:-vi} ${line === undefined ? '' : `+${line} `}${file}`
    return warning('configuration', `${place}: ${key === undefined ? '' : `${key}=: `}${message}`, `${editor}${reload}`)
  })
}

function filesAreNamedRight({ misnamed }: Facts): Finding[] {
  return misnamed.map(({ file, ending }) => {
    const right = `${file.replace(/\.\w+$/, '')}${ending}`
    const what = `${file} is not read, as its name does not end in ${ending}.`
    return warning('configuration', what, `mv ${shellWord(file)} ${shellWord(right)} && systemctl reload tsresolved`)
  })
}

function loopbackIsUp({ isLoopbackUp }: Facts): Finding[] {
  if (isLoopbackUp) return []
  return [problem('loopback', 'The loopback link lo is down: no program reaches 127.0.0.53.', 'ip link set lo up')]
}

/** Programs of all users read these, and the resolver is a user of its own. */
function filesAreReadable({ unreadable }: Facts): Finding[] {
  return unreadable.map((file) =>
    problem(
      'unreadable',
      `${file} may not be read by all: for other users it is as if it were empty.`,
      `chmod a+r ${file}`,
    ),
  )
}

function portIsOurs({ daemon, daemonUid, port53, stubAnswers, isLoopbackUp }: Facts): Finding[] {
  if (!isLoopbackUp) return []

  if (daemon !== 'ours' && daemon !== 'other') return []
  const stranger = port53.find(({ uid }) => uid !== daemonUid)
  if (stranger !== undefined && daemonUid !== undefined) {
    const who = stranger.process === undefined ? 'Another program' : `${stranger.process} (pid ${stranger.pid})`
    const what = `${who} of uid ${stranger.uid} has port 53 of 127.0.0.53, so programs ask it instead of the resolver.`
    return [problem('port-53', what, endHolder(stranger))]
  }
  if (stubAnswers) return []
  const what =
    port53.length === 0
      ? 'Nobody listens on port 53 of 127.0.0.53: the stub is closed (DNSStubListener=no?).'
      : 'The stub at 127.0.0.53 does not answer.'
  return [problem('stub', what, port53.length === 0 ? OPEN_STUB : 'systemctl restart tsresolved')]
}

/** Two that answer for one machine would withdraw each other's names: ours asks, and leaves answering to the other (MC-AV-3). */
function neighboursKnowOneOfUs({ daemonUid, port5353, links }: Facts): Finding[] {
  const left = links.filter(({ answeredByOthers }) => answeredByOthers === true).map(({ name }) => name)
  if (left.length === 0) return []
  const other = port5353.find(({ uid }) => uid !== daemonUid)
  const who = other?.process === undefined ? 'Another program' : `${other.process} (pid ${other.pid})`
  const what = `${who} has the port of multicast DNS, too: on ${left.join(', ')} neighbours are asked, but answered by that program alone.`
  const repair = left.map((each) => `tsresolvectl mdns ${shellWord(each)} resolve`).join(' && ')
  return [warning('multicast-dns', what, repair)]
}

/** Counts after whatever file closed it; listeners are opened at the start only. */
const OPEN_STUB = `mkdir -p ${DROP_INS} && printf '[Resolve]\\nDNSStubListener=yes\\n' >${DROP_INS}/zz-stub.conf && systemctl restart tsresolved`

function endHolder({ pid, unit }: Holder): string {
  if (unit !== undefined) return `systemctl disable --now ${unit} && systemctl restart tsresolved`
  if (pid !== undefined) return `kill ${pid} && systemctl restart tsresolved`
  return `ss -lnutp 'sport = 53'   # as root, names it: stop that, then: systemctl restart tsresolved`
}

function busIsOurs({ daemon, daemonUid, bus }: Facts): Finding[] {
  if (daemon === 'none' || daemon === 'forbidden') return []
  if (bus === undefined) {
    const what = 'There is no system bus: network managers cannot tell the resolver their servers.'
    return [warning('bus', what, 'systemctl start dbus')]
  }
  if (bus.owner === undefined) {
    const what = 'Nobody has the name org.freedesktop.resolve1 on the bus: its policy does not let the resolver own it.'
    return [
      problem(
        'bus-policy',
        what,
        'cp config/org.freedesktop.resolve1.conf /etc/dbus-1/system.d/ && systemctl reload dbus   # in the sources; of the package: apt-get install --reinstall tsresolved',
      ),
    ]
  }
  if (daemonUid === undefined || bus.owner.uid === daemonUid) return []
  const what = `${bus.owner.process ?? 'A program'} (uid ${bus.owner.uid}) has the resolver's name on the bus, and gets its settings.`
  return [problem('bus-owner', what, endHolder(bus.owner))]
}

/** Only once the stub answers: until then another's file serves programs better than a link to nobody. */
function resolvConfIsOurs({ daemon, stubAnswers, resolvConf: { text, target }, links, serverLines }: Facts): Finding[] {
  if (!stubAnswers || daemon === 'none') return []
  const fix = { kind: 'link-resolv-conf' } as const
  const found = (level: Finding['level'], what: string) => [
    { check: 'resolv.conf', level, what, repair: LINK_COMMAND, fix },
  ]
  if (text === undefined) {
    const lost = target === undefined ? 'is missing' : `leads to ${target}, which does not exist`
    return found('problem', `/etc/resolv.conf ${lost}: many programs find no server.`)
  }
  if (target !== undefined && OWN_FILES.has(target)) return []
  if (target === UPLINK_FILE) {
    return found('warning', '/etc/resolv.conf leads past the resolver to its servers: no cache, no names per link.')
  }
  const servers = nameserversIn(text)
  if (servers.length > 0 && servers.every((server) => server === '127.0.0.53')) return []
  const carried = onlySource(text, links, serverLines)
  if (carried !== undefined) {
    const what = "/etc/resolv.conf is not the resolver's, and the only place that names servers: programs bypass it."
    return [{ check: 'resolv.conf', level: 'problem', what, repair: `${carried} && ${LINK_COMMAND}` }]
  }
  const owner = /NetworkManager|resolvconf|dhclient|dhcpcd|tailscale|connman|netplan/i.exec(text)?.[0]
  const by = owner === undefined ? '' : `, written by ${owner}`
  const names = servers.length === 0 ? 'no server' : servers.join(', ')
  return found('problem', `/etc/resolv.conf is not the resolver's${by}: programs ask ${names} and bypass it.`)
}

/**
 * The command that carries what the file says into a drop-in, where the resolver has its servers from there alone: linked
 * away without that, they would be lost at the next restart.
 */
function onlySource(text: string, links: readonly LinkView[], lines: readonly ServerLine[]): string | undefined {
  const used = links.filter(({ inUse }) => inUse)
  const isAlone = used.length > 0 && used.every(({ scope }) => scope === 'global')
  const isSet = lines.some(({ file }) => file.includes('resolved.conf'))
  const servers = nameserversIn(text).filter((server) => !server.startsWith('127.0.0.5'))
  if (!isAlone || isSet || servers.length === 0) return undefined
  const domains = /^\s*(?:search|domain)\s+(.*)$/m.exec(text)?.[1]?.trim()
  const rest = domains === undefined ? '' : `Domains=${domains}\\n`
  return `mkdir -p ${DROP_INS} && printf '[Resolve]\\nDNS=${servers.join(' ')}\\n${rest}' >${DROP_INS}/from-resolv-conf.conf && systemctl reload tsresolved`
}

/** Names of `nameserver` lines. */
export function nameserversIn(text: string): string[] {
  return [...text.matchAll(/^\s*nameserver\s+(\S+)/gm)].map((match) => match[1] as string)
}

function nsswitchAsksUs({ nsswitch, nssModules, links }: Facts): Finding[] {
  return nsswitch === undefined ? [] : checkNsswitch(nsswitch, nssModules, links)
}

function somebodyTakesTheRest({ daemon, links }: Facts): Finding[] {
  if (daemon !== 'ours' || links.some((link) => link.inUse && (link.defaultRoute || link.domains.includes('~.'))))
    return []
  const what = 'No link and no global setting takes names that nobody claims: most of the internet cannot be resolved.'
  const willing = linkForTheRest(links.filter(({ servers }) => servers.length > 0))
  if (willing !== undefined) return [problem('default-route', what, `tsresolvectl default-route ${willing.name} yes`)]
  const named = links.filter(({ ifindex }) => ifindex !== undefined)
  const link = (named.find(({ route }) => route) ?? named[0])?.name ?? 'LINK'
  return [problem('default-route', what, `tsresolvectl dns ${link} SERVER && tsresolvectl default-route ${link} yes`)]
}

function serversHaveLinks({ links }: Facts): Finding[] {
  return links.flatMap((link) => {
    if (link.configuredServers.length === 0 || link.inUse || link.ifindex === undefined) return []
    const why = link.up ? (link.carrier ? 'has no usable address' : 'has no carrier') : 'is down'
    const what = `Link ${link.name} has DNS servers but ${why}, so they are not asked.`
    const up = `ip link set ${link.name} up`
    return [warning('link-unusable', what, why === 'is down' ? up : `ip address show ${link.name}`)]
  })
}

function serversHaveRoutes({ unreachable, links }: Facts): Finding[] {
  return unreachable.flatMap(({ link: name, server, reason }) => {
    const link = links.find((each) => each.name === name && each.ifindex !== undefined)
    if (link?.inUse === false) return []
    const { clause, repair } = noRouteTo(server, reason, link, links)
    if (repair === undefined) return [problem('no-route', `${capital(clause)}.`, `tsresolvectl dns ${name} SERVER`)]
    return [problem('no-route', `${capital(clause)} of ${name}.`, repair)]
  })
}

/** Those without a route are told already. */
function serversAnswer({ links, serverLines, unreachable, tcpOpen }: Facts): Finding[] {
  const isRouted = (link: LinkView, server: string) =>
    !unreachable.some((each) => each.link === link.name && each.server === hostOf(server))
  const routed = links.map((link) => ({
    ...link,
    servers: link.servers.filter(({ server }) => isRouted(link, server)),
  }))
  return checkServers(routed, serverLines, tcpOpen)
}

function serversAreOthers({ links }: Facts): Finding[] {
  return checkOwnAddresses(links)
}

function nobodyGuesses({ links }: Facts): Finding[] {
  return checkGuesses(links)
}

/** Older ones are history. */
const RECENTLY = 600_000_000
/** Later than this it may be over. */
const JUST_NOW = 10_000_000

function questionsHaveRoom({ refusals }: Facts): Finding[] {
  if (refusals === undefined || refusals.ago > RECENTLY) return []
  const { count, ago } = refusals
  const what = `Too many questions were under way: ${count} ${count === 1 ? 'was' : 'were'} refused, the latest ${roughSpan(ago)} ago.`
  const repair =
    'tsresolvectl monitor --clients   # as root, who asks so much: end that, then: tsresolvectl reset-statistics'
  return [{ check: 'overload', level: ago < JUST_NOW ? 'problem' : 'warning', what, repair }]
}

function encryptedServersWork({ links, serverLines }: Facts): Finding[] {
  return [...checkEncryption(links, serverLines), ...checkDiscovery(links)]
}

/** What the doctor asked itself, where nothing above explains it. */
function lookupsSucceed({ lookups }: Facts): Finding[] {
  return lookups.map(({ question, cause, repair }) => problem('lookup', `${question} fails. ${cause}`, repair))
}

function domainsHaveServers({ links }: Facts): Finding[] {
  return links.flatMap((link) => {
    if (link.domains.length === 0 || link.configuredServers.length > 0) return []
    const what = `${capitalScope(link.scope)} claims ${link.domains.join(', ')} but has no DNS server: the claim has no effect.`
    const repair = link.ifindex === undefined ? addServer(link.scope) : `tsresolvectl dns ${link.name} SERVER`
    return [warning('claim-without-server', what, repair)]
  })
}

function domainsAreClaimedOnce({ links }: Facts): Finding[] {
  const claims = new Map<string, LinkView[]>()
  for (const link of links.filter(({ inUse }) => inUse)) {
    for (const domain of new Set(link.domains.map(bare))) claims.set(domain, [...(claims.get(domain) ?? []), link])
  }
  return [...claims].flatMap(([domain, owners]) => {
    const loser = loserOf(owners, domain)
    if (owners.length < 2 || loser === undefined) return []
    const what = `${capital(owners.map(({ scope }) => scope).join(' and '))} both claim ${domain}: names there are asked on each, and the first answer counts.`
    return [warning('same-domain', what, domainCommand(loser, domain))]
  })
}

/**
 * Who can do without the claim. Of the whole of DNS, the link that is no way out for packets, else the older one, as a VPN
 * comes later; of a domain, the link that takes other names anyway, else the newer one.
 */
function loserOf(owners: readonly LinkView[], domain: string): LinkView | undefined {
  const links = owners.filter(({ ifindex }) => ifindex !== undefined)
  if (domain === '.') return links.find(({ route }) => !route) ?? links[0]
  return links.find(({ defaultRoute }) => defaultRoute) ?? links.at(-1)
}

/** Names of private networks that no registry gives out, and `.local`, which some networks use as one. */
const PRIVATE: ReadonlySet<string> = new Set([
  'local',
  'lan',
  'home',
  'internal',
  'corp',
  'private',
  'intranet',
  'localdomain',
])

function claimsAreNarrow({ links }: Facts): Finding[] {
  return links.flatMap((link) => {
    if (!link.inUse || link.ifindex === undefined) return []
    return link.domains.flatMap((domain): Finding[] => {
      const name = bare(domain)
      // `~.` is what a full tunnel claims, and is nobody's slip.
      if (name.startsWith('*.')) {
        const without = `'~${name.slice(2)}'`
        const what = `${capitalScope(link.scope)} claims ${name}, which no name is within: a domain stands for all names below it already.`
        const rest = link.domains.filter((each) => each !== domain).map((each) => `'${each}'`)
        return [warning('wildcard-domain', what, `tsresolvectl domain ${link.name} ${[...rest, without].join(' ')}`)]
      }
      if (name === '.' || name.includes('.') || PRIVATE.has(name)) return []
      const what = `${capitalScope(link.scope)} claims the whole top-level domain ${name}: all names below it go there.`
      return [warning('broad-claim', what, domainCommand(link, name))]
    })
  })
}

/** A link without domains becomes a default route: one that was none is kept from that. */
function domainCommand(link: LinkView, without: string): string {
  const rest = link.domains.filter((domain) => bare(domain) !== without)
  if (rest.length > 0) return `tsresolvectl domain ${link.name} ${rest.map((domain) => `'${domain}'`).join(' ')}`
  const guard = link.defaultRoute ? '' : `tsresolvectl default-route ${link.name} no && `
  return `${guard}tsresolvectl domain ${link.name} ''`
}

function bare(domain: string): string {
  return domain.replace(/^~/, '')
}

/** Links that take what nobody claims, though no default route leads out by them, see names that are not theirs. */
function restGoesOneWay({ links }: Facts): Finding[] {
  const takers = links.filter(({ inUse, defaultRoute, ifindex }) => inUse && defaultRoute && ifindex !== undefined)
  const isTaken = links.some(({ inUse, domains }) => inUse && domains.some((domain) => bare(domain) === '.'))
  if (isTaken || takers.length < 2 || takers.every(({ route }) => !route)) return []
  return takers.filter(({ route }) => !route).map(leakBy)
}

function leakBy({ scope, name, managed: isManaged }: LinkView): Finding {
  return {
    check: 'leak',
    level: 'warning',
    what: `${capitalScope(scope)} is a default route for names, though not for packets: every name nobody claims is asked there, too.`,
    repair: `tsresolvectl default-route ${name} no`,
    fix: { kind: 'default-route-off', link: name, isManaged },
  }
}

function problem(check: string, what: string, repair: string): Finding {
  return { check, level: 'problem', what, repair }
}

function warning(check: string, what: string, repair: string): Finding {
  return { check, level: 'warning', what, repair }
}
