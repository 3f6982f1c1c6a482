export { formatDomain, parseDomain } from './domain.ts'
export type { EarlySettings } from './early-settings.ts'
export type { HostsAddress } from './hosts-table.ts'
export { HostsTable } from './hosts-table.ts'
export type { DnsOverTlsMode, DnssecMode, Domain, LinkSettings, MulticastMode } from './link-settings.ts'
export { DEFAULT_LINK_SETTINGS } from './link-settings.ts'
export { MAX_DOMAINS, MAX_SERVERS } from './lists.ts'
export type { ListenSpec } from './listen-spec.ts'
export { formatListenSpec, parseListenSpec } from './listen-spec.ts'
export type { NotYet } from './not-yet.ts'
export { notYet } from './not-yet.ts'
export type { Problem, SourceFile } from './problem.ts'
export { problemText, SettingError } from './problem.ts'
export { DNS_OVER_TLS_MODES, DNSSEC_MODES, MULTICAST_MODES, readResolvedConf } from './resolved-conf.ts'
export type { ResolvedSettings } from './resolved-settings.ts'
export { DEFAULT_RESOLVED_SETTINGS } from './resolved-settings.ts'
export type { IfIndexOf, ServerSpec } from './server-spec.ts'
export {
  checkServerName,
  formatServerSpec,
  isRefusedServer,
  normalPort,
  parseServerSpec,
  serverKey,
} from './server-spec.ts'
export { parseTimeSpan } from './time-span.ts'
export { booleanOf, parseBoolean, parseMode } from './values.ts'
