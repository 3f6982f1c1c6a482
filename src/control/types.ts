import type { IfIndex } from '../base/index.ts'
import type {
  DnsOverTlsMode,
  DnssecMode,
  Domain,
  LinkSettings,
  MulticastMode,
  Origin,
  Origins,
  ResolvedSettings,
  ServerSpec,
} from '../settings/index.ts'
import type { TransactionCounts } from '../scope/index.ts'
import type { Name } from '../wire/index.ts'

/** The settings of a link that can be changed, each on its own. */
export type LinkSettingName = keyof LinkSettings

/** One link as IPC clients see it. */
export interface LinkStatus {
  readonly ifindex: IfIndex
  readonly name: string
  readonly isLoopback: boolean
  /** Configured by systemd-networkd: refuses changes (R-NETD-6). */
  readonly isManaged: boolean
  readonly settings: LinkSettings
  readonly origins: Origins
  /** Bits 0–4 of `FLAG` for the scopes that exist now. */
  readonly scopesMask: number
  /** Explicit, else computed while a scope exists, else false (dbus.md §5). */
  readonly isDefaultRoute: boolean
  readonly currentServer: ServerSpec | undefined
  /** Effective modes: the link's limited by the global one, or the global one. */
  readonly llmnr: MulticastMode
  readonly multicastDns: MulticastMode
  readonly dnssec: DnssecMode
  readonly dnsOverTls: DnsOverTlsMode
  readonly dnssecSupported: boolean
}

/** Whose file /etc/resolv.conf is (R-RC-6). */
export type ResolvConfMode = 'uplink' | 'stub' | 'static' | 'missing' | 'foreign'

/** The global state as IPC clients see it. */
export interface GlobalStatus {
  readonly settings: ResolvedSettings
  /** Servers in force for the global scope: configured, or read from a foreign /etc/resolv.conf; without fallback ones. */
  readonly servers: readonly ServerSpec[]
  readonly domains: readonly Domain[]
  readonly currentServer: ServerSpec | undefined
  readonly scopesMask: number
  readonly dnssecSupported: boolean
  readonly negativeTrustAnchors: readonly Name[]
  readonly resolvConfMode: ResolvConfMode | undefined
  /** The single label that would be published by multicast: the first label of the host name. */
  readonly llmnrHostname: string
}

/** One delegate as IPC clients see it (R-DELEG). */
export interface DelegateStatus {
  readonly id: string
  readonly servers: readonly ServerSpec[]
  readonly domains: readonly Domain[]
  readonly defaultRoute: boolean
  readonly scopesMask: number
  readonly currentServer: ServerSpec | undefined
}

export interface Statistics {
  readonly currentTransactions: number
  readonly totalTransactions: number
  readonly totalTimeouts: number
  readonly totalTimeoutsServedStale: number
  readonly totalFailedResponses: number
  readonly totalFailedResponsesServedStale: number
  readonly cacheSize: number
  readonly cacheHits: number
  readonly cacheMisses: number
  /** Sets and proofs by verdict (S-RES-3). */
  readonly verdicts: Readonly<TransactionCounts['verdicts']>
}

export type ControlErrorKind =
  | 'no-such-link'
  | 'link-is-loopback'
  | 'link-is-managed'
  | 'invalid-argument'
  | 'limit-exceeded'

/** A request that cannot be carried out; nothing was changed. `message` is a sentence for the caller. */
export class ControlError extends Error {
  readonly kind: ControlErrorKind

  constructor(kind: ControlErrorKind, message: string) {
    super(message)
    this.name = 'ControlError'
    this.kind = kind
  }
}

/** Who changes something, as far as is known. */
export type SettingOwner = Pick<Origin, 'busName' | 'uid' | 'process'>

export interface ControlEvents {
  /** The servers of the global scope or of a link changed: the bus property `DNS`. */
  serversChanged(): void
  /** Of the servers of the global scope, of a link or of a delegate another is used: the bus property `CurrentDNSServer`. */
  currentServerChanged(): void
  /** All that was cached is forgotten: what was made of it may go as well. */
  flushed(): void
  /** Anything `status` shows has changed. */
  configurationChanged(): void
}

/** Everything IPC front ends may read and change. Reads are synchronous and cheap, and never wait behind lookups. */
export interface Control {
  global(): GlobalStatus
  /** Every kernel link, `lo` included, by index. */
  links(): LinkStatus[]
  link(ifindex: IfIndex): LinkStatus | undefined
  /** In the order of their ids. */
  delegates(): DelegateStatus[]
  /** @throws {ControlError} no-such-link, link-is-loopback or link-is-managed, in this order: before arguments are read. */
  assertChangeable(ifindex: IfIndex): void
  /**
   * Replaces the named settings of a link; resolves when the new state is in force, saved, and what was learnt through
   * the old state can no longer be served. Settings must already be well-formed; limits and features are checked here.
   * @throws {ControlError}
   */
  change(ifindex: IfIndex, settings: Partial<LinkSettings>, origin: Origin): Promise<void>
  /** Takes back what was set, as if nobody had: its domains decide again (R-ROUTE-9). @throws {ControlError} */
  unsetDefaultRoute(ifindex: IfIndex, by: SettingOwner): Promise<void>
  /** Back to defaults. @throws {ControlError} */
  revert(ifindex: IfIndex, origin: Origin): Promise<void>
  flushCaches(): void
  resetServerFeatures(): void
  statistics(): Statistics
  resetStatistics(): void
  /** Returns a handle that ends the subscription. */
  subscribe(events: Partial<ControlEvents>): Disposable
}
