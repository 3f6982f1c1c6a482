import { debianExtra } from './debian.ts'
import type { Link } from './link.ts'
import type { Program } from './program.ts'
import { inside } from './world.ts'

const SCRIPT = `${inside.repo}/test/lab/kit/llmnr.py`

/** A packet from or to the port of LLMNR. */
export interface LlmnrPacket {
  readonly protocol: 'udp' | 'tcp'
  readonly from: string
  readonly to: string
  readonly ttl: number
}

/** What goes over the link in either direction by LLMNR, as it comes. */
export async function llmnrPackets(link: Link): Promise<readonly LlmnrPacket[]> {
  const packets: LlmnrPacket[] = []
  const onLine = (line: string) => {
    if (line.startsWith('{')) packets.push(JSON.parse(line) as LlmnrPacket)
  }
  await link.start(['python3', SCRIPT, 'listen', link.name], { until: /^listening$/, onLine })
  return packets
}

export interface AnsweringSpec {
  readonly name: string
  /** Where its replies come from. */
  readonly source: string
  readonly address: string
  readonly ttl?: number
  /** Told by TCP, after a reply by UDP that says that there is more. */
  readonly streamAddress?: string
}

/** A neighbour at the far end of the link; gives what it tells: `asked` and the first byte of the flags. */
export async function answerByLlmnr(link: Link, spec: AnsweringSpec): Promise<readonly string[]> {
  const { name, source, address, ttl = 255, streamAddress } = spec
  const lines: string[] = []
  const words = [link.name, name, source, address, String(ttl), ...(streamAddress === undefined ? [] : [streamAddress])]
  await link.start(['python3', SCRIPT, 'answer', ...words], {
    until: /^listening$/,
    onLine: (line) => void lines.push(line),
  })
  return lines
}

/** Settings and services of the original as a neighbour. */
export interface OriginalSpec {
  /** Lines below [Resolve]; LLMNR alone by default. */
  readonly config?: string
  /** Of a service that it publishes. */
  readonly dnssd?: string
}

/**
 * The original as a neighbour at the far end of the link: `/run`, settings and host name of its own, and no bus. Multicast DNS
 * is allowed on the link, which its release does only when networkd says so.
 */
export function startOriginal(link: Link, hostname: string, spec: OriginalSpec = {}): Promise<Program> {
  const { config = 'LLMNR=yes\nMulticastDNS=no', dnssd = '' } = spec
  const words = [hostname, link.name, `[Resolve]\n${config}\nDNSSEC=no\nFallbackDNS=\n`, dnssd]
  return link.start(['unshare', '--mount', '--uts', 'sh', '-ec', ORIGINAL, 'sh', ...words])
}

const ORIGINAL = `
mount -t tmpfs -o mode=755 tmpfs /run/systemd
mount -t tmpfs tmpfs /etc/systemd
mkdir -p /etc/systemd/dnssd /run/systemd/netif/links
printf '%s' "$3" >/etc/systemd/resolved.conf
[ -z "$4" ] || printf '%s' "$4" >/etc/systemd/dnssd/service.dnssd
state='ADMIN_STATE=configured\nOPER_STATE=routable\nLLMNR=yes\nMDNS=yes\n'
printf "$state" >"/run/systemd/netif/links/$(ip -o link show dev "$2" | cut -d: -f1)"
hostname "$1"
export SYSTEMD_LOG_LEVEL=debug SYSTEMD_LOG_TARGET=console DBUS_SYSTEM_BUS_ADDRESS=unix:path=/run/systemd/none
exec ${inside.debian}/daemons/systemd-resolved 2>&1
`

/** llmnrd, of Debian, at the far end of the link. */
export async function startLlmnrd(link: Link, hostname: string): Promise<void> {
  const folder = await debianExtra('llmnrd')
  await link.start([`${folder}/usr/sbin/llmnrd`, '-6', '-i', link.name, '-H', hostname])
}

/** What llmnr-query prints at the far end of the link. */
export async function llmnrQuery(link: Link, name: string, ...words: readonly string[]): Promise<string> {
  const folder = await debianExtra('llmnrd')
  return link.run([`${folder}/usr/bin/llmnr-query`, '-I', link.name, ...words, name])
}
