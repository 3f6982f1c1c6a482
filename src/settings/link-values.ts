import type { IfIndex } from '../base/index.ts'
import { type Name, parseName } from '../wire/index.ts'
import type { DnsOverTlsMode, DnssecMode, MulticastMode } from './link-settings.ts'
import { extendList, MAX_SERVERS } from './lists.ts'
import { orReport, type Report, SettingError } from './config-warning.ts'
import { DNS_OVER_TLS_MODES, DNSSEC_MODES, MULTICAST_MODES } from './resolved-conf.ts'
import { type IfIndexOf, isRefusedServer, parseServerSpec, type ServerSpec, serverKey } from './server-spec.ts'
import { booleanOf, parseMode } from './values.ts'

/** Domains of one link. */
export const MAX_NEGATIVE_TRUST_ANCHORS = 2048

/** The values of a link's state file; an unusable one is reported and counts as absent. */
export class LinkValues {
  readonly #entries: ReadonlyMap<string, string>
  readonly #report: (key: string, message: string) => void

  constructor(entries: ReadonlyMap<string, string>, report: (key: string, message: string) => void) {
    this.#entries = entries
    this.#report = report
  }

  /** Empty when the key is missing. */
  text(key: string): string {
    return this.#entries.get(key) ?? ''
  }

  /** Reports with the key in front. */
  reporter(key: string): Report {
    return (message) => this.#report(key, message)
  }

  /** Absent means yes, limited by the global setting (R-LINK-2, R-NETD-4). */
  multicast(key: string): MulticastMode {
    return this.#mode(key, MULTICAST_MODES) ?? 'yes'
  }

  /** Undefined follows the global setting. */
  dnssec(key: string): DnssecMode | undefined {
    return this.#mode(key, DNSSEC_MODES)
  }

  /** Undefined follows the global setting. */
  dnsOverTls(key: string): DnsOverTlsMode | undefined {
    return this.#mode(key, DNS_OVER_TLS_MODES)
  }

  /** Undefined when the key is missing or empty, and when its value is none of R-CONF-2. */
  boolean(key: string): boolean | undefined {
    const text = this.text(key)
    const value = booleanOf(text)
    if (value === undefined && text !== '') this.#report(key, `'${text}' is not a boolean.`)
    return value
  }

  /** Domain names, each once, `MAX_NEGATIVE_TRUST_ANCHORS` of them at most; words that are none are reported. */
  names(key: string): readonly Name[] {
    return extendList([], this.text(key), nameOfWord, (name) => name, this.reporter(key), MAX_NEGATIVE_TRUST_ANCHORS)
  }

  #mode<M extends string>(key: string, modes: readonly M[]): M | undefined {
    const text = this.text(key)
    return text === '' ? undefined : orReport(this.reporter(key), () => parseMode(text, modes))
  }
}

/** Servers of one link. An interface named with a server must be that link, and is then left out. */
export function extendLinkServers(
  text: string,
  ifindex: IfIndex,
  ifindexOf: IfIndexOf,
  report: Report,
): readonly ServerSpec[] {
  const parse = (word: string): ServerSpec | undefined => {
    const server = parseServerSpec(word, ifindexOf)
    if (server.ifindex !== 0 && server.ifindex !== ifindex)
      throw new SettingError(`'${word}' names another interface than its own.`, word)
    return isRefusedServer(server.address) ? undefined : { ...server, ifindex: 0 }
  }
  return extendList([], text, parse, serverKey, report, MAX_SERVERS)
}

function nameOfWord(word: string): Name {
  const name = parseName(word)
  if (name === undefined) throw new SettingError(`'${word}' is not a domain name.`, word)
  return name
}
