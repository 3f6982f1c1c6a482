import type { IfIndex, LogLevel, Millis } from '../base/index.ts'
import type { ServerState } from '../observe/index.ts'
import type { QueryState } from '../resolve/index.ts'
import type { DnsOverTlsMode, DnssecMode, ServerSpec } from '../settings/index.ts'
import type { ExtendedError, Question, ResourceRecord } from '../wire/index.ts'

/** The process at the other end of a connection, as the kernel tells it (SO_PEERCRED). */
export interface PeerCredentials {
  readonly uid: number
  readonly pid: number
  /** All groups it was in when it connected; absent where nobody can tell. */
  groups?(): readonly number[]
}

/** A finished query in full, for `SubscribeQueryResults` (varlink.md §4.1). */
export interface QueryReport {
  readonly state: QueryState
  readonly rcode: number | undefined
  readonly errno: number | undefined
  /** For `dnssec-failed`: one of the result words of varlink.md §3.1. */
  readonly dnssecResult: string | undefined
  readonly extendedError: ExtendedError | undefined
  readonly questions: readonly Question[]
  /** Earlier names of the CNAME chain. */
  readonly collectedQuestions: readonly Question[]
  readonly answer: readonly { readonly ifindex: IfIndex; readonly record: ResourceRecord }[]
}

/** One scope with what it has cached (varlink.md §4.2). */
export interface ScopeDump {
  readonly protocol: 'dns' | 'llmnr' | 'mdns'
  /** Of LLMNR and mDNS scopes. */
  readonly family: number | undefined
  /** 0 for the global scope. */
  readonly ifindex: IfIndex
  readonly ifname: string | undefined
  /** Of DNS scopes. */
  readonly dnssec: DnssecMode | undefined
  readonly dnsOverTls: DnsOverTlsMode | undefined
  /** May be lazy; it is read once, at once. */
  readonly entries: Iterable<CacheDumpEntry>
}

export interface CacheDumpEntry {
  readonly question: Question
  /** NOERROR with records, or without any for NODATA. */
  readonly rcode: number
  readonly records: readonly ResourceRecord[]
  /** When it expires, on CLOCK_BOOTTIME. */
  readonly until: Millis
}

/** A look inside, for monitoring: nothing here changes anything. */
export interface Inspector {
  /** One per scope. */
  dumpCache(): Iterable<ScopeDump>
  /** Global, fallback, then link servers. */
  dumpServerState(): readonly ServerState[]
  /** Whether the kernel has a route to the server, through `ifindex` unless that is 0 (`accessible`, varlink.md §3.3). */
  isAccessible(server: ServerSpec, ifindex: IfIndex): boolean
  /** Reports are made only while somebody listens. The handle ends the subscription. */
  subscribeQueries(listener: (report: QueryReport) => void): Disposable
}

/** What `io.systemd.service` shows and changes of the process. */
export interface ProcessControl {
  /** The uid the daemon runs under: its own user may read the environment. */
  readonly uid: number
  setLogLevel(level: LogLevel): void
  /** `NAME=value` lines. */
  environment(): readonly string[]
}

/** What `org.varlink.service.GetInfo` tells. */
export interface About {
  readonly vendor: string
  readonly product: string
  readonly version: string
  readonly url: string
}
