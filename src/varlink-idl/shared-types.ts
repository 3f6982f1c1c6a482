import { bool, int, list, object, optional, string, struct } from './idl.ts'

/** Types that several interfaces name; each describes what varlink.md §3 lists for it. */
export const ResourceKey = struct('ResourceKey', { class: int, type: int, name: string })

/** Which members there are depends on the type of the record (varlink.md §3.2). */
export const ResourceRecord = struct('ResourceRecord', {
  key: ResourceKey,
  address: optional(list(int)),
  name: optional(string),
  priority: optional(int),
  weight: optional(int),
  port: optional(int),
  exchange: optional(string),
  items: optional(list(string)),
  mname: optional(string),
  rname: optional(string),
  serial: optional(int),
  refresh: optional(int),
  retry: optional(int),
  expire: optional(int),
  minimum: optional(int),
  cpu: optional(string),
  os: optional(string),
  version: optional(int),
  size: optional(int),
  horiz_pre: optional(int),
  vert_pre: optional(int),
  latitude: optional(int),
  longitude: optional(int),
  altitude: optional(int),
  keyTag: optional(int),
  algorithm: optional(int),
  digestType: optional(int),
  digest: optional(string),
  fptype: optional(int),
  fingerprint: optional(string),
  flags: optional(int),
  protocol: optional(int),
  dnskey: optional(string),
  signer: optional(string),
  typeCovered: optional(int),
  labels: optional(int),
  originalTtl: optional(int),
  expiration: optional(int),
  inception: optional(int),
  signature: optional(string),
  nextDomain: optional(string),
  types: optional(list(int)),
  iterations: optional(int),
  salt: optional(string),
  hash: optional(string),
  certUsage: optional(int),
  selector: optional(int),
  matchingType: optional(int),
  data: optional(string),
  tag: optional(string),
  value: optional(string),
  target: optional(string),
  svcparams: optional(object),
  order: optional(int),
  preference: optional(int),
  naptrFlags: optional(string),
  services: optional(string),
  regexp: optional(string),
  replacement: optional(string),
})

/**
 * A configured server. `address` are its bytes; `port` is 53 where none was set.
 * `accessible`: the kernel has a route to it.
 */
export const DNSServer = struct('DNSServer', {
  address: list(int),
  addressString: string,
  family: int,
  port: int,
  ifindex: optional(int),
  name: optional(string),
  accessible: bool,
})

/** `routeOnly`: only routes, as `~domain` does, and completes no single label. */
export const SearchDomain = struct('SearchDomain', { name: string, routeOnly: bool, ifindex: optional(int) })

/** What identifies a scope: `protocol` dns, llmnr or mdns; `family` only of the last two, the modes only of dns. */
export const scopeFields = {
  protocol: string,
  family: optional(int),
  ifindex: optional(int),
  ifname: optional(string),
  dnssec: optional(string),
  dnsOverTLS: optional(string),
}
export const DNSScope = struct('DNSScope', scopeFields)

/**
 * The configuration of one link, of one delegate, or without `ifindex` and `delegate` the global one (varlink.md §3.3).
 * What is not set is left out, empty lists too.
 */
export const DNSConfiguration = struct('DNSConfiguration', {
  ifname: optional(string),
  ifindex: optional(int),
  delegate: optional(string),
  defaultRoute: optional(bool),
  currentServer: optional(DNSServer),
  servers: optional(list(DNSServer)),
  fallbackServers: optional(list(DNSServer)),
  searchDomains: optional(list(SearchDomain)),
  negativeTrustAnchors: optional(list(string)),
  dnssec: optional(string),
  dnssecSupported: optional(bool),
  dnsOverTLS: optional(string),
  llmnr: optional(string),
  mDNS: optional(string),
  resolvConfMode: optional(string),
  scopes: optional(list(DNSScope)),
})

/** What a description of `DNSConfiguration` must declare. */
/** Ours: what is known of the encrypted channel to a server. Times in microseconds. */
export const Encryption = struct('Encryption', {
  channel: string,
  mode: string,
  /** Address and port of a resolver that the server designates (RFC 9462); left out where it is asked itself. */
  at: optional(string),
  state: string,
  version: optional(string),
  verifiedAs: optional(string),
  open: bool,
  ageUSec: optional(int),
  handshakes: int,
  resumptions: int,
  failures: int,
  failure: optional(string),
})

export const CONFIGURATION_TYPES = [DNSServer, SearchDomain, DNSScope, DNSConfiguration] as const

/** The fields of any error of the resolver that may carry an extended DNS error. */
export const extendedErrorOutput = {
  extendedDNSErrorCode: optional(int),
  extendedDNSErrorMessage: optional(string),
}
