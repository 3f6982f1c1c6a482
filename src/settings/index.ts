/**
 * Text to typed settings and back: resolved.conf with drop-ins, delegates, trust anchors, hosts, static records,
 * resolv.conf, the state of networkd's links, and settings saved for links. Texts with their paths come in, whole new
 * values go out, each beside the warnings about what was passed over: nothing here fails because of a file. It reads no
 * file, and knows neither what is in force nor who asks.
 *
 * A key of resolved.conf is a row in `resolved-conf.ts` and a default in `resolved-settings.ts`.
 */
export type { DohTemplate } from './doh-template.ts'
export { isDohName, parseDohTemplate } from './doh-template.ts'
export type { Delegate } from './delegate.ts'
export { MAX_DELEGATES, readDelegate } from './delegate.ts'
export { formatDomain, parseDomain } from './domain.ts'
export { parseEnvFile } from './env-file.ts'
export { MAX_DNSSD_FILES, readDnssdService } from './dnssd.ts'
export type { DnssdService, DnssdSpecifiers } from './dnssd-service.ts'
export { checkServiceType, EMPTY_TXT, instanceName, NO_SPECIFIERS, txtString } from './dnssd-service.ts'
export type { BootSettings } from './boot-settings.ts'
export type { ForeignDns } from './foreign-resolv-conf.ts'
export { readForeignResolvConf } from './foreign-resolv-conf.ts'
export type { HostName } from './hosts-line.ts'
export type { HostsAddress } from './hosts-table.ts'
export { HostsTable } from './hosts-table.ts'
export type { DnsOverTlsMode, DnssecMode, Domain, LinkSettings, MulticastMode } from './link-settings.ts'
export { DEFAULT_LINK_SETTINGS, lesserMode } from './link-settings.ts'
export { MAX_NEGATIVE_TRUST_ANCHORS } from './link-values.ts'
export type { AddressRange } from './address-range.ts'
export { MAX_DOMAINS, MAX_SERVERS } from './lists.ts'
export type { ListenSpec } from './listen-spec.ts'
export { formatListenSpec, parseListenSpec } from './listen-spec.ts'
export { readNegativeTrustAnchors } from './negative-trust-anchors.ts'
export type { NetworkdLink } from './networkd-link.ts'
export { readNetworkdLink } from './networkd-link.ts'
export type { MetricsListen } from './metrics-listen.ts'
export { formatMetricsListen, parseMetricsListen } from './metrics-listen.ts'
export type { ConfigWarning, SourceFile } from './config-warning.ts'
export type { ConfigSource, TakeWarnings } from './config-warnings.ts'
export { ConfigWarnings } from './config-warnings.ts'
export { warningText, SettingError } from './config-warning.ts'
export type { ResolvConfServer } from './resolv-conf-text.ts'
export { stubResolvConf, uplinkResolvConf } from './resolv-conf-text.ts'
export { DNS_OVER_TLS_MODES, DNSSEC_MODES, MULTICAST_MODES, readResolvedConf } from './resolved-conf.ts'
export type { ResolvedSettings } from './resolved-settings.ts'
export { DEFAULT_RESOLVED_SETTINGS } from './resolved-settings.ts'
export type { Origin, Origins, SavedLink } from './saved-link.ts'
export { formatSavedLink, isDefaultLink, readSavedLink } from './saved-link.ts'
export type { IfIndexOf, ServerSpec } from './server-spec.ts'
export {
  checkServerName,
  formatAddressAndPort,
  formatServerSpec,
  isRefusedServer,
  normalPort,
  parseServerSpec,
  serverKey,
} from './server-spec.ts'
export type { StaticRecords } from './static-records.ts'
export { readStaticRecords } from './static-records.ts'
export { parseTimeSpan } from './time-span.ts'
export { booleanOf, parseBoolean, parseMode } from './values.ts'
export type { TrustAnchorRecord } from './positive-trust-anchors.ts'
export { readPositiveTrustAnchors, ROOT_TRUST_ANCHORS } from './positive-trust-anchors.ts'
