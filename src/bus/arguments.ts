import { AF_UNSPEC, type IfIndex, IpAddress, isFamily } from '../base/index.ts'
import {
  checkServerName,
  DNS_OVER_TLS_MODES,
  type DnsOverTlsMode,
  DNSSEC_MODES,
  type DnssecMode,
  type Domain,
  isRefusedServer,
  MAX_DOMAINS,
  MAX_SERVERS,
  MULTICAST_MODES,
  type MulticastMode,
  normalPort,
  parseMode,
  type ServerSpec,
  serverKey,
  SettingError,
} from '../settings/index.ts'
import { type Name, parseName, ROOT } from '../wire/index.ts'
import { BusError, ERROR, invalidArgs } from './errors.ts'

/** Trust anchors per link; more is refused (dbus.md §5). */
const MAX_TRUST_ANCHORS = 2048
const MAX_FLAGS = 0x7fffffffn

/** `(iay)` or `(iayqs)`. */
export type ServerArgument = readonly [family: number, bytes: Uint8Array, port?: number, name?: string]
/** `(sb)`. */
export type DomainArgument = readonly [name: string, routeOnly: boolean]

/** The values of `SetDNS` (`a(iay)`) or `SetDNSEx` (`a(iayqs)`). One bad server fails the whole call. @throws {BusError} */
export function serversOf(entries: readonly ServerArgument[]): readonly ServerSpec[] {
  checkCount(entries.length, MAX_SERVERS, 'DNS servers')
  return distinct(entries.map(serverOf), serverKey)
}

/** The value of `SetDomains` (`a(sb)`). @throws {BusError} */
export function domainsOf(entries: readonly DomainArgument[]): readonly Domain[] {
  const domains = entries.map(domainOf)
  checkCount(domains.length, MAX_DOMAINS, 'search domains')
  return distinct(domains, ({ name }) => name)
}

/** The value of `SetDNSSECNegativeTrustAnchors` (`as`). @throws {BusError} */
export function trustAnchorsOf(texts: readonly string[]): readonly Name[] {
  checkCount(texts.length, MAX_TRUST_ANCHORS, 'negative trust anchors')
  return distinct(
    texts.map((text) => nameOr(text, `Invalid negative trust anchor domain: ${text}`)),
    (name) => name,
  )
}

/** `SetLLMNR`, `SetMulticastDNS`: the empty text means `yes`, which the global setting still limits. @throws {BusError} */
export function multicastModeOf(value: string, setting: 'LLMNR' | 'MulticastDNS'): MulticastMode {
  return value === '' ? 'yes' : modeOf(value, MULTICAST_MODES, setting)
}

/** The empty text follows the global setting. @throws {BusError} */
export function dnsOverTlsModeOf(value: string): DnsOverTlsMode | undefined {
  return value === '' ? undefined : modeOf(value, DNS_OVER_TLS_MODES, 'DNSOverTLS')
}

/** The empty text follows the global setting. @throws {BusError} */
export function dnssecModeOf(value: string): DnssecMode | undefined {
  return value === '' ? undefined : modeOf(value, DNSSEC_MODES, 'DNSSEC')
}

/** A link that has to exist. @throws {BusError} for 0 and below */
export function linkIndexOf(ifindex: number): IfIndex {
  if (ifindex <= 0) throw invalidArgs('Invalid interface index')
  return ifindex
}

/** Where to ask: 0 is anywhere. @throws {BusError} */
export function lookupIndexOf(ifindex: number): IfIndex {
  if (ifindex < 0) throw invalidArgs('Invalid interface index')
  return ifindex
}

/** What addresses to look for; 0 is any. @throws {BusError} */
export function familyOf(family: number): number {
  if (family !== AF_UNSPEC && !isFamily(family)) throw invalidArgs(`Unknown address family ${family}`)
  return family
}

/** All flags in use are below 2^31 (dbus.md §7). @throws {BusError} for others than `accepted` */
export function flagsOf(flags: bigint, accepted: number): number {
  const known = flags <= MAX_FLAGS ? Number(flags) : -1
  if ((known & ~accepted) !== 0) throw invalidArgs('Invalid flags parameter')
  return known
}

function serverOf([family, bytes, port = 0, name = '']: ServerArgument): ServerSpec {
  if (!isFamily(family)) throw invalidArgs(`Unknown address family ${family}`)
  const address = IpAddress.fromBytes(bytes)
  if (address === undefined || address.family !== family) throw invalidArgs('Invalid address size')
  if (isRefusedServer(address)) throw invalidArgs('Invalid DNS server address')
  return { address, port: normalPort(port), ifindex: 0, serverName: serverNameOf(name) }
}

/** The original takes any text here; one with spaces or line ends in it would not survive the state file. */
function serverNameOf(text: string): string | undefined {
  return text === '' ? undefined : orInvalid(() => checkServerName(text), `Invalid server name: ${text}`)
}

function domainOf([text, routeOnly]: DomainArgument): Domain {
  const name = text === '' ? ROOT : nameOr(text, `Invalid search domain ${text}`)
  if (name === ROOT && !routeOnly) throw invalidArgs('Root domain is not suitable as search domain')
  return { name, routeOnly }
}

function nameOr(text: string, complaint: string): Name {
  const name = parseName(text)
  if (name === undefined) throw invalidArgs(complaint)
  return name
}

function modeOf<M extends string>(value: string, modes: readonly M[], setting: string): M {
  return orInvalid(() => parseMode(value, modes), `Invalid ${setting} setting: ${value}`)
}

function orInvalid<T>(parse: () => T, complaint: string): T {
  try {
    return parse()
  } catch (error) {
    throw error instanceof SettingError ? invalidArgs(complaint) : error
  }
}

/** Of equal items the first says the place and the last the rest, e.g. route-only or not, as with the original. */
function distinct<T>(items: readonly T[], keyOf: (item: T) => string): readonly T[] {
  return [...new Map(items.map((item) => [keyOf(item), item])).values()]
}

function checkCount(count: number, limit: number, what: string): void {
  if (count > limit) throw new BusError(ERROR.limitsExceeded, `More than ${limit} ${what}.`)
}
