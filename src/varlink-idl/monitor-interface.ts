import type { Interface } from './idl.ts'
import { bool, int, list, method, optional, stream, string, struct } from './idl.ts'
import {
  CONFIGURATION_TYPES,
  DNSConfiguration,
  Encryption,
  extendedErrorOutput,
  ResourceKey,
  ResourceRecord,
  scopeFields,
} from './shared-types.ts'

/** `rr` is left out for types without a JSON form; `raw` is base64 of the record in wire form, with its TTL. */
const ResourceRecordArray = struct('ResourceRecordArray', { rr: optional(ResourceRecord), raw: string })
const AnswerRecord = struct('AnswerRecord', { rr: optional(ResourceRecord), raw: string, ifindex: optional(int) })
/** `rrs` of what exists, empty for NODATA; `type` of what does not. `until`: CLOCK_BOOTTIME, microseconds. */
const CacheEntry = struct('CacheEntry', {
  key: ResourceKey,
  rrs: optional(list(ResourceRecordArray)),
  type: optional(string),
  until: int,
})
const ScopeCache = struct('ScopeCache', { ...scopeFields, cache: list(CacheEntry) })
/** Ours: what the original has no words for. */
const ServerLearnt = struct('ServerLearnt', {
  State: string,
  RoundTripUSec: optional(int),
  /** How long a reply may take before another message is sent, here or to another server. */
  PatienceUSec: int,
  Lossy: bool,
  Sent: int,
  Probes: int,
  Answers: int,
  Errors: int,
  Hedges: int,
  VainHedges: int,
  RememberedFailures: int,
  EDNS: string,
  EDNSLosses: int,
  /** Largest UDP reply asked for, in bytes (RFC 6891 §6.2.3). */
  Payload: int,
  LargeLosses: int,
  TCPFailures: int,
  Mismatches: int,
  Guesses: int,
  Encryption: optional(Encryption),
  Discovery: optional(string),
  Doubts: list(string),
})
/** Keys as systemd-resolved spells them (varlink.md §4.2). */
const ServerState = struct('ServerState', {
  Server: string,
  Type: string,
  Interface: optional(string),
  InterfaceIndex: optional(int),
  /** Proven by a reply, `n/a` while nothing is; the possible one is what is tried next. */
  VerifiedFeatureLevel: string,
  PossibleFeatureLevel: string,
  DNSSECMode: string,
  DNSSECSupported: bool,
  /** Bytes of the largest datagram received. */
  ReceivedUDPFragmentMax: int,
  FailedUDPAttempts: int,
  FailedTCPAttempts: int,
  PacketTruncated: bool,
  PacketBadOpt: bool,
  PacketRRSIGMissing: bool,
  PacketInvalid: bool,
  PacketDoOff: bool,
  Learnt: optional(ServerLearnt),
})
/** Releases of the original before 255 do not count failures. */
const TransactionStatistics = struct('TransactionStatistics', {
  currentTransactions: int,
  totalTransactions: int,
  totalTimeouts: optional(int),
  totalTimeoutsServedStale: optional(int),
  totalFailedResponses: optional(int),
  totalFailedResponsesServedStale: optional(int),
})
const CacheStatistics = struct('CacheStatistics', { size: int, hits: int, misses: int })
/** Verdicts counted since the start or the last reset. */
const DnssecStatistics = struct('DnssecStatistics', { secure: int, insecure: int, bogus: int, indeterminate: int })

/** Every method may let polkit ask the user (varlink.md §4). */
const permission = { allowInteractiveAuthentication: optional(bool) }

const methods = {
  SubscribeQueryResults: stream('Follows all queries; the first reply only says that it has begun.', permission, {
    /** True in the first reply, without any other member; left out from then on. */
    ready: optional(bool),
    state: optional(string),
    /** With state rcode-failure; `errno` with state errno, `result` with dnssec-failed. */
    rcode: optional(int),
    errno: optional(int),
    result: optional(string),
    ...extendedErrorOutput,
    question: optional(list(ResourceKey)),
    /** The names of a CNAME chain before the last. */
    collectedQuestions: optional(list(ResourceKey)),
    answer: optional(list(AnswerRecord)),
  }),
  DumpCache: method('Shows what every scope has cached.', permission, { dump: list(ScopeCache) }),
  DumpServerState: method('Shows what is known of every server.', permission, { dump: list(ServerState) }),
  DumpStatistics: method('Shows counters.', permission, {
    transactions: TransactionStatistics,
    cache: CacheStatistics,
    dnssec: DnssecStatistics,
  }),
  ResetStatistics: method('Sets counters to zero.', permission, {}),
  SubscribeDNSConfiguration: stream('Sends the DNS configuration, now and whenever it changes.', permission, {
    configuration: list(DNSConfiguration),
  }),
  FlushCaches: method('Forgets everything cached.', permission, {}),
  ResetServerFeatures: method('Forgets what was learnt about the abilities of servers.', permission, {}),
}

/** `io.systemd.Resolve.Monitor` (varlink.md §4). */
export const MONITOR_INTERFACE: Interface<typeof methods> = {
  name: 'io.systemd.Resolve.Monitor',
  comment: 'Watches the resolver at work.',
  types: [
    ResourceKey,
    ResourceRecord,
    ResourceRecordArray,
    AnswerRecord,
    CacheEntry,
    ScopeCache,
    Encryption,
    ServerLearnt,
    ServerState,
    TransactionStatistics,
    CacheStatistics,
    DnssecStatistics,
    ...CONFIGURATION_TYPES,
  ],
  methods,
  errors: {},
}
