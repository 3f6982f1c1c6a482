import { type Family, IpAddress } from '../../base/index.ts'
import type { Properties } from '../client/bus-client.ts'
import { has, PROTOCOLS } from '../command/flags.ts'
import type { HostLink } from '../client/host-links.ts'

/** The state of the global settings, of a link or of a delegate, in the shape of varlink.md §3.3. Absent = not set. */
export interface DnsConfiguration {
  readonly ifname?: string
  readonly ifindex?: number
  readonly delegate?: string
  readonly defaultRoute?: boolean
  readonly currentServer?: DnsServer
  readonly servers?: readonly DnsServer[]
  readonly fallbackServers?: readonly DnsServer[]
  readonly searchDomains?: readonly SearchDomain[]
  readonly negativeTrustAnchors?: readonly string[]
  readonly dnssec?: string
  readonly dnssecSupported?: boolean
  readonly dnsOverTLS?: string
  readonly llmnr?: string
  readonly mDNS?: string
  readonly resolvConfMode?: string
  readonly scopes?: readonly DnsScope[]
}

export interface DnsServer {
  readonly address: readonly number[]
  readonly addressString: string
  readonly family: Family
  /** The port in use: 53 where none is set. */
  readonly port: number
  readonly ifindex?: number
  readonly name?: string
}

export interface SearchDomain {
  readonly name: string
  readonly routeOnly: boolean
  readonly ifindex?: number
}

export interface DnsScope {
  readonly protocol: string
  readonly family?: number
  readonly ifindex?: number
  readonly ifname?: string
}

const LOOPBACK_IFINDEX = 1

/** From the Manager's properties. What belongs to a link is left to that link (C-S-6). */
export function globalConfiguration(properties: Properties): DnsConfiguration {
  const read = new PropertyReader(properties)
  const domains = read.list('Domains') as [number, string, boolean][]
  return present({
    ...read.modes(),
    currentServer: read.boundServers('CurrentDNSServer', true).find(isUnbound),
    servers: nonEmpty(read.boundServers('DNS', false).filter(isUnbound)),
    fallbackServers: nonEmpty(read.boundServers('FallbackDNS', false).filter(isUnbound)),
    searchDomains: nonEmpty(
      domains.filter(([ifindex]) => ifindex <= LOOPBACK_IFINDEX).map(([, ...rest]) => domain(rest)),
    ),
    negativeTrustAnchors: nonEmpty(read.list('DNSSECNegativeTrustAnchors') as string[]),
    resolvConfMode: read.text('ResolvConfMode'),
  })
}

/** From the properties of a Link object. */
export function linkConfiguration({ ifindex, ifname }: HostLink, properties: Properties): DnsConfiguration {
  const read = new PropertyReader(properties)
  const scopes = PROTOCOLS.filter(({ bit }) => has(Number(properties.ScopesMask ?? 0), bit))
  return present({
    ifname,
    ifindex,
    ...read.modes(),
    ...read.served(),
    negativeTrustAnchors: nonEmpty(read.list('DNSSECNegativeTrustAnchors') as string[]),
    scopes: nonEmpty(scopes.map(({ protocol, family }) => present({ protocol, family, ifindex, ifname }) as DnsScope)),
  })
}

/** From the properties of a DnsDelegate object. */
export function delegateConfiguration(delegate: string, properties: Properties): DnsConfiguration {
  const read = new PropertyReader(properties)
  const [currentServer] = read.boundServers('CurrentDNSServer', true)
  const servers = nonEmpty(read.boundServers('DNS', false))
  return present({ delegate, ...read.served(), currentServer, servers })
}

type WireServer = readonly [family: number, bytes: Buffer, port?: number, name?: string]

class PropertyReader {
  readonly #properties: Properties

  constructor(properties: Properties) {
    this.#properties = properties
  }

  list(name: string): unknown[] {
    return (this.#properties[name] ?? []) as unknown[]
  }

  text(name: string): string | undefined {
    const value = this.#properties[name]
    return typeof value === 'string' && value !== '' ? value : undefined
  }

  flag(name: string): boolean | undefined {
    const value = this.#properties[name]
    return typeof value === 'boolean' ? value : undefined
  }

  modes(): Maybe<DnsConfiguration> {
    return {
      llmnr: this.text('LLMNR'),
      mDNS: this.text('MulticastDNS'),
      dnsOverTLS: this.text('DNSOverTLS'),
      dnssec: this.text('DNSSEC'),
      dnssecSupported: this.flag('DNSSECSupported'),
    }
  }

  /** What links and delegates share: their own servers and domains. */
  served(): Maybe<DnsConfiguration> {
    const current = this.#properties.CurrentDNSServerEx ?? this.#properties.CurrentDNSServer
    const servers = (this.#properties.DNSEx ?? this.#properties.DNS ?? []) as WireServer[]
    return {
      defaultRoute: this.flag('DefaultRoute'),
      currentServer: current === undefined ? undefined : server(current as WireServer),
      servers: nonEmpty(servers.flatMap((entry) => server(entry) ?? [])),
      searchDomains: nonEmpty((this.list('Domains') as [string, boolean][]).map(domain)),
    }
  }

  /** Servers with an ifindex in front. One on `lo` is as good as unbound: every loopback address is there. */
  boundServers(property: string, isSingle: boolean): DnsServer[] {
    const value = (this.#properties[`${property}Ex`] ?? this.#properties[property] ?? []) as unknown[]
    const entries = (isSingle ? [value] : value) as [number, ...WireServer][]
    return entries.flatMap(([ifindex, ...entry]) => server(entry, ifindex > LOOPBACK_IFINDEX ? ifindex : 0) ?? [])
  }
}

/** In the global list, a server bound to a link is that link's own. */
function isUnbound({ ifindex }: DnsServer): boolean {
  return ifindex === undefined
}

/** Undefined for the bus's way of saying "none": no address. */
function server([, bytes, port, name]: WireServer, ifindex = 0): DnsServer | undefined {
  const address = bytes && IpAddress.fromBytes(bytes)
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
