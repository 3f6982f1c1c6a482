/** Two files of rows (ours, the original's; `TSRESOLVED_CHAOS_ROWS`) → a table on standard output. */
import { readFileSync } from 'node:fs'
import type { Row } from './cell.ts'

const [ours, original] = process.argv.slice(2).map(rowsOf)

function rowsOf(path: string): Map<string, Row> {
  const rows = readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Row)
  return new Map(rows.map((row) => [`${row.fault} | ${row.servers} | ${row.transport}`, row]))
}

function cells(row: Row | undefined): string {
  if (row === undefined) return '– | – | – | –'
  const { under, back } = row
  const flaws = [
    under.unanswered > 0 ? `${under.unanswered} without reply` : '',
    under.wrong > 0 ? `${under.wrong} wrong` : '',
    under.duplicates > 0 ? `${under.duplicates} twice` : '',
  ].filter((flaw) => flaw !== '')
  const answered = [`${under.good}/${under.sent}`, ...flaws].join(', ')
  return `${answered} | ${under.p50} | ${under.p99} | ${back === undefined ? 'no' : (back / 1000).toFixed(1)}`
}

console.log('| fault | servers | clients | answered | p50 | p99 | back | answered | p50 | p99 | back |')
console.log('|---|---|---|---|---|---|---|---|---|---|---|')
for (const [key, row] of ours ?? []) console.log(`| ${key} | ${cells(row)} | ${cells(original?.get(key))} |`)
