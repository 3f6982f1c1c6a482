import { yesNo } from '../query/answer-lines.ts'
import { saying } from '../client/attempts.ts'
import { MANAGER } from '../../dbus/index.ts'
import type { Context, VerbRun } from '../command/context.ts'
import { labelWidth, type Row } from '../terminal/layout.ts'
import { printJson } from '../terminal/output.ts'
import { preferBus } from '../client/prefer-bus.ts'
import { MONITOR_INTERFACE } from '../../varlink-idl/index.ts'
import { isUnavailable } from '../client/varlink-client.ts'

/** Counters in the shape of varlink.md §4.2; releases before 255 do not count failures. */
export interface Statistics {
  readonly transactions: Counters
  readonly cache: Counters
  readonly dnssec: Counters
}

type Counters = Readonly<Record<string, number | undefined>>

/** From the monitor socket, else, where that is missing or old, from the bus. */
export const statistics: VerbRun = async (_words, context) => {
  const { options, screen } = context
  try {
    const counters = await context.varlink.call(MONITOR_INTERFACE, 'DumpStatistics', {})
    if (options.json !== 'off') printJson(counters, context)
    else screen.print(statisticsText(counters))
  } catch (error) {
    if (!isUnavailable(error)) throw error
    await printBusStatistics(context)
  }
  return 0
}

/** Starts counting afresh. */
export const resetStatistics: VerbRun = async (_words, context) => {
  await preferBus(
    async () => {
      const bus = await context.bus()
      const call = bus.call(MANAGER, 'ResetStatistics', [], { interactive: context.options.askPassword })
      await saying('Failed to reset statistics', call)
    },
    async () => void (await context.varlink.call(MONITOR_INTERFACE, 'ResetStatistics', {})),
  )
  if (context.options.json !== 'off') printJson({}, context)
  return 0
}

/** Titles on the left, rows aligned in one column, a blank row between sections (resolvectl.md §6). */
export function statisticsText(counters: Statistics): string {
  const sections = SECTIONS.map(({ title, group, rows }) => ({
    title,
    rows: rows.flatMap(([label, key]) => counterRow(label, counters[group][key])),
  })).filter(({ rows }) => rows.length > 0)
  const width = labelWidth(sections.flatMap(({ rows }) => rows))
  const blank = ' '.repeat(width + 1)
  return sections
    .map(({ title, rows }) => {
      const lines = rows.map(({ label, value }) => `${`${label}:`.padStart(width)} ${String(value)}`)
      return [title.padEnd(width + 1), ...lines].join('\n')
    })
    .join(`\n${blank}\n`)
}

// biome-ignore format: a table reads better in rows
const SECTIONS = [
  { title: 'Transactions', group: 'transactions', rows: [['Current Transactions', 'currentTransactions'], ['Total Transactions', 'totalTransactions']] },
  { title: 'Cache', group: 'cache', rows: [['Current Cache Size', 'size'], ['Cache Hits', 'hits'], ['Cache Misses', 'misses']] },
  { title: 'Failure Transactions', group: 'transactions', rows: [['Total Timeouts', 'totalTimeouts'], ['Total Timeouts (Stale Data Served)', 'totalTimeoutsServedStale'], ['Total Failure Responses', 'totalFailedResponses'], ['Total Failure Responses (Stale Data Served)', 'totalFailedResponsesServedStale']] },
  { title: 'DNSSEC Verdicts', group: 'dnssec', rows: [['Secure', 'secure'], ['Insecure', 'insecure'], ['Bogus', 'bogus'], ['Indeterminate', 'indeterminate']] },
] as const

function counterRow(label: string, value: number | undefined): Row[] {
  return value === undefined ? [] : [{ label, value: String(value) }]
}

/** The bus has no failure counters, but knows whether the servers do DNSSEC: older releases say so first. */
async function printBusStatistics(context: Context): Promise<void> {
  const bus = await context.bus()
  const read = bus.properties(MANAGER)
  const properties = await saying('Failed to get DNSSEC supported state', read)
  const counters = {
    transactions: counts(properties.TransactionStatistics, ['currentTransactions', 'totalTransactions']),
    cache: counts(properties.CacheStatistics, ['size', 'hits', 'misses']),
    dnssec: counts(properties.DNSSECStatistics, ['secure', 'insecure', 'bogus', 'indeterminate']),
  }
  if (context.options.json !== 'off') return printJson(counters, context)
  const supported = `DNSSEC supported by current servers: ${yesNo(properties.DNSSECSupported === true)}`
  context.screen.print(`${supported}\n\n${statisticsText(counters)}`)
}

function counts(values: readonly bigint[] | undefined, names: readonly string[]): Record<string, number> {
  if (values === undefined) return {}
  return Object.fromEntries(names.map((name, i) => [name, Number(values[i])]))
}
