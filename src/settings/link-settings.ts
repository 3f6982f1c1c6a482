import type { Name } from '../wire/index.ts'
import type { ServerSpec } from './server-spec.ts'

/** A search domain; with `routeOnly` (`~corp`) it only decides which link a name below it goes to. */
export interface Domain {
  readonly name: Name
  readonly routeOnly: boolean
}

export type MulticastMode = 'yes' | 'no' | 'resolve'
export type DnssecMode = 'yes' | 'no' | 'allow-downgrade'
export type DnsOverTlsMode = 'yes' | 'no' | 'opportunistic'

/** What somebody configured for one link, whoever it was; `undefined` follows the global setting or the computed one. */
export interface LinkSettings {
  /** In order of preference; at most 256. */
  readonly servers: readonly ServerSpec[]
  /** In order of search; at most 1 024, names distinct. */
  readonly domains: readonly Domain[]
  readonly defaultRoute: boolean | undefined
  readonly llmnr: MulticastMode
  readonly multicastDns: MulticastMode
  readonly dnssec: DnssecMode | undefined
  readonly dnsOverTls: DnsOverTlsMode | undefined
  readonly negativeTrustAnchors: readonly Name[]
}

export const DEFAULT_LINK_SETTINGS: LinkSettings = {
  servers: [],
  domains: [],
  defaultRoute: undefined,
  llmnr: 'yes',
  multicastDns: 'yes',
  dnssec: undefined,
  dnsOverTls: undefined,
  negativeTrustAnchors: [],
}
