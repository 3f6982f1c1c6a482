import type { IfIndex, Millis } from '../base/index.ts'
import { formatDomain } from './domain.ts'
import { envLine, parseEnvFile } from './env-file.ts'
import { DEFAULT_LINK_SETTINGS, type LinkSettings } from './link-settings.ts'
import { extendLinkServers, LinkValues } from './link-values.ts'
import { extendDomains } from './lists.ts'
import { type ConfigWarning, SettingError, type SourceFile } from './config-warning.ts'
import { formatServerSpec, type IfIndexOf } from './server-spec.ts'

/** Who changed a setting, and when. */
export interface Origin {
  readonly source: 'bus' | 'varlink' | 'networkd' | 'restored'
  readonly busName: string | undefined
  readonly uid: number | undefined
  readonly process: string | undefined
  /** Wall clock. */
  readonly at: Millis
}

/** Who set what; settings at their default have no origin. */
export type Origins = Readonly<Partial<Record<keyof LinkSettings, Origin>>>

/** What is kept of a link while the daemon is not there. */
export interface SavedLink {
  readonly settings: LinkSettings
  readonly origins: Origins
}

/** Keys of R-LINK-9, in the order in which systemd-resolved writes them. */
// biome-ignore format: a table reads better in rows
const KEYS = {
  llmnr: 'LLMNR', multicastDns: 'MDNS', dnssec: 'DNSSEC', dnsOverTls: 'DNSOVERTLS', defaultRoute: 'DEFAULT_ROUTE',
  servers: 'SERVERS', domains: 'DOMAINS', negativeTrustAnchors: 'NTAS',
} as const satisfies Record<keyof LinkSettings, string>
const SETTINGS = Object.keys(KEYS) as (keyof LinkSettings)[]
/** Keys with this prefix are ours alone; systemd-resolved passes over keys it does not know. */
const ORIGIN_PREFIX = 'TSRESOLVED_ORIGIN_'
const SOURCES: readonly Origin['source'][] = ['bus', 'varlink', 'networkd', 'restored']

/** True when there is nothing worth a file (R-LINK-9). */
export function isDefaultLink(settings: LinkSettings): boolean {
  return SETTINGS.every((setting) => valueOf(settings, setting) === valueOf(DEFAULT_LINK_SETTINGS, setting))
}

/** The text of `netif/<ifindex>`: what systemd-resolved would write and read, plus who set what (R-LINK-9). */
export function formatSavedLink({ settings, origins }: SavedLink): string {
  const lines = SETTINGS.map((setting) => [KEYS[setting], valueOf(settings, setting)] as const)
  const owners = SETTINGS.map((setting) => [ORIGIN_PREFIX + KEYS[setting], formatOrigin(origins[setting])] as const)
  const present = [...lines, ...owners].filter(([, value]) => value !== '')
  return `# This is private data. Do not parse.\n${present.map(([key, value]) => envLine(key, value)).join('')}`
}

/**
 * Reads what either daemon saved. A bad word is a warning and loses only itself, as with systemd-resolved.
 * @throws {SettingError} for a file that was cut short or is not such a file: then nothing in it can be trusted
 */
export function readSavedLink(
  { path, text }: SourceFile,
  ifindex: IfIndex,
  ifindexOf: IfIndexOf,
): { saved: SavedLink; warnings: readonly ConfigWarning[] } {
  assertWhole(text)
  const warnings: ConfigWarning[] = []
  const entries = parseEnvFile(text)
  const values = new LinkValues(entries, (key, message) => warnings.push({ file: path, line: undefined, key, message }))
  const settings: LinkSettings = {
    servers: extendLinkServers(values.text(KEYS.servers), ifindex, ifindexOf, values.reporter(KEYS.servers)),
    domains: extendDomains([], values.text(KEYS.domains), values.reporter(KEYS.domains)),
    defaultRoute: values.boolean(KEYS.defaultRoute),
    llmnr: values.multicast(KEYS.llmnr),
    multicastDns: values.multicast(KEYS.multicastDns),
    dnssec: values.dnssec(KEYS.dnssec),
    dnsOverTls: values.dnsOverTls(KEYS.dnsOverTls),
    negativeTrustAnchors: values.names(KEYS.negativeTrustAnchors),
  }
  return { saved: { settings, origins: originsOf(entries) }, warnings }
}

/** Both daemons end every line, so a file that does not end with one was cut short. */
function assertWhole(text: string): void {
  if (text.includes('\0') || text.includes('\ufffd')) throw new SettingError('The file is not text.', '')
  if (!text.endsWith('\n')) throw new SettingError('The file was cut short.', '')
  const stray = text.split('\n').find((line) => !/^\s*([#;].*|[A-Z][A-Z0-9_]*=.*)?$/.test(line))
  if (stray !== undefined) throw new SettingError(`Expected KEY=value instead of '${stray}'.`, stray)
}

/** The text of one setting; empty when it is not to be written. */
function valueOf(settings: LinkSettings, setting: keyof LinkSettings): string {
  switch (setting) {
    case 'servers':
      return settings.servers.map(formatServerSpec).join(' ')
    case 'domains':
      return settings.domains.map(formatDomain).join(' ')
    case 'negativeTrustAnchors':
      return settings.negativeTrustAnchors.join(' ')
    case 'defaultRoute':
      return settings.defaultRoute === undefined ? '' : settings.defaultRoute ? 'yes' : 'no'
    default:
      return settings[setting] ?? ''
  }
}

/** `bus 1767225600000 1000 :1.42 process name`; `-` where something is not known. The process comes last: it may hold spaces. */
function formatOrigin(origin: Origin | undefined): string {
  if (origin === undefined) return ''
  const { source, at, uid, busName, process } = origin
  return [source, Math.floor(at), uid ?? '-', busName ?? '-', process ?? '-'].join(' ')
}

function originsOf(entries: ReadonlyMap<string, string>): Origins {
  const found = SETTINGS.map((setting) => [setting, parseOrigin(entries.get(ORIGIN_PREFIX + KEYS[setting]))] as const)
  return Object.fromEntries(found.filter(([, origin]) => origin !== undefined))
}

/** Undefined for what is missing or spoilt: it is only there to be shown. */
function parseOrigin(text = ''): Origin | undefined {
  const [, word, at, uid, busName, process] = /^([a-z]+) (\d{1,15}) (\d{1,10}|-) (\S+) (.+)$/.exec(text) ?? []
  const source = SOURCES.find((candidate) => candidate === word)
  if (source === undefined) return undefined
  const owner = known(uid)
  return {
    source,
    at: Number(at),
    uid: owner === undefined ? undefined : Number(owner),
    busName: known(busName),
    process: known(process),
  }
}

function known(part: string | undefined): string | undefined {
  return part === '-' ? undefined : part
}
