import type { RecordKey } from '../../wire/index.ts'
import type { VerbRun } from '../command/context.ts'
import { keyText } from '../watch/monitor.ts'
import { printJson } from '../terminal/output.ts'
import { readRecord, recordText } from '../query/record-lines.ts'
import { callMonitor } from '../client/varlink-client.ts'

/** What one scope remembers (varlink.md §4.2). */
export interface ScopeCacheDump {
  readonly protocol: string
  readonly family?: number
  readonly ifindex?: number
  readonly ifname?: string
  readonly dnssec?: string
  readonly dnsOverTLS?: string
  readonly cache?: readonly CacheItem[]
}

interface CacheItem {
  readonly key: RecordKey
  readonly rrs?: readonly { readonly raw: string }[]
  /** For what does not exist: `NXDOMAIN` or another response code. */
  readonly type?: string
}

/** Shows what every scope remembers. */
export const showCache: VerbRun = async (_words, context) => {
  const { dump = [] } = (await callMonitor('DumpCache')) as { dump?: readonly ScopeCacheDump[] }
  if (context.options.json !== 'off') printJson(dump, context)
  else for (const scope of dump) context.screen.print(`${scopeLines(scope, context.screen.columns).join('\n')}\n`)
  return 0
}

/** One scope with its items; `No entries.` also where all items are negative, as the original has it (7.2). */
export function scopeLines(scope: ScopeCacheDump, columns: number): string[] {
  const items = scope.cache ?? []
  const hasRecords = items.some(({ rrs = [] }) => rrs.length > 0)
  const lines = items.flatMap((item) => itemLines(item, columns))
  return [headline(scope), ...lines, ...(hasRecords ? [] : ['No entries.'])]
}

function headline({ protocol, family, ifindex, ifname, dnssec, dnsOverTLS }: ScopeCacheDump): string {
  const words = [
    `protocol=${protocol}`,
    family === undefined ? '' : `family=${family === 10 ? 'AF_INET6' : 'AF_INET'}`,
    ifindex === undefined ? '' : `ifindex=${ifindex}`,
    ifname === undefined ? '' : `ifname=${ifname}`,
    protocol === 'dns' && dnssec !== undefined ? `DNSSEC=${dnssec}` : '',
    protocol === 'dns' && dnsOverTLS !== undefined ? `DNSOverTLS=${dnsOverTLS}` : '',
  ]
  return `Scope ${words.filter((word) => word !== '').join(' ')}`
}

/** An empty list of records stands for a name that exists without this type. */
function itemLines({ key, rrs, type }: CacheItem, columns: number): string[] {
  if (rrs === undefined || rrs.length === 0) return [`${keyText(key)} ${type ?? 'NODATA'}`]
  return rrs.map(({ raw }) => recordText(readRecord(Buffer.from(raw, 'base64')), columns))
}
