export type { Delegate } from './delegate.ts'
export { MAX_DELEGATES, readDelegate } from './delegate.ts'
export { formatDomain, parseDomain } from './domain.ts'
export type { EarlySettings } from './early-settings.ts'
export type { ForeignDns } from './foreign-resolv-conf.ts'
export { readForeignResolvConf } from './foreign-resolv-conf.ts'
export type { HostsAddress } from './hosts-table.ts'
export { HostsTable } from './hosts-table.ts'
export type { DnsOverTlsMode, DnssecMode, Domain, LinkSettings, MulticastMode } from './link-settings.ts'
export { DEFAULT_LINK_SETTINGS } from './link-settings.ts'
export { MAX_NEGATIVE_TRUST_ANCHORS } from './link-values.ts'
export { MAX_DOMAINS, MAX_SERVERS } from './lists.ts'
export type { ListenSpec } from './listen-spec.ts'
export { formatListenSpec, parseListenSpec } from './listen-spec.ts'
export { readNegativeTrustAnchors } from './negative-trust-anchors.ts'
export type { NetworkdLink } from './networkd-link.ts'
export { readNetworkdLink } from './networkd-link.ts'
export type { NotYet } from './not-yet.ts'
export { notYet } from './not-yet.ts'
export type { MetricsListen } from './metrics-listen.ts'
export { formatMetricsListen, parseMetricsListen } from './metrics-listen.ts'
export type { Problem, SourceFile } from './problem.ts'
export { problemText, SettingError } from './problem.ts'
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
