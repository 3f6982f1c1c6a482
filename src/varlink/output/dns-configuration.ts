import type { IfIndex } from '../../base/index.ts'
import { AF_INET, AF_INET6 } from '../../base/index.ts'
import type { Control, DelegateStatus, GlobalStatus, LinkStatus } from '../../control/index.ts'
import { FLAG } from '../../resolve/index.ts'
import type { DnsOverTlsMode, DnssecMode, Domain, ServerSpec } from '../../settings/index.ts'
import type { DNSConfiguration, DNSScope, DNSServer, SearchDomain, ValueOf } from '../../varlink-idl/index.ts'
import type { Inspection } from '../ports.ts'

type ConfigurationValue = ValueOf<(typeof DNSConfiguration)['fields']>
type ServerValue = ValueOf<(typeof DNSServer)['fields']>
type ScopeValue = ValueOf<(typeof DNSScope)['fields']>
type DomainValue = ValueOf<(typeof SearchDomain)['fields']>
type Accessibility = Pick<Inspection, 'isAccessible'>

/** `lo` is 1 in every network namespace. */
const LOOPBACK: IfIndex = 1
const DNS_PORT = 53

/**
 * The global configuration, then that of every link and delegate (varlink.md §3.3). What is not set is left out, empty
 * lists too.
 */
export function configurationOf(control: Control, accessibility: Accessibility): ConfigurationValue[] {
  const links = control.links().map((link) => linkConfiguration(link, accessibility))
  const global = control.global()
  const delegates = control.delegates().map((each) => delegateConfiguration(each, global, accessibility))
  return [globalConfiguration(global, accessibility), ...links, ...delegates]
}

/** Servers and domains are those in force, from a foreign resolv.conf too; fallback servers are listed apart. */
function globalConfiguration(status: GlobalStatus, accessibility: Accessibility): ConfigurationValue {
  const { settings, currentServer } = status
  const server = (spec: ServerSpec) => serverValue(spec, 0, accessibility)
  const { dnssec, dnsOverTls } = settings
  return {
    ...NOT_OF_GLOBAL,
    currentServer: currentServer && server(currentServer),
    servers: listed(status.servers, server),
    fallbackServers: listed(settings.fallbackServers, server),
    searchDomains: listed(status.domains, (domain) => domainValue(domain, 0)),
    negativeTrustAnchors: listed(status.negativeTrustAnchors, String),
    dnssec,
    dnssecSupported: status.dnssecSupported,
    dnsOverTLS: dnsOverTls,
    llmnr: settings.llmnr,
    mDNS: settings.multicastDns,
    resolvConfMode: status.resolvConfMode,
    scopes: listed(protocolsOf(status.scopesMask), (protocol) => scopeValue(protocol, NO_LINK, dnssec, dnsOverTls)),
  }
}

/**
 * `settings` is what the link was given; modes and `defaultRoute` are what results from that and the global settings.
 */
function linkConfiguration(link: LinkStatus, accessibility: Accessibility): ConfigurationValue {
  const { settings, ifindex, currentServer, dnssec, dnsOverTls } = link
  const server = (spec: ServerSpec) => serverValue(spec, ifindex, accessibility)
  return {
    ...NOT_OF_LINKS,
    ifname: link.name,
    ifindex,
    defaultRoute: link.isDefaultRoute,
    currentServer: currentServer && server(currentServer),
    servers: listed(settings.servers, server),
    searchDomains: listed(settings.domains, (domain) => domainValue(domain, ifindex)),
    negativeTrustAnchors: listed(settings.negativeTrustAnchors, String),
    dnssec,
    dnssecSupported: link.dnssecSupported,
    dnsOverTLS: dnsOverTls,
    llmnr: link.llmnr,
    mDNS: link.multicastDns,
    scopes: listed(protocolsOf(link.scopesMask), (protocol) => scopeValue(protocol, link, dnssec, dnsOverTls)),
  }
}

