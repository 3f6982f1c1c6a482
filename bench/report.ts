import { type Disturbance, disturbanceLine } from './disturbance.ts'
import type { Column, Figures, Scenario } from './scenario.ts'

/** What a row came to: medians, or why there are none. */
export interface RowResult {
  readonly name: string
  readonly title: string
  /** Of all rounds, disturbed or not. */
  readonly medians: Figures
  readonly rounds: readonly Figures[]
  readonly disturbances: readonly Disturbance[]
  readonly problem: string | undefined
}

export interface ScenarioResult {
  readonly name: string
  readonly title: string
  readonly rows: readonly RowResult[]
}

/** Each figure on its own: the middle one of all rounds that have it. */
export function medians(rounds: readonly Figures[]): Figures {
  const keys = new Set(rounds.flatMap((round) => Object.keys(round)))
  return Object.fromEntries(
    [...keys].flatMap((key) => {
      const values = rounds.map((round) => round[key]).filter((value) => value !== undefined && Number.isFinite(value))
      const value = median(values as number[])
      return value === undefined ? [] : [[key, value]]
    }),
  )
}

/** A table in Markdown. */
export function table({ columns }: Scenario, { title, rows }: ScenarioResult): string {
  const head = ['', ...columns.map((column) => column.title)]
  const body = rows.map((row) => [row.title, ...columns.map((column) => cell(row.medians, column))])
  const problems = rows.flatMap((row) =>
    row.problem === undefined ? [] : [`${row.title}: not measured: ${row.problem}`],
  )
  const widths = head.map((text, i) => Math.max(text.length, ...body.map((cells) => cells[i]?.length ?? 0)))
  const line = (cells: readonly string[]) =>
    `| ${cells.map((text, i) => (i === 0 ? text.padEnd(widths[i] ?? 0) : text.padStart(widths[i] ?? 0))).join(' | ')} |`
  const rule = `|${widths.map((width, i) => '-'.repeat(width + 1) + (i === 0 ? '-' : ':')).join('|')}|`
  const machine = rows
    .filter(({ disturbances }) => disturbances.length > 0)
    .map((row) => disturbanceLine(row.title, row.disturbances))
  const legend = 'Each round: longest gap of a core, ms / stolen by the hypervisor, ms / threads that wanted a core:'
  return [`### ${title}`, '', line(head), rule, ...body.map(line), '', legend, ...machine, '', ...problems].join('\n')
}

function cell(figures: Figures, { key, digits = 0 }: Column): string {
  const value = figures[key]
  if (value === undefined) return '—'
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]]
  return low === undefined || high === undefined ? undefined : (low + high) / 2
}
