import type { Millis } from '../base/index.ts'
import { parseType, typeText } from '../wire/index.ts'
import { type BootSettings, withBootSettings } from './boot-settings.ts'
import type { DnsOverTlsMode, DnssecMode, MulticastMode } from './link-settings.ts'
import type { Name } from '../wire/index.ts'
import { parseDomain } from './domain.ts'
import { extendDomains, extendList, extendServers, MAX_DOMAINS, MAX_SERVERS } from './lists.ts'
import { formatAddressRange, parseAddressRange } from './address-range.ts'
import { formatListenSpec, parseListenSpec } from './listen-spec.ts'
import { parseMetricsListen } from './metrics-listen.ts'
import { type ConfigWarning, SettingError, type SourceFile } from './config-warning.ts'
import {
  DEFAULT_RESOLVED_SETTINGS,
  MAX_CACHE_BYTES,
  MAX_CACHE_SIZE,
  type ResolvedSettings,
} from './resolved-settings.ts'
import type { IfIndexOf } from './server-spec.ts'
import { parseTimeSpan } from './time-span.ts'
import { type ApplyKey, readUnit } from './unit-reader.ts'
import { booleanOf, parseBoolean, parseBytes, parseCount, parseMode, splitWords } from './values.ts'

export const MULTICAST_MODES: readonly MulticastMode[] = ['yes', 'no', 'resolve']
export const DNSSEC_MODES: readonly DnssecMode[] = ['yes', 'no', 'allow-downgrade']
export const DNS_OVER_TLS_MODES: readonly DnsOverTlsMode[] = ['yes', 'no', 'opportunistic']

/** Settings while they are read: nobody else sees them yet. */
export type Draft<T> = { -readonly [K in keyof T]: T[K] }
/** Ranges of `AllowFrom=`. */
const MAX_RANGES = 256
/** As the kernel has them. */
const LINK_NAME = /^[^\s/:%]{1,15}$/
/** A client waits no longer than five seconds for anything. */
const LONGEST_WAIT: Millis = 4000

type Keys = Readonly<Record<string, ApplyKey<Draft<ResolvedSettings>>>>

/**
 * Reads resolved.conf, its drop-ins and tsresolved.conf, given in the order in which they count (R-CONF-1), then what
 * the service manager and the kernel command line add (R-CONF-3). Never fails: what cannot be used is a warning.
 */
export function readResolvedConf(
  files: readonly SourceFile[],
  ifindexOf: IfIndexOf,
  boot: BootSettings = {},
): { settings: ResolvedSettings; warnings: readonly ConfigWarning[] } {
  const draft: Draft<ResolvedSettings> = { ...DEFAULT_RESOLVED_SETTINGS }
  const { warnings } = readUnit(files, 'Resolve', keysOf(ifindexOf), draft)
  const extra = withBootSettings(draft, boot, ifindexOf)
  return { settings: draft, warnings: [...warnings, ...extra] }
}

