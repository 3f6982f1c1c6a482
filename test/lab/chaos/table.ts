/** Two files of rows (ours, the original's; `TSRESOLVED_CHAOS_ROWS`) → a table on standard output. */
import { readFileSync } from 'node:fs'
import type { Row } from './cell.ts'
import { faults } from './faults.ts'

const [ours, original] = process.argv.slice(2).map(rowsOf)

function rowsOf(path: string): Map<string, Row> {
  const rows = readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Row)
  return new Map(rows.map((row) => [`${row.fault} | ${row.servers} | ${row.transport}`, row]))
}

function cells(row: Row | undefined): string {
  if (row === undefined) return '– | – | – | – | –'
  const { under, back, messages } = row
  const flaws = [
    under.unanswered > 0 ? `${under.unanswered} without reply` : '',
    under.wrong > 0 ? `${under.wrong} wrong` : '',
    under.duplicates > 0 ? `${under.duplicates} twice` : '',
  ].filter((flaw) => flaw !== '')
  const answered = [`${under.good}/${under.sent}`, ...flaws].join(', ')
  const [p50, p99] = under.good === 0 ? ['–', '–'] : [under.p50, under.p99]
  const returned = back === undefined ? 'no' : (back / 1000).toFixed(1)
  return `${answered} | ${p50} | ${p99} | ${(messages / under.sent).toFixed(1)} | ${returned}`
}

const FIGURES = ['answered', 'p50', 'p99', 'sent', 'back']
const columns = ['fault', 'servers', 'clients', ...FIGURES, ...FIGURES]
const inOrder = [...(ours ?? [])].toSorted(([, a], [, b]) => place(a) - place(b))

function place({ fault, servers, transport }: Row): number {
  return 10 * faults.indexOf(fault) + 2 * servers + (transport === 'tcp' ? 1 : 0)
}

console.log(`| ${columns.join(' | ')} |`)
console.log(columns.map(() => '|---').join('') + '|')
for (const [key, row] of inOrder) console.log(`| ${key} | ${cells(row)} | ${cells(original?.get(key))} |`)
