import type { IpAddress } from '../base/index.ts'
import type { Name } from '../wire/index.ts'
import type { Domain } from './link-settings.ts'

/** One server as resolv.conf is to list it. */
export interface ResolvConfServer {
  readonly address: IpAddress
  /** As in `ServerSpec`: 0 stands for 53. */
  readonly port: number
  /** Name of the link it is reached through; written after a link-local IPv6 address only. */
  readonly linkName: string | undefined
  /** Of its scope: glibc would ask the server for every name. */
  readonly isDefaultRoute: boolean
}

/** glibc looks at no more than three (resolv.conf(5), MAXNS). */
const MAX_FOR_LIBC = 3

/**
 * `resolv.conf`, for programs that ask the upstream servers themselves. `servers` in order global, links, delegates, or
 * the fallback ones if there is no other; those that resolv.conf cannot express are left out here (R-RC-2).
 */
export function uplinkResolvConf(
  path: string,
  servers: readonly ResolvConfServer[],
  domains: readonly Domain[],
): string {
  const usable = servers.filter(({ port, isDefaultRoute }) => port === 0 && isDefaultRoute)
  const lines = [...new Set(usable.map(serverText))].map((text) => `nameserver ${text}\n`)
  if (lines.length > MAX_FOR_LIBC)
    lines.splice(MAX_FOR_LIBC, 0, '# Too many DNS servers, the following may be ignored.\n')
  const body = lines.length === 0 ? '# No DNS servers known.\n' : lines.join('')
  return `${header(path, 'the DNS servers in use now, asked without the local stub and its cache')}\n${body}${searchLine(domains)}`
}

/** `stub-resolv.conf`, for programs that ask the local stub (R-RC-3). */
export function stubResolvConf(path: string, domains: readonly Domain[]): string {
  const body = 'nameserver 127.0.0.53\noptions edns0 trust-ad\n'
  return `${header(path, 'the local DNS stub 127.0.0.53, which knows which link to ask')}\n${body}${searchLine(domains)}`
}

/** R-RC-4. An empty list is written as `.`, or glibc would search the host's own domain. */
function searchLine(domains: readonly Domain[]): string {
  const searched = new Set<Name>(domains.filter(({ routeOnly }) => !routeOnly).map(({ name }) => name))
  return `search ${searched.size === 0 ? '.' : [...searched].join(' ')}\n`
}

function serverText({ address, linkName }: ResolvConfServer): string {
  const needsLink = linkName !== undefined && address.text.includes(':') && address.isLinkLocal
  return needsLink ? `${address.text}%${linkName}` : address.text
}

/** VPN clients recognise the owner of the file by the word systemd-resolved in its first comments. */
function header(path: string, what: string): string {
  return `# This is ${path} managed by tsresolved in the role of man:systemd-resolved(8).
# Do not edit: it is rewritten at every change of the network.
#
# It lists ${what}.
# Third party programs should open /etc/resolv.conf, which may be a link to this file, and never this path itself.
`
}
