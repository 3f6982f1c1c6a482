export type { DnsOverTlsMode, DnssecMode, Domain, LinkSettings, MulticastMode } from './link-settings.ts'
export { DEFAULT_LINK_SETTINGS } from './link-settings.ts'
export type { ListenSpec, ResolvedSettings } from './resolved-settings.ts'
export type { ServerSpec } from './server-spec.ts'
