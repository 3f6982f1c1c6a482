import type { Name } from '../wire/index.ts'
import type { ServerSpec } from './server-spec.ts'

/** A search domain; with `routeOnly` (`~corp`) it only decides which link a name below it goes to. */
export interface Domain {
  readonly name: Name
  readonly routeOnly: boolean
}

/** `resolve` asks others but answers nobody. In the order no < resolve < yes the lesser of link and global counts (R-LINK-2). */
export type MulticastMode = 'yes' | 'no' | 'resolve'
const MULTICAST_ORDER: readonly MulticastMode[] = ['no', 'resolve', 'yes']

/** What holds where two say something about it. */
export function lesserMode(a: MulticastMode, b: MulticastMode): MulticastMode {
  return MULTICAST_ORDER.indexOf(a) < MULTICAST_ORDER.indexOf(b) ? a : b
}

/** `allow-downgrade` validates where the server can do DNSSEC. */
export type DnssecMode = 'yes' | 'no' | 'allow-downgrade'
/** `opportunistic` goes without encryption where there is none. */
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

/** What a link has of which nobody has said anything. */
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
