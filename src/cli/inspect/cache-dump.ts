import { MONITOR_INTERFACE, type Reply } from '../../varlink-idl/index.ts'
import type { VerbRun } from '../command/context.ts'
import { keyText } from '../watch/monitor.ts'
import { printJson } from '../terminal/output.ts'
import { readRecord, recordText } from '../query/record-lines.ts'

/** What one scope has cached (varlink.md §4.2). */
export type ScopeCacheDump = Reply<typeof MONITOR_INTERFACE, 'DumpCache'>['dump'][number]
type CacheItem = ScopeCacheDump['cache'][number]

/** Shows what every scope remembers. */
export const showCache: VerbRun = async (_words, context) => {
  const { dump } = await context.varlink.call(MONITOR_INTERFACE, 'DumpCache', {})
  if (context.options.json !== 'off') printJson(dump, context)
  else for (const scope of dump) context.screen.print(`${scopeLines(scope, context.screen.columns).join('\n')}\n`)
  return 0
}

/** One scope with its items; `No entries.` also where all items are negative, as the original has it (7.2). */
export function scopeLines(scope: ScopeCacheDump, columns: number): string[] {
  const items = scope.cache
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
