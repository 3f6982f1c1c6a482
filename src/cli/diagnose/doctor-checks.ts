import type { OBSERVE_INTERFACE, Reply } from '../../varlink-idl/index.ts'
import type { Server } from './why-reply.ts'

/** A link from the cable up to its DNS servers. */
export type LinkView = Reply<typeof OBSERVE_INTERFACE, 'DescribeLinks'>['links'][number]

/** A part of a configuration file that the daemon could not use, as `ListConfigurationWarnings` shows it. */
export type ConfigWarning = Reply<typeof OBSERVE_INTERFACE, 'ListConfigurationWarnings'>['warnings'][number]

/** Everything the checks look at, collected beforehand. */
export interface Facts {
  /** Who answers at the varlink socket. */
  readonly daemon: 'ours' | 'other' | 'none'
  /** The user the daemon runs as, by its socket. */
  readonly daemonUid: number | undefined
  readonly links: readonly LinkView[]
  readonly configWarnings: readonly ConfigWarning[]
  /** Servers to which the kernel has no route, by link. */
  readonly unreachable: readonly { readonly link: string; readonly server: string }[]
  /** Text of /etc/nsswitch.conf. */
  readonly nsswitch: string | undefined
  /** Modules that are installed, such as `resolve`. */
  readonly nssModules: readonly string[]
  readonly resolvConf: {
    readonly text: string | undefined
    /** Where the symbolic link leads; undefined for a file. */
    readonly target: string | undefined
  }
  /** Users with a socket on port 53 of 127.0.0.53, or of all addresses. */
  readonly port53: readonly number[]
  readonly stubAnswers: boolean
  /** Undefined: no bus; `owner` undefined: nobody has the name there. */
  readonly bus: { readonly owner: { readonly uid: number; readonly process: string } | undefined } | undefined
}

/** What is wrong and the one command that repairs it. */
export interface Finding {
  readonly check: string
  readonly level: 'problem' | 'warning'
  readonly what: string
  readonly repair: string
  /** Done by `--fix`; only what can be undone. */
  readonly fix?: Fix
}

export type Fix =
  | { readonly kind: 'link-resolv-conf' }
  | { readonly kind: 'rewrite-nsswitch'; readonly text: string }
  | { readonly kind: 'default-route-off'; readonly link: string; readonly isManaged: boolean }

const STUB_FILE = '/run/systemd/resolve/stub-resolv.conf'
const OWN_FILES: ReadonlySet<string> = new Set([STUB_FILE, '/usr/lib/systemd/resolv.conf'])
const UPLINK_FILE = '/run/systemd/resolve/resolv.conf'
const LINK_COMMAND = `ln -sf ../run/systemd/resolve/stub-resolv.conf /etc/resolv.conf`

type Check = (facts: Facts) => readonly Finding[]

/** All checks, in the order in which an administrator would look. */
export const CHECKS: readonly Check[] = [
  daemonRuns,
  configurationIsUsed,
  portIsOurs,
  busIsOurs,
  resolvConfIsOurs,
  nsswitchAsksUs,
  somebodyTakesTheRest,
  serversHaveLinks,
  serversHaveRoutes,
  encryptedServersWork,
  serversAnswer,
  domainsHaveServers,
  domainsAreClaimedOnce,
  claimsAreNarrow,
  restGoesOneWay,
]

export function diagnose(facts: Facts): Finding[] {
  return CHECKS.flatMap((check) => check(facts))
}

function daemonRuns({ daemon }: Facts): Finding[] {
  if (daemon === 'ours') return []
  const what =
    daemon === 'none'
      ? 'No resolver runs: nothing answers at /run/systemd/resolve/io.systemd.Resolve.'
      : 'Another resolver runs in place of tsresolved.'
  const stop = daemon === 'none' ? '' : 'systemctl disable --now systemd-resolved && '
  return [problem('daemon', what, `${stop}systemctl enable --now tsresolved`)]
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

function portIsOurs({ daemon, daemonUid, port53, stubAnswers }: Facts): Finding[] {
  if (daemon === 'none') return []
  const stranger = port53.find((uid) => uid !== daemonUid)
  if (stranger !== undefined && daemonUid !== undefined) {
    const what = `Another program (of uid ${stranger}) has port 53 of 127.0.0.53, so programs ask it instead of the resolver.`
    return [
      problem('port-53', what, `ss -lnutp 'sport = 53'   # names it: stop that, then: systemctl restart tsresolved`),
    ]
  }
  if (stubAnswers) return []
  const what =
    port53.length === 0
      ? 'Nobody listens on port 53 of 127.0.0.53: the stub is closed (DNSStubListener=no?).'
      : 'The stub at 127.0.0.53 does not answer.'
  return [problem('stub', what, 'systemctl restart tsresolved')]
}

function busIsOurs({ daemon, daemonUid, bus }: Facts): Finding[] {
  if (daemon === 'none') return []
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
        'cp config/org.freedesktop.resolve1.conf /etc/dbus-1/system.d/ && systemctl reload dbus',
      ),
    ]
  }
  if (daemonUid === undefined || bus.owner.uid === daemonUid) return []
  const what = `${bus.owner.process} (uid ${bus.owner.uid}) has the resolver's name on the bus, and gets its settings.`
  return [problem('bus-owner', what, `systemctl disable --now ${bus.owner.process}`)]
}

