import { inside, type World } from '../test/lab/kit/world.ts'
import { debianProgram } from './packages.ts'

export type PeerName = 'ours' | 'resolved' | 'unbound' | 'dnsmasq' | 'echo'

/** Words before programs. */
export interface Placing {
  /** What servers are started by: nothing, or what gives them cores before all else on the machine. */
  readonly startBy: readonly string[]
  /** What load generators are started by: the same, or what keeps them on a core as well. */
  readonly loadBy: readonly string[]
}

export interface Peer {
  readonly name: PeerName
  readonly title: string
  /** How to start it, configured by `writeConfiguration`, for those that take upstreams as arguments: these. */
  readonly command: (upstreams: readonly string[]) => readonly string[]
  readonly placing: Placing
}

/** How an unbound is asked as upstream; `none`: by UDP, to compare with. */
export type Encryption = 'tls' | 'https' | 'none'

export interface ConfiguredLink {
  readonly ifindex: number
  readonly servers: readonly string[]
  readonly domains: readonly string[]
}

export interface Configuration {
  readonly cacheSize: number
  readonly encryption?: Encryption | undefined
  /** Of the root, where answers are validated. */
  readonly anchor?: string | undefined
  readonly links: readonly ConfiguredLink[]
}

/** The servers that are compared. All answer at 127.0.0.53, each on a private machine. */
export async function loadPeers(
  nodeFlags: readonly string[],
  placing: Placing = { startBy: [], loadBy: [] },
): Promise<Record<PeerName, Peer>> {
  const unbound = await debianProgram('unbound')
  const dnsmasq = await debianProgram('dnsmasq')
  return {
    ours: {
      name: 'ours',
      title: 'tsresolved',
      placing,
      command: () => [inside.node, ...UNIT_FLAGS, ...nodeFlags, `${inside.repo}/dist/main.js`],
    },
    resolved: {
      name: 'resolved',
      title: 'systemd-resolved',
      placing,
      command: () => ['env', 'SYSTEMD_LOG_TARGET=console', `${inside.debian}/daemons/systemd-resolved`],
    },
    unbound: {
      name: 'unbound',
      title: 'unbound, 1 thread',
      placing,
      command: () => [...unbound, '-d', '-c', unboundFile],
    },
    dnsmasq: {
      name: 'dnsmasq',
      title: 'dnsmasq',
      placing,
      command: (upstreams) => [...dnsmasq, '-k', '-C', dnsmasqFile, ...upstreams.map((each) => `--server=${each}`)],
    },
    echo: { name: 'echo', title: 'bare C echo', placing, command: () => ['/run/lab/responder', '127.0.0.53'] },
  }
}

/** As in config/tsresolved.service. */
const UNIT_FLAGS = ['--max-semi-space-size=4', '--use-openssl-ca']
const unboundFile = '/run/lab/unbound.conf'
const anchorFile = '/etc/dnssec-trust-anchors.d/bench.positive'
const dnsmasqFile = '/run/lab/dnsmasq.conf'

/** Writes the files of all of them: the same servers, the same room for answers. */
export async function writeConfiguration(
  world: World,
  { cacheSize, links, encryption, anchor }: Configuration,
): Promise<void> {
  const upstreams = links[0]?.servers ?? []
  await world.write('/etc/systemd/resolved.conf', resolvedConf(cacheSize, anchor !== undefined))
  await world.write('/etc/tsresolved.conf', tsresolvedConf(cacheSize))
  const files = links.map(
    ({ ifindex, servers, domains }) => `cat >${ifindex} <<'END'\n${networkdLink(servers, domains, encryption)}END\n`,
  )
  const script = ['set -e; mkdir -p /run/systemd/netif/links; cd /run/systemd/netif/links', ...files].join('\n')
  await world.run(['sh'], { input: script })
  if (anchor !== undefined) await world.write(anchorFile, anchor)
  await world.write(unboundFile, unboundConf(upstreams, cacheSize, encryption, anchor !== undefined))
  await world.write(dnsmasqFile, dnsmasqConf(cacheSize))
}

/** The original of Debian 12 does not know DNSCacheSize=, and keeps 4096 records. */
function resolvedConf(cacheSize: number, validates: boolean): string {
  return `[Resolve]\nLLMNR=no\nMulticastDNS=no\nDNSSEC=${validates ? 'yes' : 'no'}\nFallbackDNS=\nDNSCacheSize=${cacheSize}\n`
}

/** Memory for more than the usual number of answers. */
function tsresolvedConf(cacheSize: number): string {
  return `[Resolve]\nDNSCacheBytes=${Math.max(32, Math.ceil(cacheSize / 1000))}M\n`
}

/** What systemd-networkd would say of the link: files that both ours and the original read. */
export function networkdLink(
  servers: readonly string[],
  domains: readonly string[],
  encryption: Encryption | undefined,
): string {
  const routed = domains.map((domain) => domain.replace('~', '')).join(' ')
  const written = servers
    .map((server) => (encryption === 'https' ? `${server}#https://${server}/dns-query` : server))
    .join(' ')
  // Nothing is verified, as unbound would not either: what is compared is the cost of encryption.
  const mode = encryption === 'tls' ? 'DNS_OVER_TLS=opportunistic\n' : ''
  return `ADMIN_STATE=configured\nOPER_STATE=routable\nDNS=${written}\nDOMAINS=\nROUTE_DOMAINS=${routed}\n${mode}`
}

/** Memory enough for the answers: some 400 bytes each in either cache. The zone we ask for is not to be refused. */
function unboundConf(
  upstreams: readonly string[],
  cacheSize: number,
  encryption: Encryption | undefined,
  validates: boolean,
): string {
  const megabytes = Math.ceil(Math.max(4, cacheSize / 1000))
  return `server:
  interface: 127.0.0.53
  num-threads: 1
  module-config: "${validates ? 'validator ' : ''}iterator"
  ${validates ? `trust-anchor-file: "${anchorFile}"` : ''}
  do-not-query-localhost: no
  do-daemonize: no
  use-syslog: no
  verbosity: 0
  username: ""
  chroot: ""
  directory: "/run/lab"
  pidfile: ""
  msg-cache-size: ${megabytes}m
  rrset-cache-size: ${megabytes * 2}m
  incoming-num-tcp: 100
  local-zone: "test." nodefault
forward-zone:
  name: "."
${upstreams.map((each) => `  forward-addr: ${each}${encryption === 'tls' ? '@853' : ''}`).join('\n')}
  ${encryption === 'tls' ? 'forward-tls-upstream: yes' : ''}
`
}

function dnsmasqConf(cacheSize: number): string {
  return `listen-address=127.0.0.53
bind-interfaces
no-resolv
no-hosts
user=root
pid-file=
cache-size=${cacheSize}
dns-forward-max=2000
`
}
