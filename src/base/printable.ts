/** Text that strangers chose, for terminals and logs: what would steer those, such as an escape sequence, becomes `?`. */
export function printable(text: string): string {
  return text.replace(/\p{C}/gu, '?')
}
