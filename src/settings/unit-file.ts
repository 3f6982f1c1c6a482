import { decode } from 'ini'
import type { ConfigWarning, SourceFile } from './config-warning.ts'

/** One `Key=value` line, in the order of the file. `value` is trimmed, continuation lines joined, quotes untouched. */
export interface Assignment {
  readonly section: string
  readonly key: string
  readonly value: string
  readonly file: string
  /** Where it begins, counted from 1. */
  readonly line: number
}

export interface UnitFile {
  readonly assignments: readonly Assignment[]
  readonly warnings: readonly ConfigWarning[]
}

interface Line {
  readonly text: string
  readonly number: number
}

/**
 * Reads systemd.syntax(7): sections, repeated keys, comments at the start of a line, and lines continued by a final
 * backslash. A line that is neither is a warning and loses only itself.
 *
 * ini does the splitting, but keeps only the last of repeated keys, cuts values at `#` and `;`, unquotes them, turns
 * `true` into a boolean and counts no lines. So every line goes in with its number in front of the key (which makes it
 * unique), a mark in front of the value (which keeps it plain text) and ini's own special characters escaped.
 */
export function parseUnitFile({ path, text }: SourceFile): UnitFile {
  const warnings: ConfigWarning[] = []
  const accepted: string[] = []
  let hasSection = false
  for (const line of joinContinued(text)) {
    const isHeader = /^\[[^\]]+\]$/.test(line.text)
    const message = isHeader ? undefined : whatIsWrong(line.text, hasSection)
    if (message !== undefined) warnings.push({ file: path, line: line.number, key: undefined, message })
    else accepted.push(isHeader ? line.text.replaceAll('.', '\\.') : escapeForIni(line))
    hasSection ||= isHeader
  }
  return { assignments: assignmentsOf(decode(accepted.join('\n'), { bracketedArray: false }), path), warnings }
}

function whatIsWrong(text: string, hasSection: boolean): string | undefined {
  // U+FFFD stands for bytes that were not UTF-8; the line separators would be lost inside ini without a word.
  // oxlint-disable-next-line no-control-regex
  if (/[\0-\x08\x0b-\x1f\u2028\u2029\ufffd]/.test(text)) return 'Not plain UTF-8 text, ignoring this line.'
  if (text.startsWith('[')) return `Invalid section header '${text}', ignoring this line.`
  if (!hasSection) return 'Assignment outside of any section, ignoring it. Put a line such as [Resolve] above it.'
  if (!/^[^=\s]/.test(text) || !text.includes('=')) return `Expected Key=value, ignoring '${text}'.`
  return undefined
}

/** Comment lines vanish, also between a line and its continuation; a final backslash becomes a space. */
function joinContinued(text: string): Line[] {
  const lines: Line[] = []
  let open: Line | undefined
  const raws = text.replace(/^\ufeff/, '').split(/\r\n|\n|\r/)
  for (const [index, raw] of raws.entries()) {
    if (/^\s*[#;]/.test(raw)) continue
    const { text: before, number } = open ?? { text: '', number: index + 1 }
    const isContinued = endsInBackslash(raw)
    const joined = before + (isContinued ? `${raw.slice(0, -1)} ` : raw)
    open = isContinued ? { text: joined, number } : undefined
    if (!isContinued) lines.push({ text: joined.trim(), number })
  }
  if (open !== undefined) lines.push({ text: open.text.trim(), number: open.number })
  return lines.filter((line) => line.text !== '')
}

/** An even number of final backslashes stands for backslashes. */
function endsInBackslash(raw: string): boolean {
  let count = 0
  while (raw[raw.length - 1 - count] === '\\') count++
  return count % 2 === 1
}

function escapeForIni({ text, number }: Line): string {
  return `${number} ${text.replace(/[\\;#]/g, '\\$&').replace('=', '=|')}`
}

function assignmentsOf(sections: Record<string, Record<string, string>>, file: string): Assignment[] {
  return Object.entries(sections)
    .flatMap(([section, entries]) =>
      Object.entries(entries).map(([numberedKey, marked]) => {
        const space = numberedKey.indexOf(' ')
        const key = numberedKey.slice(space + 1).trim()
        return { section, key, value: marked.slice(1).trim(), file, line: Number(numberedKey.slice(0, space)) }
      }),
    )
    .toSorted((a, b) => a.line - b.line)
}