/** One row per key (table of R-CONF). Scalars: a bad or empty value throws, so the earlier one stays (R-CONF-2). */
function keysOf(ifindexOf: IfIndexOf): Keys {
  return {
    DNS: (draft, value, report) => {
      draft.configuresServersOrDomains = true
      draft.servers = extendServers(draft.servers, value, ifindexOf, report)
    },
    FallbackDNS: (draft, value, report) => {
      draft.fallbackServers = extendServers(draft.fallbackServers, value, ifindexOf, report)
    },
    Domains: (draft, value, report) => {
      draft.configuresServersOrDomains = true
      draft.domains = extendDomains(draft.domains, value, report)
    },
    LLMNR: scalar('llmnr', (text) => parseMode(text, MULTICAST_MODES)),
    MulticastDNS: scalar('multicastDns', (text) => parseMode(text, MULTICAST_MODES)),
    DNSSEC: scalar('dnssec', (text) => parseMode(text, DNSSEC_MODES)),
    DNSOverTLS: scalar('dnsOverTls', (text) => parseMode(text, DNS_OVER_TLS_MODES)),
    Cache: scalar('cache', (text) => parseMode(text, ['yes', 'no', 'no-negative'])),
    CacheFromLocalhost: scalar('cacheFromLocalhost', parseBoolean),
    DNSCacheSize: scalar('dnsCacheSize', (text) => parseCount(text, MAX_CACHE_SIZE)),
    MulticastDNSCacheSize: scalar('multicastDnsCacheSize', (text) => parseCount(text, MAX_CACHE_SIZE)),
    LLMNRCacheSize: scalar('llmnrCacheSize', (text) => parseCount(text, MAX_CACHE_SIZE)),
    DNSStubListener: scalar('stubListener', (text) => parseMode(text, ['yes', 'no', 'udp', 'tcp'])),
    DNSStubListenerExtra: (draft, value, report) => {
      draft.extraListeners = extendList(draft.extraListeners, value, parseListenSpec, formatListenSpec, report)
    },
    ReadEtcHosts: scalar('readEtcHosts', parseBoolean),
    ReadStaticRecords: scalar('readStaticRecords', parseBoolean),
    ResolveUnicastSingleLabel: scalar('resolveUnicastSingleLabel', parseBoolean),
    StaleRetentionSec: scalar('staleRetention', (text) => Math.floor(parseTimeSpan(text) / 1000)),
    // Ours; nobody needs to touch them. See config/tsresolved.conf.
    DNSCacheBytes: scalar('dnsCacheBytes', (text) => parseBytes(text, MAX_CACHE_BYTES)),
    AllowFrom: (draft, value, report) => {
      draft.allowFrom = extendList(draft.allowFrom, value, parseAddressRange, formatAddressRange, report, MAX_RANGES)
    },
    RebindProtection: scalar('rebindProtection', parseRebindProtection),
    RebindAllow: (draft, value, report) => {
      draft.rebindAllow = extendList(draft.rebindAllow, value, domainName, (name) => name, report, MAX_DOMAINS)
    },
    MetricsListen: scalar('metricsListen', parseMetricsListen),
    StaleAnswerAfterSec: scalar('staleAnswerAfter', (text) => parseSpanUpTo(text, LONGEST_WAIT)),
    Prefetch: scalar('prefetch', parseBoolean),
    ServerPatienceSec: scalar('serverPatience', (text) => parseSpanUpTo(text, LONGEST_WAIT)),
    HedgePercent: scalar('hedgePercent', (text) => parseCount(text, 100)),
    PublishBesideOthers: scalar('publishBesideOthers', parseBoolean),
    DiscoverEncryptedServers: scalar('discoverEncryptedServers', parseBoolean),
    ServerTiers: scalar('serverTiers', (text) => splitWords(text).map((word) => parseCount(word, MAX_SERVERS))),
    RefuseRecordTypes: (draft, value, report) => {
      draft.refuseRecordTypes = extendList(draft.refuseRecordTypes, value, parseRecordType, typeText, report)
    },
  }
}

/** A key with one value: `parse` throws before anything is changed. */
function scalar<K extends keyof ResolvedSettings>(
  setting: K,
  parse: (text: string) => ResolvedSettings[K],
): ApplyKey<Draft<ResolvedSettings>> {
  return (draft, value) => {
    draft[setting] = parse(value)
  }
}

/** @throws {SettingError} also for a span beyond `longest`, as whoever wrote it expects it to be obeyed */
function parseSpanUpTo(text: string, longest: Millis): Millis {
  const span = parseTimeSpan(text)
  if (span <= longest) return span
  throw new SettingError(`'${text}' is too long, ${longest / 1000} seconds are the most.`, text)
}

/** `yes`, `no`, or the names of links. @throws {SettingError} */
function parseRebindProtection(text: string): boolean | readonly string[] {
  const value = booleanOf(text)
  if (value !== undefined) return value
  const words = splitWords(text)
  if (words.length > 0 && words.every((word) => LINK_NAME.test(word))) return words
  throw new SettingError(`'${text}' is neither yes, no, nor names of links.`, text)
}

/** A mnemonic or `TYPEn`. @throws {SettingError} */
function parseRecordType(word: string): number {
  const type = parseType(word)
  if (type === undefined) throw new SettingError(`'${word}' is not a record type.`, word)
  return type
}

function domainName(word: string): Name {
  return parseDomain(word).name
}
