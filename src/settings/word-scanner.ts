const [WORD, BLANK, END] = [0, 1, 2] as const
const NEWLINE = 0x0a
/** What each byte is: part of a word, white space as C has it, or what ends the words of a line. */
const KINDS = Uint8Array.from({ length: 256 }, (_, byte) => kindOf(String.fromCharCode(byte)))

/** The words of each line of a text up to its comment (`#`), as positions: no strings are made of what nobody looks at. */
export class WordScanner {
  readonly #bytes: Uint8Array
  #at: number
  /** Where the word last found begins and ends. */
  start = 0
  end = 0

  constructor(bytes: Uint8Array, line = 0) {
    this.#bytes = bytes
    this.#at = line
  }

  /** Where it goes on: at the beginning of a line after `skipLine`. */
  get position(): number {
    return this.#at
  }

  /** Past the end of this line. */
  skipLine(): void {
    const isHere = this.#bytes[this.#at] === NEWLINE
    const newline = isHere ? this.#at : this.#bytes.indexOf(NEWLINE, this.#at)
    this.#at = newline < 0 ? this.#bytes.length : newline + 1
  }

  /** False when this line has no more. */
  nextWord(): boolean {
    const bytes = this.#bytes
    let at = this.#at
    while (at < bytes.length && KINDS[bytes[at] as number] === BLANK) at++
    this.start = at
    while (at < bytes.length && KINDS[bytes[at] as number] === WORD) at++
    this.end = this.#at = at
    return at > this.start
  }
}

function kindOf(character: string): number {
  if (character === '\n' || character === '#') return END
  return ' \t\r\v\f'.includes(character) ? BLANK : WORD
}
