import { Server } from './explain-types.ts'
import type { Interface } from './idl.ts'
import { bool, int, list, method, optional, stream, string, struct } from './idl.ts'

/** Who asked, as far as kernel or bus tell; `via` is udp, tcp, bus or varlink. */
const Client = struct('Client', {
  via: string,
  address: optional(string),
  port: optional(int),
  busName: optional(string),
  /** Of a process of this machine; left out for clients elsewhere and where the kernel does not tell. */
  uid: optional(int),
  pid: optional(int),
  process: optional(string),
})

/** A finished question. `tookUSec` counts from its arrival; `source` says who answered. */
export const Question = struct('Question', {
  answeredUSec: int,
  name: string,
  types: list(int),
  /** As `state` of SubscribeQueryResults, and `nodata` for a success without records. */
  state: string,
  rcode: int,
  /** Number of records in the answer. */
  records: int,
  source: string,
  scope: optional(string),
  ifindex: optional(int),
  server: optional(string),
  transport: optional(string),
  tookUSec: int,
  /** Messages that went to servers for it; 0 from a cache or from this machine. */
  attempts: int,
  client: optional(Client),
})

/** A link from the cable up to its servers. `replays`: replies that were repeated without asking the scope. */
export const Link = struct('Link', {
  /** `global`, `link 3 (eth0)`, `delegate corp`. */
  scope: string,
  ifindex: optional(int),
  name: string,
  up: bool,
  /** A cable is in, or the radio is associated, and the kernel calls the link operational. */
  carrier: bool,
  addresses: list(string),
  /** A default route leads out by it, or packets to the rest of the world do. */
  route: bool,
  /** By systemd-networkd: clients of the bus cannot change its settings (R-NETD-6). */
  managed: bool,
  /** It has a scope of unicast DNS now, so that its servers can be asked. */
  inUse: bool,
  defaultRoute: bool,
  /** True where neighbours are answered by multicast DNS, but by another program of this machine. */
  answeredByOthers: optional(bool),
  /** `~` in front of those that only route. */
  domains: list(string),
  configuredServers: list(string),
  /** Of the link alone. */
  negativeTrustAnchors: list(string),
  servers: list(Server),
  cacheSize: int,
  replays: int,
})

/** `counts` has one number more than `boundsUSec`: what took longer than all bounds. */
export const Histogram = struct('Histogram', { boundsUSec: list(int), counts: list(int), sumUSec: int })

/** Counters since the start; replays, which are counted elsewhere, since the last reset of statistics. */
export const ScopeMetrics = struct('ScopeMetrics', {
  scope: string,
  ifindex: optional(int),
  questions: int,
  cacheHits: int,
  /** Answers that were neither records nor a clear "no such". */
  failures: int,
  took: Histogram,
})
export const ServerMetrics = struct('ServerMetrics', { server: string, sent: int, failures: int, roundTrip: Histogram })
export const SourceMetrics = struct('SourceMetrics', { source: string, questions: int })

/** What could not be used of a configuration file; `key` is the setting it stands behind. */
export const ConfigWarning = struct('ConfigWarning', {
  file: string,
  line: optional(int),
  key: optional(string),
  message: string,
})

/** For how long at most the daemon did not come to read its sockets, in CPU time, and what it was doing then. */
export const Turn = struct('Turn', { what: string, tookUSec: int })

/** A server to which the kernel lets no packets: `none`, `unreachable`, `prohibit` or `blackhole`. */
export const UnroutedServer = struct('UnroutedServer', { scope: string, name: string, address: string, reason: string })

/** Every method that tells what others asked may let polkit ask the user. */
const permission = { allowInteractiveAuthentication: optional(bool) }

const methods = {
  WatchQuestions: stream(
    'Follows questions, with who asked; the first reply only says that it has begun. With recent, the latest come first. Of a flood some are left out; leftOut is how many there were before this one.',
    { recent: optional(bool), ...permission },
    { ready: optional(bool), leftOut: optional(int), question: optional(Question) },
  ),
  DescribeLinks: method('Shows every link from the cable up to its DNS servers.', {}, { links: list(Link) }),
  ListUnroutedServers: method(
    'Shows the servers in use to which no packets get, and why: there is no route (none), or one that rejects packets (unreachable, prohibit) or drops them (blackhole).',
    {},
    { servers: list(UnroutedServer) },
  ),
  ListConfigurationWarnings: method(
    'Shows what could not be used of the configuration when each file was last read.',
    {},
    { warnings: list(ConfigWarning) },
  ),
  DescribeLoad: method(
    'Shows questions that were refused as too many were under way, and how long the daemon was busy without a break, when nobody is answered, the longest first; since the last reset of statistics.',
    {},
    { refused: int, lastRefusedUSec: optional(int), longestTurns: list(Turn) },
  ),
  DumpMetrics: method('Shows counters and latencies per scope and server.', permission, {
    scopes: list(ScopeMetrics),
    servers: list(ServerMetrics),
    sources: list(SourceMetrics),
    replays: int,
    failures: int,
  }),
}

/** `io.tsresolved.Observe`: our own, beside the interfaces that clients of systemd-resolved know. */
export const OBSERVE_INTERFACE: Interface<typeof methods> = {
  name: 'io.tsresolved.Observe',
  comment: 'Watches the resolver at work. All times are in microseconds.',
  types: [
    Server,
    Client,
    Question,
    Link,
    UnroutedServer,
    ConfigWarning,
    Histogram,
    ScopeMetrics,
    ServerMetrics,
    SourceMetrics,
    Turn,
  ],
  methods,
  errors: {},
}
