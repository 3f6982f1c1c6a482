import type { Interface } from './idl.ts'
import { int, list, method, optional, stream, string, struct } from './idl.ts'
import {
  CONFIGURATION_TYPES,
  DNSConfiguration,
  extendedErrorOutput,
  ResourceKey,
  ResourceRecord,
} from './shared-types.ts'

// Replies of lookups. `ifindex` is the link an answer was learnt on, left out where it was none.
const ResolvedAddress = struct('ResolvedAddress', { ifindex: optional(int), family: int, address: list(int) })
const ResolvedName = struct('ResolvedName', { ifindex: optional(int), name: string })
const ResolvedRecord = struct('ResolvedRecord', { ifindex: optional(int), rr: optional(ResourceRecord), raw: string })
/** One SRV record; `addresses` are left out when the caller did not want them or there are none. */
const ResolvedService = struct('ResolvedService', {
  priority: int,
  weight: int,
  port: int,
  hostname: string,
  canonicalName: optional(string),
  addresses: optional(list(ResolvedAddress)),
})
/** The service after CNAMEs; without `name` where the call had none (RFC 6763 §4). */
const ResolvedCanonical = struct('ResolvedCanonical', { name: optional(string), type: string, domain: string })
/** One service that mDNS found or lost: `updateFlag` is `added` or `removed`. */
const ServiceData = struct('ServiceData', {
  updateFlag: string,
  family: int,
  name: optional(string),
  type: string,
  domain: string,
  ifindex: int,
})

/** Input of every lookup: the only link to ask, and flags of dbus.md §7. */
const where = { ifindex: optional(int), flags: optional(int) }

const methods = {
  ResolveHostname: method(
    'Finds the addresses of a host name.',
    { name: string, family: optional(int), ...where },
    { addresses: list(ResolvedAddress), name: string, flags: int },
  ),
  ResolveAddress: method(
    'Finds the names of an address.',
    { address: list(int), family: int, ...where },
    { names: list(ResolvedName), flags: int },
  ),
  ResolveService: method(
    'Finds the hosts that offer a service.',
    { name: optional(string), type: optional(string), domain: string, family: optional(int), ...where },
    { services: list(ResolvedService), txt: optional(list(string)), canonical: ResolvedCanonical, flags: int },
  ),
  ResolveRecord: method(
    'Finds resource records of any type.',
    { name: string, class: optional(int), type: int, ...where },
    { rrs: list(ResolvedRecord), flags: int },
  ),
  BrowseServices: stream(
    'Follows the services announced by multicast DNS.',
    { domain: optional(string), type: optional(string), ...where },
    { browserServiceData: list(ServiceData) },
  ),
  DumpDNSConfiguration: method(
    'Shows the DNS configuration, global and per link.',
    {},
    { configuration: list(DNSConfiguration) },
  ),
}

/** `io.systemd.Resolve` (varlink.md §3). */
export const RESOLVE_INTERFACE: Interface<typeof methods> = {
  name: 'io.systemd.Resolve',
  comment: 'Resolves names, addresses, services and records.',
  types: [
    ResourceKey,
    ResourceRecord,
    ResolvedAddress,
    ResolvedName,
    ResolvedRecord,
    ResolvedService,
    ResolvedCanonical,
    ServiceData,
    ...CONFIGURATION_TYPES,
  ],
  methods,
  errors: {
    NoNameServers: {},
    NoSuchResourceRecord: {},
    QueryTimedOut: {},
    MaxAttemptsReached: {},
    InvalidReply: {},
    QueryAborted: {},
    QueryRefused: {},
    DNSSECValidationFailed: { result: string, ...extendedErrorOutput },
    NoTrustAnchor: {},
    ResourceRecordTypeUnsupported: {},
    NetworkDown: {},
    NoSource: {},
    StubLoop: {},
    DNSError: { rcode: int, queryString: optional(string), ...extendedErrorOutput },
    CNAMELoop: {},
    BadAddressSize: {},
    ResourceRecordTypeInvalidForQuery: {},
    ZoneTransfersNotPermitted: {},
    ResourceRecordTypeObsolete: {},
    InconsistentServiceRecords: {},
    ServiceNotProvided: {},
  },
}
