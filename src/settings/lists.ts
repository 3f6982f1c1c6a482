import { parseDomain } from './domain.ts'
import type { Domain } from './link-settings.ts'
import { orReport, type Report } from './config-warning.ts'
import { type IfIndexOf, isRefusedServer, parseServerSpec, type ServerSpec, serverKey } from './server-spec.ts'
import { splitWords } from './values.ts'

/** Of one scope (R-SRV-1, R-SEARCH-4): more are warnings, and left out. */
export const MAX_SERVERS = 256
export const MAX_DOMAINS = 1024

/**
 * `list` with the words of one more `Key=` line. An empty line clears what came before; a bad word is reported and loses
 * only itself; what is already there stays where it is (R-CONF-2). `parse` gives undefined for what is to be skipped.
 */
export function extendList<T>(
  list: readonly T[],
  value: string,
  parse: (word: string) => T | undefined,
  sameAs: (item: T) => string | number,
  report: Report,
  max = Number.POSITIVE_INFINITY,
): readonly T[] {
  const items = new Map(value === '' ? [] : list.map((item) => [sameAs(item), item]))
  for (const word of splitWords(value)) {
    const item = orReport(report, () => parse(word))
    if (item === undefined) continue
    if (items.size >= max && !items.has(sameAs(item))) {
      report(`More than ${max} entries, ignoring '${word}' and what follows.`)
      break
    }
    items.set(sameAs(item), item)
  }
  return [...items.values()]
}

/** Servers that can never be asked, such as our own stub, are skipped without a word (R-SRV-3). */
export function extendServers(
  list: readonly ServerSpec[],
  value: string,
  ifindexOf: IfIndexOf,
  report: Report,
): readonly ServerSpec[] {
  const parse = (word: string): ServerSpec | undefined => {
    const server = parseServerSpec(word, ifindexOf)
    return isRefusedServer(server.address) ? undefined : server
  }
  return extendList(list, value, parse, serverKey, report, MAX_SERVERS)
}

/** A domain named again keeps its place; whether it is route-only follows the last mention. */
export function extendDomains(list: readonly Domain[], value: string, report: Report): readonly Domain[] {
  return extendList(list, value, parseDomain, ({ name }) => name, report, MAX_DOMAINS)
}