/** DNSSEC and DNS over TLS follow the global settings (R-DELEG). */
function delegateConfiguration(
  { id, servers, domains, defaultRoute, scopesMask, currentServer }: DelegateStatus,
  { settings }: GlobalStatus,
  accessibility: Accessibility,
): ConfigurationValue {
  const server = (spec: ServerSpec) => serverValue(spec, 0, accessibility)
  const { dnssec, dnsOverTls } = settings
  return {
    ...NOT_OF_DELEGATES,
    delegate: id,
    defaultRoute,
    currentServer: currentServer && server(currentServer),
    servers: listed(servers, server),
    searchDomains: listed(domains, (domain) => domainValue(domain, 0)),
    scopes: listed(protocolsOf(scopesMask), (protocol) => scopeValue(protocol, NO_LINK, dnssec, dnsOverTls)),
  }
}

/** Members that a kind of configuration never has; the description lists all of them for all kinds. */
const NOT_OF_GLOBAL = { ifname: undefined, ifindex: undefined, delegate: undefined, defaultRoute: undefined }
const NOT_OF_LINKS = { delegate: undefined, fallbackServers: undefined, resolvConfMode: undefined }
const NOT_OF_DELEGATES = {
  ifname: undefined,
  ifindex: undefined,
  fallbackServers: undefined,
  negativeTrustAnchors: undefined,
  dnssec: undefined,
  dnssecSupported: undefined,
  dnsOverTLS: undefined,
  llmnr: undefined,
  mDNS: undefined,
  resolvConfMode: undefined,
}
const NO_LINK = { ifindex: 0, name: undefined }

/**
 * The link a server belongs to comes before the interface it names itself; loopback addresses are on `lo` (dbus.md §4).
 */
function serverValue(server: ServerSpec, linkIndex: IfIndex, accessibility: Accessibility): ServerValue {
  const ifindex = linkIndex || server.ifindex || (server.address.isLoopback ? LOOPBACK : 0)
  return {
    address: [...server.address.bytes],
    addressString: server.address.text,
    family: server.address.family,
    port: server.port || DNS_PORT,
    ifindex: ifindex || undefined,
    name: server.serverName,
    accessible: accessibility.isAccessible(server, linkIndex || server.ifindex),
  }
}

function domainValue(domain: Domain, ifindex: IfIndex): DomainValue {
  return { name: domain.name, routeOnly: domain.routeOnly, ifindex: ifindex || undefined }
}

interface ScopeProtocol {
  readonly mask: number
  readonly protocol: 'dns' | 'llmnr' | 'mdns'
  readonly family: number | undefined
}
/** In the order of the original; `scopesMask` has a bit for each protocol and family (dbus.md §7). */
const SCOPE_PROTOCOLS: readonly ScopeProtocol[] = [
  { mask: FLAG.DNS, protocol: 'dns', family: undefined },
  { mask: FLAG.LLMNR_IPV4, protocol: 'llmnr', family: AF_INET },
  { mask: FLAG.LLMNR_IPV6, protocol: 'llmnr', family: AF_INET6 },
  { mask: FLAG.MDNS_IPV4, protocol: 'mdns', family: AF_INET },
  { mask: FLAG.MDNS_IPV6, protocol: 'mdns', family: AF_INET6 },
]

function protocolsOf(scopesMask: number): readonly ScopeProtocol[] {
  return SCOPE_PROTOCOLS.filter(({ mask }) => (scopesMask & mask) !== 0)
}

/** The modes are those of unicast DNS and left out for other protocols. */
function scopeValue(
  { protocol, family }: ScopeProtocol,
  link: { readonly ifindex: IfIndex; readonly name: string | undefined },
  dnssec: DnssecMode,
  dnsOverTLS: DnsOverTlsMode,
): ScopeValue {
  const modes = protocol === 'dns' ? { dnssec, dnsOverTLS } : { dnssec: undefined, dnsOverTLS: undefined }
  return { protocol, family, ifindex: link.ifindex || undefined, ifname: link.name, ...modes }
}

/** Clients of 252 abort on an empty list (varlink.md §2). */
function listed<T, U>(items: readonly T[], value: (item: T) => U): readonly U[] | undefined {
  return items.length === 0 ? undefined : items.map(value)
}