/** Only once the stub answers: until then another's file serves programs better than a link to nobody. */
function resolvConfIsOurs({ stubAnswers, resolvConf: { text, target } }: Facts): Finding[] {
  if (!stubAnswers) return []
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
  const owner = /NetworkManager|resolvconf|dhclient|dhcpcd|tailscale|connman|netplan/i.exec(text)?.[0]
  const by = owner === undefined ? '' : `, written by ${owner}`
  const names = servers.length === 0 ? 'no server' : servers.join(', ')
  return found('problem', `/etc/resolv.conf is not the resolver's${by}: programs ask ${names} and bypass it.`)
}

/** Names of `nameserver` lines. */
export function nameserversIn(text: string): string[] {
  return [...text.matchAll(/^\s*nameserver\s+(\S+)/gm)].map((match) => match[1] as string)
}

function nsswitchAsksUs({ nsswitch, nssModules }: Facts): Finding[] {
  const line = /^\s*hosts:(.*)$/m.exec(nsswitch ?? '')
  if (nsswitch === undefined || line === null) return []
  const words = (line[1] ?? '').split('#')[0]?.trim().split(/\s+/) ?? []
  const resolve = words.findIndex((word) => word === 'resolve' || word === 'tsresolve')
  const dns = words.indexOf('dns')
  const found = (what: string, wanted: readonly string[]): Finding[] => {
    const text = nsswitch.replace(/^\s*hosts:.*$/m, `hosts: ${wanted.join(' ')}`)
    const repair = `sed -i 's/^hosts:.*/hosts: ${wanted.join(' ').replaceAll('/', '\\/')}/' /etc/nsswitch.conf`
    return [{ check: 'nsswitch', level: 'problem', what, repair, fix: { kind: 'rewrite-nsswitch', text } }]
  }
  if (resolve < 0 && dns < 0) {
    return found('/etc/nsswitch.conf: hosts: asks neither resolve nor dns, so programs find no DNS name.', [
      ...words,
      'dns',
    ])
  }
  const module = words[resolve]
  if (module !== undefined && dns < 0 && !nssModules.includes(module)) {
    return found(`/etc/nsswitch.conf: hosts: needs the module ${module}, which is not installed.`, [...words, 'dns'])
  }
  const files = words.indexOf('files')
  if (files > Math.max(resolve, dns)) {
    const wanted = ['files', ...words.filter((word) => word !== 'files')]
    return found('/etc/nsswitch.conf: hosts: looks into /etc/hosts only after DNS.', wanted)
  }
  if (resolve >= 0 && dns >= 0 && dns < resolve) {
    const wanted = words.filter((word) => word !== 'dns')
    wanted.splice(wanted.indexOf(module as string) + 1, 0, '[!UNAVAIL=return]', 'dns')
    return found(`/etc/nsswitch.conf: hosts: asks dns before ${module}, so ${module} hardly ever answers.`, wanted)
  }
  return []
}

function somebodyTakesTheRest({ daemon, links }: Facts): Finding[] {
  if (daemon !== 'ours' || links.some((link) => link.inUse && (link.defaultRoute || link.domains.includes('~.'))))
    return []
  const what = 'No link and no global setting takes names that nobody claims: most of the internet cannot be resolved.'
  const hasServers = links.filter(({ inUse, ifindex, servers }) => inUse && ifindex !== undefined && servers.length > 0)
  const willing = hasServers.find(({ route }) => route) ?? hasServers.find(({ domains }) => domains.length === 0)
  if (willing !== undefined) return [problem('default-route', what, `tsresolvectl default-route ${willing.name} yes`)]
  const link = links.find(({ route }) => route)?.name ?? 'LINK'
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
  return unreachable.flatMap(({ link, server }) => {
    if (links.find(({ name }) => name === link)?.inUse === false) return []
    const what = `There is no route to DNS server ${server} of ${link}.`
    return [
      problem('no-route', what, link === 'global' ? `ip route get ${server}` : `ip route add ${server} dev ${link}`),
    ]
  })
}

function serversAnswer({ links }: Facts): Finding[] {
  return links.flatMap((link) =>
    link.servers.flatMap((server): Finding[] => {
      if (!isSilent(server) || (server.encryption !== undefined && isFailing(server.encryption))) return []
      const others = link.servers.filter((other) => other.answers > 0 && !isSilent(other))
      const rest = others.map((other) => addressOf(other.server)).join(' ')
      const what = `DNS server ${server.server} of ${link.scope} does not answer (${server.silences} of ${server.sent} questions unanswered).`
      const repair =
        link.ifindex === undefined
          ? 'edit DNS= in /etc/systemd/resolved.conf'
          : `tsresolvectl dns ${link.name} ${rest || 'SERVER'}`
      return [others.length > 0 ? warning('dead-server', what, repair) : problem('dead-server', what, repair)]
    }),
  )
}

