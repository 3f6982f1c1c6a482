const SIMPLE_ESCAPES: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  s: 32,
  '\\': 92,
  '"': 34,
  "'": 39,
}

/**
 * Words between white space as bytes: parts may stand in single or double quotes, and have C escapes. An escape that is none
 * is taken as it is written.
 */
export function quotedWords(text: string): Buffer[] {
  const words: Buffer[] = []
  let word: Buffer[] | undefined
  let quote = ''
  for (let at = 0; at < text.length; ) {
    const character = String.fromCodePoint(text.codePointAt(at) as number)
    if (character === '\\') {
      const { bytes, length } = escapeAt(text, at)
      word = [...(word ?? []), bytes]
      at += length
      continue
    }
    at += character.length
    if (character === quote) quote = ''
    else if (quote === '' && (character === '"' || character === "'")) {
      quote = character
      word ??= []
    } else if (quote === '' && /\s/.test(character)) {
      if (word !== undefined) words.push(Buffer.concat(word))
      word = undefined
    } else word = [...(word ?? []), Buffer.from(character)]
  }
  if (word !== undefined) words.push(Buffer.concat(word))
  return words
}

/** `\n`, `\x41`, `\101` and the like at `at`; NUL is none of them. */
function escapeAt(text: string, at: number): { readonly bytes: Buffer; readonly length: number } {
  const [number, hex, octal] = /^\\(?:x([\da-f]{2})|([0-3][0-7]{2}))/i.exec(text.slice(at, at + 4)) ?? []
  const value = hex === undefined ? Number.parseInt(octal ?? '0', 8) : Number.parseInt(hex, 16)
  if (number !== undefined && value !== 0) return { bytes: Buffer.from([value]), length: number.length }
  const simple = SIMPLE_ESCAPES[text[at + 1] ?? '']
  return simple === undefined ? { bytes: Buffer.from('\\'), length: 1 } : { bytes: Buffer.from([simple]), length: 2 }
}
