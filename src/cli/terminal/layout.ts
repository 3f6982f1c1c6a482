/** Words joined by spaces and broken so that lines fit; every line after the first starts with `indent` spaces. */
export function wrapWords(first: string, words: readonly string[], indent: number, columns: number): string {
  const lines = [first]
  for (const word of words) {
    const line = lines.at(-1)!
    const fits = line.length + 1 + word.length <= columns || line.trim() === ''
    if (fits) lines[lines.length - 1] = `${line}${line.endsWith(' ') || line === '' ? '' : ' '}${word}`
    else lines.push(' '.repeat(indent) + word)
  }
  return lines.join('\n')
}

/** A row of a block: one value, or words that may wrap. */
export interface Row {
  readonly label: string
  readonly value: string | readonly string[]
}

/**
 * Rows with their labels right-aligned in one column, at least `least` wide including the colon (C-S-3). Values that are
 * lists wrap in the value column.
 */
export function alignRows(rows: readonly Row[], columns: number, least = 0): string[] {
  const width = labelWidth(rows, least)
  return rows.map(({ label, value }) => {
    const head = `${label}:`.padStart(width)
    return wrapWords(head, typeof value === 'string' ? [value] : value, width + 1, columns)
  })
}

export function labelWidth(rows: readonly Row[], least = 0): number {
  return Math.max(least, ...rows.map(({ label }) => label.length + 1))
}

/** Microseconds for people, cut to 100 µs from a millisecond on: `572us`, `1.8ms`, `1.2345s`, `1min 2.3456s` (C-Q-6). */
export function timeSpan(micros: number): string {
  if (micros < 1) return '0'
  if (micros < 1000) return `${Math.floor(micros)}us`
  const tenths = Math.floor(micros / 100)
  if (tenths < 10_000) return `${fraction(tenths, 10, 1)}ms`
  const minutes = Math.floor(tenths / 600_000)
  const seconds = tenths % 600_000
  if (minutes === 0) return `${fraction(seconds, 10_000, 4)}s`
  return seconds === 0 ? `${minutes}min` : `${minutes}min ${fraction(seconds, 10_000, 4)}s`
}

function fraction(value: number, unit: number, digits: number): string {
  return value % unit === 0 ? String(value / unit) : (value / unit).toFixed(digits)
}

/** How systemd's tools print JSON: `short` on one line, `pretty` with tabs and one element per line. */
export function formatJson(value: unknown, form: 'pretty' | 'short', indent = ''): string {
  if (form === 'short' || typeof value !== 'object' || value === null) return JSON.stringify(value)
  const inner = `${indent}\t`
  const items = Array.isArray(value)
    ? value.map((item) => inner + formatJson(item, form, inner))
    : Object.entries(value)
        .filter(([, item]) => item !== undefined)
        .map(([key, item]) => `${inner}${JSON.stringify(key)} : ${formatJson(item, form, inner)}`)
  const [open, close] = Array.isArray(value) ? '[]' : '{}'
  return items.length === 0 ? `${open}${close}` : `${open}\n${items.join(',\n')}\n${indent}${close}`
}
