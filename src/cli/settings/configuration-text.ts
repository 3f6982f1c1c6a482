import { toUnicode } from '../../wire/index.ts'
import type { LinkNamer } from '../query/answer-lines.ts'
import { yesNo } from '../query/answer-lines.ts'
import type { DnsConfiguration, DnsServer, SearchDomain } from './dns-configuration.ts'
import { PROTOCOLS } from '../command/flags.ts'
import type { Screen } from '../terminal/screen.ts'
import { alignRows, type Row } from '../terminal/layout.ts'

/** `Global`, `Link IFINDEX (IFNAME)` or `Delegate ID` (C-S-2). */
export function headingOf({ ifindex, ifname, delegate }: DnsConfiguration): string {
  if (delegate !== undefined) return `Delegate ${delegate}`
  return ifindex === undefined ? 'Global' : `Link ${ifindex} (${ifname})`
}

/** The block as a person reads it: domains of other scripts as what they stand for. */
export function blockForPeople(
  block: DnsConfiguration,
  { showsUnicode }: Pick<Screen, 'showsUnicode'>,
): DnsConfiguration {
  const { searchDomains } = block
  if (!showsUnicode || searchDomains === undefined) return block
  return { ...block, searchDomains: searchDomains.map((domain) => ({ ...domain, name: toUnicode(domain.name) })) }
}

/** One block of `status`, heading excluded (C-S-3). Blocks of links line up with each other, as in newer releases. */
export function statusLines(configuration: DnsConfiguration, columns: number, nameOf: LinkNamer): string[] {
  const isGlobal = headingOf(configuration) === 'Global'
  return alignRows(statusRows(configuration, nameOf), columns, isGlobal ? 0 : 'Current DNS Server:'.length)
}

/** Address, port unless 53, link and certificate name (C-S-5). */
export function serverText({ addressString, family, port, ifindex, name }: DnsServer, nameOf: LinkNamer): string {
  const hasPort = port !== 0 && port !== 53
  const address = hasPort && family !== 2 ? `[${addressString}]` : addressString
  const zone = ifindex === undefined || ifindex === 0 ? '' : `%${nameOf(ifindex)}`
  return `${address}${hasPort ? `:${port}` : ''}${zone}${name === undefined ? '' : `#${name}`}`
}

/** Route-only domains carry a `~`. */
export function domainText({ name, routeOnly }: SearchDomain): string {
  return routeOnly ? `~${name}` : name
}

function statusRows(configuration: DnsConfiguration, nameOf: LinkNamer): Row[] {
  const isLink = configuration.ifindex !== undefined
  const isDelegate = configuration.delegate !== undefined
  const { currentServer, servers, fallbackServers, searchDomains, resolvConfMode, defaultRoute } = configuration
  const serverTexts = (list: readonly DnsServer[] | undefined) => list?.map((server) => serverText(server, nameOf))
  return [
    ...(isLink ? row('Current Scopes', scopeWords(configuration)) : []),
    ...(isDelegate ? [] : row('Protocols', protocolWords(configuration))),
    ...row('resolv.conf mode', resolvConfMode),
    ...row('Current DNS Server', currentServer && serverText(currentServer, nameOf)),
    ...row('DNS Servers', serverTexts(servers)),
    ...row('Fallback DNS Servers', serverTexts(fallbackServers)),
    ...row('DNS Domain', searchDomains?.map(domainText)),
    ...(isLink || isDelegate ? row('Default Route', defaultRoute === undefined ? undefined : yesNo(defaultRoute)) : []),
  ]
}

/** Nothing for an empty value: such a row is left out. */
function row(label: string, value: string | readonly string[] | undefined): Row[] {
  return value === undefined || value.length === 0 ? [] : [{ label, value }]
}

function scopeWords({ scopes }: DnsConfiguration): readonly string[] {
  const words = PROTOCOLS.filter(({ protocol, family }) =>
    scopes?.some((scope) => scope.protocol === protocol && (family === undefined || scope.family === family)),
  )
  return words.length === 0 ? ['none'] : words.map(({ text }) => text)
}

/** `+LLMNR`, `-LLMNR`, or `LLMNR=resolve` for anything but yes and no (C-S-4). Settings the daemon lacks are left out. */
function protocolWords(configuration: DnsConfiguration): string[] {
  const { ifindex, defaultRoute, llmnr, mDNS, dnsOverTLS, dnssec, dnssecSupported } = configuration
  const route = ifindex === undefined || defaultRoute === undefined ? undefined : yesNo(defaultRoute)
  const security = dnssec && `DNSSEC=${dnssec}/${dnssecSupported ? 'supported' : 'unsupported'}`
  return [
    ...modeWord('DefaultRoute', route),
    ...modeWord('LLMNR', llmnr),
    ...modeWord('mDNS', mDNS),
    ...modeWord('DNSOverTLS', dnsOverTLS),
    ...(security === undefined ? [] : [security]),
  ]
}

function modeWord(name: string, mode: string | undefined): string[] {
  if (mode === undefined) return []
  if (mode === 'yes') return [`+${name}`]
  return mode === 'no' ? [`-${name}`] : [`${name}=${mode}`]
}
