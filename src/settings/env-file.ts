/**
 * Reads the shell-like `KEY=value` files of os-release(5), as systemd does: comments at the start of a line, single and
 * double quotes, backslash escapes, a backslash before the line's end joining two lines; the last of repeated keys
 * counts; lines without `=` are nothing. Never fails.
 */
export function parseEnvFile(text: string): ReadonlyMap<string, string> {
  const entries = new Map<string, string>()
  for (let at = 0; at < text.length; ) {
    const line = text.slice(at, endOfLine(text, at))
    const equals = /^\s*[#;]/.test(line) ? -1 : line.indexOf('=')
    if (equals < 0) {
      at += line.length + 1
      continue
    }
    const { value, end } = readValue(text, at + equals + 1)
    entries.set(line.slice(0, equals).trim(), value)
    at = end
  }
  return entries
}

/** One line that `parseEnvFile` reads back as it was; line breaks become spaces. */
export function envLine(key: string, value: string): string {
  return `${key}=${value.replace(/[\r\n]/g, ' ').replace(/[\\"'`$]/g, '\\$&')}\n`
}

function endOfLine(text: string, from: number): number {
  const newline = text.indexOf('\n', from)
  return newline < 0 ? text.length : newline
}

/** The value that begins at `start`; `end` is where the next line begins. Unquoted white space at both ends goes. */
function readValue(text: string, start: number): { value: string; end: number } {
  let value = ''
  let solid = 0 // how much of `value` is not white space that might have to go
  let quote = ''
  let at = start
  for (; at < text.length; at++) {
    const char = text[at] as string
    if (char === '\n' && quote === '') break
    if (char === '\\' && quote !== "'") {
      const next = text[++at] ?? ''
      // inside double quotes only what the shell would take specially loses its backslash
      const keepsBackslash = quote === '"' && !'"\\`$\n'.includes(next)
      value += next === '\n' ? '' : (keepsBackslash ? '\\' : '') + next
      solid = value.length
    } else if (quote === '' ? (char === '"' || char === "'") && solid === 0 : char === quote) {
      quote = quote === '' ? char : ''
      solid = value.length
    } else if (quote === '' && solid === 0 && /\s/.test(char)) continue
    else {
      value += char
      if (quote !== '' || !/\s/.test(char)) solid = value.length
    }
  }
  return { value: value.slice(0, solid), end: at + 1 }
}
