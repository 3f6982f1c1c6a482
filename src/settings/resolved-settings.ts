import type { Seconds } from '../base/index.ts'
import type { IpAddress } from '../base/index.ts'
import type { DnsOverTlsMode, DnssecMode, Domain, MulticastMode } from './link-settings.ts'
import type { ServerSpec } from './server-spec.ts'

/** An extra stub listener (R-STUB-4). */
export interface ListenSpec {
  readonly transport: 'udp' | 'tcp' | 'both'
  readonly address: IpAddress
  readonly port: number
}

/** Everything `resolved.conf`, its drop-ins and `tsresolved.conf` can say, with defaults filled in (R-CONF-1…5). */
export interface ResolvedSettings {
  readonly servers: readonly ServerSpec[]
  readonly fallbackServers: readonly ServerSpec[]
  readonly domains: readonly Domain[]
  /** False when neither `DNS=` nor `Domains=` appeared, even empty: only then /etc/resolv.conf is read back (R-RC-7). */
  readonly configuresServersOrDomains: boolean
  readonly llmnr: MulticastMode
  readonly multicastDns: MulticastMode
  readonly dnssec: DnssecMode
  readonly dnsOverTls: DnsOverTlsMode
  readonly cache: 'yes' | 'no' | 'no-negative'
  readonly cacheFromLocalhost: boolean
  /** Keys per scope, 0..16 777 216; 0 turns the cache off. */
  readonly dnsCacheSize: number
  readonly stubListener: 'yes' | 'no' | 'udp' | 'tcp'
  readonly extraListeners: readonly ListenSpec[]
  readonly readEtcHosts: boolean
  readonly readStaticRecords: boolean
  readonly resolveUnicastSingleLabel: boolean
  readonly staleRetention: Seconds
  readonly refuseRecordTypes: readonly number[]
}