/** Where plaintext is not allowed, and encryption does not work: what is wrong, and what helps. */
function encryptedServersWork({ links }: Facts): Finding[] {
  return links.flatMap((link) =>
    link.servers.flatMap(({ server, encryption }): Finding[] => {
      if (encryption === undefined || !isFailing(encryption)) return []
      const { channel, failure = '' } = encryption
      const works = link.servers.some((other) => other.encryption !== undefined && !isFailing(other.encryption))
      const what = `DNS server ${server} of ${link.scope} cannot be asked over ${channel.toUpperCase()}, and is not asked in plaintext: ${failure}.`
      const repair = encryptionRepair(failure, link, addressOf(server))
      return [works ? warning('encryption', what, repair) : problem('encryption', what, repair)]
    }),
  )
}

function isFailing({ mode, state }: NonNullable<Server['encryption']>): boolean {
  return mode === 'strict' && state === 'failing'
}

/** By the words of the daemon, of which each names one cause (E-NODE-12). */
function encryptionRepair(failure: string, link: LinkView, address: string): string {
  if (failure.includes('clock of this machine')) return 'timedatectl status'
  const isAuthority = failure.includes('authority that this system does not trust') || failure.includes('itself')
  if (isAuthority) return 'cp ITS-AUTHORITY.crt /usr/local/share/ca-certificates/ && update-ca-certificates'
  if (failure.includes('holds no certificate')) return 'apt-get install --reinstall ca-certificates'
  if (link.ifindex === undefined) return 'edit DNS= and DNSOverTLS= in /etc/systemd/resolved.conf'
  // Not the name that the certificate shows: a portal, or somebody else on the way, may have shown it.
  if (failure.includes(', not for ')) return `tsresolvectl dns ${link.name} ${address}#ITS-NAME`
  return `tsresolvectl dnsovertls ${link.name} no`
}

function isSilent({ trusted, answers, silences }: Server): boolean {
  return !trusted || (answers === 0 && silences > 0)
}

/** Without the link behind it. */
function addressOf(server: string): string {
  return server.replace(/%.*$/, '')
}

function domainsHaveServers({ links }: Facts): Finding[] {
  return links.flatMap((link) => {
    if (link.domains.length === 0 || link.configuredServers.length > 0) return []
    const what = `${link.scope} claims ${link.domains.join(', ')} but has no DNS server: the claim has no effect.`
    return [warning('claim-without-server', what, `tsresolvectl dns ${link.name} SERVER`)]
  })
}

function domainsAreClaimedOnce({ links }: Facts): Finding[] {
  const claims = new Map<string, LinkView[]>()
  for (const link of links.filter(({ inUse }) => inUse)) {
    for (const domain of new Set(link.domains.map(bare))) claims.set(domain, [...(claims.get(domain) ?? []), link])
  }
  return [...claims].flatMap(([domain, owners]) => {
    const loser = owners.toReversed().find(({ ifindex }) => ifindex !== undefined)
    if (owners.length < 2 || loser === undefined) return []
    const what = `${owners.map(({ scope }) => scope).join(' and ')} both claim ${domain}: names there are asked on each, and the first answer counts.`
    return [warning('same-domain', what, domainCommand(loser, domain))]
  })
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
    const others = links.some((other) => other !== link && other.inUse && other.defaultRoute)
    return link.domains.flatMap((domain): Finding[] => {
      const name = bare(domain)
      const isAll = name === '.'
      const isBroad = isAll ? others : !name.includes('.') && !PRIVATE.has(name)
      if (!isBroad) return []
      const what = isAll
        ? `${link.scope} claims every name (${domain}): all that no link claims more closely goes there.`
        : `${link.scope} claims the whole top-level domain ${name}: all names below it go there.`
      return [warning('broad-claim', what, domainCommand(link, name))]
    })
  })
}

function domainCommand(link: LinkView, without: string): string {
  const rest = link.domains.filter((domain) => bare(domain) !== without)
  return `tsresolvectl domain ${link.name} ${rest.length === 0 ? `''` : rest.map((domain) => `'${domain}'`).join(' ')}`
}

function bare(domain: string): string {
  return domain.replace(/^~/, '')
}

/** Links that take what nobody claims, though no default route leads out by them, see names that are not theirs. */
function restGoesOneWay({ links }: Facts): Finding[] {
  const takers = links.filter(({ inUse, defaultRoute, ifindex }) => inUse && defaultRoute && ifindex !== undefined)
  if (takers.length < 2 || takers.every(({ route }) => !route)) return []
  return takers.filter(({ route }) => !route).map(leakBy)
}

function leakBy({ scope, name, managed: isManaged }: LinkView): Finding {
  return {
    check: 'leak',
    level: 'warning',
    what: `${scope} is a default route for names, though not for packets: every name nobody claims is asked there, too.`,
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
