import type { Name } from '../wire/index.ts'
import type { IpProtocol, Millis, Seconds } from '../base/index.ts'
import type { DnsOverTlsMode, DnssecMode, Domain, MulticastMode } from './link-settings.ts'
import type { AddressRange } from './address-range.ts'
import type { ListenSpec } from './listen-spec.ts'
import { DEFAULT_NEGATIVE_TRUST_ANCHORS } from './negative-trust-anchors.ts'
import { ROOT_TRUST_ANCHORS, type TrustAnchorRecord } from './positive-trust-anchors.ts'
import type { MetricsListen } from './metrics-listen.ts'
import type { ServerSpec } from './server-spec.ts'

/** Everything `resolved.conf`, its drop-ins and `tsresolved.conf` can say, with defaults filled in (R-CONF-1…5). */
export interface ResolvedSettings {
  readonly servers: readonly ServerSpec[]
  readonly fallbackServers: readonly ServerSpec[]
  readonly domains: readonly Domain[]
  /**
   * False when neither `DNS=` nor `Domains=` appeared, even empty, and no credential or kernel option gave any: only
   * then /etc/resolv.conf is read back (R-RC-7).
   */
  readonly configuresServersOrDomains: boolean
  readonly llmnr: MulticastMode
  readonly multicastDns: MulticastMode
  readonly dnssec: DnssecMode
  readonly dnsOverTls: DnsOverTlsMode
  readonly cache: 'yes' | 'no' | 'no-negative'
  readonly cacheFromLocalhost: boolean
  /** Keys per scope, 0..16 777 216; 0 turns the cache off. */
  readonly dnsCacheSize: number
  /** Memory for the caches of all scopes together, in bytes; 0 turns them off; ours. */
  readonly dnsCacheBytes: number
  readonly multicastDnsCacheSize: number
  readonly llmnrCacheSize: number
  readonly stubListener: 'yes' | 'no' | IpProtocol
  readonly extraListeners: readonly ListenSpec[]
  /** Whom extra listeners answer; none: the networks that this machine's links are in; ours. */
  readonly allowFrom: readonly AddressRange[]
  /** Where names may not have private addresses: everywhere, or on what comes by these links; ours. */
  readonly rebindProtection: boolean | readonly string[]
  /** Domains whose names may have them all the same; ours. */
  readonly rebindAllow: readonly Name[]
  readonly readEtcHosts: boolean
  readonly readStaticRecords: boolean
  readonly resolveUnicastSingleLabel: boolean
  /** Infinity for "for ever". */
  readonly staleRetention: Seconds
  /** How long fresh data is waited for before a stale answer goes out; ours (RFC 8767 §5). */
  readonly staleAnswerAfter: Millis
  /** Whether answers in demand are refreshed shortly before they expire; ours. */
  readonly prefetch: boolean
  /** How long a server of which nothing is known may take before the next is asked as well; ours. */
  readonly serverPatience: Millis
  /** Extra messages allowed on a healthy network for asking a second server, in percent; ours. */
  readonly hedgePercent: number
  /** Sizes of the groups of equally good servers from the top of each list; none: strictly in order; ours. */
  readonly serverTiers: readonly number[]
  /** Whether servers are asked for the encrypted channels they designate (RFC 9462); ours. */
  /** Neighbours are answered by multicast DNS also where another program does so. */
  readonly publishBesideOthers: boolean
  readonly discoverEncryptedServers: boolean
  readonly refuseRecordTypes: readonly number[]
  /** Of `*.positive` files, which stand elsewhere, and the root's built-in ones (S-TA-6). */
  readonly trustAnchors: readonly TrustAnchorRecord[]
  /** Domains that are not validated: of `*.negative` files, which stand elsewhere, else the usual ones (R-SEC-5). */
  readonly negativeTrustAnchors: readonly Name[]
  /** Ours: where metrics are served. */
  readonly metricsListen: MetricsListen
}

/** As in systemd-resolved. */
export const MAX_CACHE_SIZE = 16_777_216
/** One TiB: beyond that somebody mistyped. */
export const MAX_CACHE_BYTES = 2 ** 40

/**
 * What an empty configuration means. DNSSEC and the fallback list are build-time choices; ours are those of Debian:
 * no validation, and nobody is asked whom the administrator did not name. Other than in the original, LLMNR and multicast DNS
 * are off: nothing is told to or asked of neighbours on a link where nobody asked for it (MC-MODE-2, MC-SEC-1).
 *
 * The original keeps 4096 records and begins anew with every few pages of the web; ours hold what somebody with ten
 * thousand names asks for (A, AAAA and HTTPS each, and their CNAMEs), and the bytes bound what all links may take.
 */
export const DEFAULT_RESOLVED_SETTINGS: ResolvedSettings = {
  servers: [],
  fallbackServers: [],
  domains: [],
  configuresServersOrDomains: false,
  llmnr: 'no',
  multicastDns: 'no',
  dnssec: 'no',
  dnsOverTls: 'no',
  cache: 'yes',
  cacheFromLocalhost: false,
  dnsCacheSize: 65_536,
  dnsCacheBytes: 32 * 1024 * 1024,
  multicastDnsCacheSize: 4096,
  llmnrCacheSize: 4096,
  stubListener: 'yes',
  extraListeners: [],
  allowFrom: [],
  rebindProtection: false,
  rebindAllow: [],
  readEtcHosts: true,
  readStaticRecords: true,
  resolveUnicastSingleLabel: false,
  staleRetention: 0,
  staleAnswerAfter: 1800,
  prefetch: true,
  serverPatience: 250,
  hedgePercent: 5,
  serverTiers: [],
  publishBesideOthers: false,
  discoverEncryptedServers: false,
  refuseRecordTypes: [],
  trustAnchors: ROOT_TRUST_ANCHORS,
  negativeTrustAnchors: DEFAULT_NEGATIVE_TRUST_ANCHORS,
  metricsListen: { kind: 'off' },
}
