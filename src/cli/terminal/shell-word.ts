/** A text as one word of a command line that a shell reads, quoted where that is needed. */
export function shellWord(text: string): string {
  return /^[\w.:@/-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
