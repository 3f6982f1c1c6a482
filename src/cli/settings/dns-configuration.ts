import { IpAddress } from '../../base/index.ts'
import type { DELEGATE, LINK, MANAGER, PropertiesOf } from '../../dbus/index.ts'
import type { Reply, RESOLVE_INTERFACE } from '../../varlink-idl/index.ts'
import { has, PROTOCOLS } from '../command/flags.ts'
import type { HostLink } from '../client/host-links.ts'

type Dumped = Reply<typeof RESOLVE_INTERFACE, 'DumpDNSConfiguration'>['configuration'][number]

/** The state of the global settings, of a link or of a delegate, in the shape of varlink.md 3.3. Absent = not set. */
export type DnsConfiguration = Omit<Dumped, 'currentServer' | 'servers' | 'fallbackServers'> & {
  readonly currentServer?: DnsServer | undefined
  readonly servers?: readonly DnsServer[] | undefined
  readonly fallbackServers?: readonly DnsServer[] | undefined
}
/** The port is the one in use: 53 where none is set. The bus does not tell whether a server can be reached. */
export type DnsServer = Omit<NonNullable<Dumped['currentServer']>, 'accessible'> & {
  readonly accessible?: boolean | undefined
}
export type SearchDomain = NonNullable<Dumped['searchDomains']>[number]
type DnsScope = NonNullable<Dumped['scopes']>[number]

const LOOPBACK_IFINDEX = 1

type Manager = PropertiesOf<typeof MANAGER>
type Link = PropertiesOf<typeof LINK>
type Delegate = PropertiesOf<typeof DELEGATE>

/** From the Manager's properties. What belongs to a link is left to that link (C-S-6). Older daemons lack the `Ex` ones. */
export function globalConfiguration(properties: Manager): DnsConfiguration {
  const { DNSEx, DNS = [], FallbackDNSEx, FallbackDNS = [], Domains = [] } = properties
  const current = properties.CurrentDNSServerEx ?? properties.CurrentDNSServer
  return present({
    ...modes(properties),
    currentServer: current && boundServers([current]).find(isUnbound),
    servers: nonEmpty(boundServers(DNSEx ?? DNS).filter(isUnbound)),
    fallbackServers: nonEmpty(boundServers(FallbackDNSEx ?? FallbackDNS).filter(isUnbound)),
    searchDomains: nonEmpty(
      Domains.filter(([ifindex]) => ifindex <= LOOPBACK_IFINDEX).map(([, ...rest]) => domain(rest)),
    ),
    negativeTrustAnchors: nonEmpty(properties.DNSSECNegativeTrustAnchors ?? []),
    resolvConfMode: properties.ResolvConfMode || undefined,
  })
}

/** From the properties of a Link object. */
export function linkConfiguration({ ifindex, ifname }: HostLink, properties: Link): DnsConfiguration {
  const scopes = PROTOCOLS.filter(({ bit }) => has(Number(properties.ScopesMask ?? 0n), bit))
  const { DNSEx, DNS = [], Domains = [], DefaultRoute, DNSSECNegativeTrustAnchors = [] } = properties
  const current = properties.CurrentDNSServerEx ?? properties.CurrentDNSServer
  return present({
    ifname,
    ifindex,
    ...modes(properties),
    defaultRoute: DefaultRoute,
    currentServer: current && server(current),
    servers: nonEmpty((DNSEx ?? DNS).flatMap((entry) => server(entry) ?? [])),
    searchDomains: nonEmpty(Domains.map(domain)),
    negativeTrustAnchors: nonEmpty(DNSSECNegativeTrustAnchors),
    scopes: nonEmpty(scopes.map(({ protocol, family }) => present({ protocol, family, ifindex, ifname }) as DnsScope)),
  })
}

/** From the properties of a DnsDelegate object. */
export function delegateConfiguration(delegate: string, properties: Delegate): DnsConfiguration {
  const { DNS = [], CurrentDNSServer, Domains = [], DefaultRoute } = properties
  return present({
    delegate,
    defaultRoute: DefaultRoute,
    currentServer: CurrentDNSServer && boundServers([CurrentDNSServer])[0],
    servers: nonEmpty(boundServers(DNS)),
    searchDomains: nonEmpty(Domains.map(domain)),
  })
}

/** Empty where the daemon says nothing. */
function modes(
  properties: Pick<Link, 'LLMNR' | 'MulticastDNS' | 'DNSOverTLS' | 'DNSSEC' | 'DNSSECSupported'>,
): Maybe<DnsConfiguration> {
  return {
    llmnr: properties.LLMNR || undefined,
    mDNS: properties.MulticastDNS || undefined,
    dnsOverTLS: properties.DNSOverTLS || undefined,
    dnssec: properties.DNSSEC || undefined,
    dnssecSupported: properties.DNSSECSupported,
  }
}

type WireServer = readonly [family: number, bytes: Uint8Array, port?: number, name?: string]
type BoundWireServer = readonly [ifindex: number, ...WireServer]

/** Servers with an ifindex in front. One on `lo` is as good as unbound: every loopback address is there. */
function boundServers(entries: readonly BoundWireServer[]): DnsServer[] {
  return entries.flatMap(([ifindex, ...entry]) => server(entry, ifindex > LOOPBACK_IFINDEX ? ifindex : 0) ?? [])
}

/** In the global list, a server bound to a link is that link's own. */
function isUnbound({ ifindex }: DnsServer): boolean {
  return ifindex === undefined
}

/** Undefined for the bus's way of saying "none": no address. */
function server([, bytes, port, name]: WireServer, ifindex = 0): DnsServer | undefined {
  const address = IpAddress.fromBytes(bytes)
  if (address === undefined) return undefined
  const { family, text: addressString } = address
  const shown = { address: [...bytes], addressString, family, port: port || 53 }
  return { ...shown, ...(ifindex > 0 && { ifindex }), ...(name && { name }) }
}

function domain([name, routeOnly]: readonly [string, boolean]): SearchDomain {
  return { name, routeOnly }
}

type Maybe<T> = { readonly [K in keyof T]?: T[K] | undefined }

/** Without the keys whose value is undefined. */
function present(value: Maybe<DnsConfiguration & DnsScope>): DnsConfiguration {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as DnsConfiguration
}

function nonEmpty<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length > 0 ? list : undefined
}
