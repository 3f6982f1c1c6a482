/** Text that strangers chose, for terminals and logs: what would steer those, such as an escape sequence, becomes `?`. */
export function printable(text: string): string {
  return text.replace(/\p{C}/gu, '?')
}

/** The same for a text of several lines, such as a stack. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n')
}
