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

/** One file: what can be obeyed, and what was passed over. */
export interface UnitFile {
  readonly assignments: readonly Assignment[]
  readonly warnings: readonly ConfigWarning[]
}

const HEADER = /^\[([^\]]+)\]$/

interface Line {
  readonly text: string
  readonly number: number
}

/**
 * Reads systemd.syntax(7): sections, repeated keys, comments at the start of a line, and lines continued by a final
 * backslash. A line that is none of these is a warning and loses only itself.
 *
 * Not by the package ini: its language cuts values at `#` and `;`, unquotes them, makes `true` a boolean, keeps the last
 * of repeated keys, and tells no line numbers. The tests use it as a second reader of what both languages share.
 */
export function parseUnitFile({ path, text }: SourceFile): UnitFile {
  const assignments: Assignment[] = []
  const warnings: ConfigWarning[] = []
  let section: string | undefined
  for (const { text: line, number } of joinContinued(text)) {
    const header = HEADER.exec(line)
    const message = header === null ? whatIsWrong(line, section !== undefined) : undefined
    if (header !== null) section = header[1] as string
    else if (message !== undefined) warnings.push({ file: path, line: number, key: undefined, message })
    else assignments.push({ section: section as string, ...splitAssignment(line), file: path, line: number })
  }
  return { assignments, warnings }
}

function splitAssignment(line: string): Pick<Assignment, 'key' | 'value'> {
  const equals = line.indexOf('=')
  return { key: line.slice(0, equals).trim(), value: line.slice(equals + 1).trim() }
}

function whatIsWrong(text: string, hasSection: boolean): string | undefined {
  // U+FFFD stands for bytes that were not UTF-8; line separators are taken for line ends by some editors.
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
