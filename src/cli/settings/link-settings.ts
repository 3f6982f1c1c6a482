import type { ArgumentsOf, MANAGER, MethodName } from '../../dbus/index.ts'
import { parseName, toAscii } from '../../wire/index.ts'
import { yesNo } from '../query/answer-lines.ts'
import { CliError } from '../command/cli-error.ts'
import { domainText, serverText } from './configuration-text.ts'
import type { DnsConfiguration } from './dns-configuration.ts'
import type { HostLink, HostLinks } from '../client/host-links.ts'
import { parseBoolean } from '../command/options.ts'
import { parseServer, ServerArgumentError } from './server-argument.ts'

/** A setter of the Manager, and its argument behind the ifindex. */
export type SetCall = {
  readonly [M in SetterName]: { readonly member: M; readonly value: ArgumentsOf<typeof MANAGER, M>[1] }
}[SetterName]
type SetterName = Extract<MethodName<typeof MANAGER>, `SetLink${string}`>

/** One of the settings that a verb prints or changes per link. */
export interface LinkSetting {
  /** In messages: `Failed to set … configuration` (C-SET-8). */
  readonly what: string
  /** Its key in JSON (C-P-4). */
  readonly field: keyof DnsConfiguration
  /** Which blocks have it (C-P-3). */
  readonly hasGlobal: boolean
  readonly hasDelegates: boolean
  /** Lists may wrap, and one empty word means an empty list (C-SET-2, C-P-2). */
  readonly isList: boolean
  /** Property of the Manager that caps the mode of a link (C-SET-7). */
  readonly cap?: 'LLMNR' | 'MulticastDNS'
  words(configuration: DnsConfiguration, links: HostLinks): readonly string[]
  /** Calls to try in turn: the next one when the daemon does not know the method. @throws {CliError} */
  calls(values: readonly string[], link: HostLink, links: HostLinks): readonly SetCall[]
}

/** Servers and domains: also global, of delegates too. */
const LIST = { hasGlobal: true, hasDelegates: true, isList: true } as const
/** Modes: one word, and delegates follow the global one. */
const MODE = { hasGlobal: true, hasDelegates: false, isList: false } as const

export const LINK_SETTINGS = {
  dns: {
    ...LIST,
    what: 'DNS',
    field: 'servers',
    words: ({ servers = [] }, links) => servers.map((server) => serverText(server, (ifindex) => links.nameOf(ifindex))),
    calls: serverCalls,
  },
  domain: {
    ...LIST,
    what: 'domain',
    field: 'searchDomains',
    words: ({ searchDomains = [] }) => searchDomains.map(domainText),
    calls: (values) => [{ member: 'SetLinkDomains', value: values.map(wireDomain) }],
  },
  'default-route': {
    what: 'default route',
    field: 'defaultRoute',
    hasGlobal: false,
    hasDelegates: true,
    isList: false,
    words: ({ defaultRoute }) => (defaultRoute === undefined ? [] : [yesNo(defaultRoute)]),
    calls: ([value]) => [{ member: 'SetLinkDefaultRoute', value: truth(value!) }],
  },
  llmnr: {
    ...MODE,
    what: 'LLMNR',
    field: 'llmnr',
    cap: 'LLMNR',
    words: ({ llmnr }) => oneWord(llmnr),
    calls: ([value = '']) => [{ member: 'SetLinkLLMNR', value }],
  },
  mdns: {
    ...MODE,
    what: 'MulticastDNS',
    field: 'mDNS',
    cap: 'MulticastDNS',
    words: ({ mDNS }) => oneWord(mDNS),
    calls: ([value = '']) => [{ member: 'SetLinkMulticastDNS', value }],
  },
  dnsovertls: {
    ...MODE,
    what: 'DNSOverTLS',
    field: 'dnsOverTLS',
    words: ({ dnsOverTLS }) => oneWord(dnsOverTLS),
    calls: ([value = '']) => [{ member: 'SetLinkDNSOverTLS', value }],
  },
  dnssec: {
    ...MODE,
    what: 'DNSSEC',
    field: 'dnssec',
    words: ({ dnssec }) => oneWord(dnssec),
    calls: ([value = '']) => [{ member: 'SetLinkDNSSEC', value }],
  },
  nta: {
    ...LIST,
    what: 'DNSSEC NTA',
    field: 'negativeTrustAnchors',
    hasDelegates: false,
    words: ({ negativeTrustAnchors = [] }) => negativeTrustAnchors.toSorted(),
    calls: (values) => [{ member: 'SetLinkDNSSECNegativeTrustAnchors', value: values.map(checkedName) }],
  },
} as const satisfies Readonly<Record<string, LinkSetting>>

export type SettingVerb = keyof typeof LINK_SETTINGS

/** With port and certificate name, else without for daemons that do not know these (C-SET-4). */
function serverCalls(values: readonly string[], link: HostLink, links: HostLinks): SetCall[] {
  const servers = values.map((text) => {
    const server = parseServer(text)
    const zone = server.zone === undefined ? link : zoneOf(text, server.zone, links)
    if (zone.ifindex !== link.ifindex) throw new CliError(`Invalid ifindex: ${zone.ifindex}`)
    return { ...server, family: server.address.family, bytes: Buffer.from(server.address.bytes) }
  })
  const full = servers.map(({ family, bytes, port, serverName }) => [family, bytes, port, serverName] as const)
  const plain = servers.map(({ family, bytes }) => [family, bytes] as const)
  return [
    { member: 'SetLinkDNSEx', value: full },
    { member: 'SetLinkDNS', value: plain },
  ]
}

function zoneOf(text: string, zone: string, links: HostLinks): HostLink {
  try {
    return links.find(zone)
  } catch (cause) {
    throw cause instanceof CliError ? new ServerArgumentError(text, 'No such device') : cause
  }
}

/** `~` makes it route-only; `.` and nothing at all are the root (C-SET-6). */
function wireDomain(text: string): [name: string, routeOnly: boolean] {
  const routeOnly = text.startsWith('~')
  return [checkedName(routeOnly ? text.slice(1) : text), routeOnly]
}

/** In DNS form: routing compares these with names in DNS form. */
function checkedName(text: string): string {
  const name = text === '' ? '.' : toAscii(text)
  if (name === undefined || parseName(name) === undefined) throw new CliError(`Domain not valid: ${text}`)
  return name
}

function truth(text: string): boolean {
  const parsed = parseBoolean(text)
  if (parsed === undefined) throw new CliError(`Failed to parse boolean argument: ${text}`)
  return parsed
}

function oneWord(word: string | undefined): string[] {
  return word === undefined ? [] : [word]
}
