/** FNV-1a, 32 bits: the hash of nothing, and what each byte is mixed in with. */
export const EMPTY_HASH = 0x811c9dc5 | 0
const FNV_PRIME = 0x01000193

export function addByte(hash: number, byte: number): number {
  return Math.imul(hash ^ byte, FNV_PRIME)
}

export function hashOfBytes(bytes: Uint8Array): number {
  let hash = EMPTY_HASH
  for (const byte of bytes) hash = addByte(hash, byte)
  return hash
}

/** The same for text in ASCII. */
export function hashOfText(text: string): number {
  let hash = EMPTY_HASH
  for (let i = 0; i < text.length; i++) hash = addByte(hash, text.charCodeAt(i))
  return hash
}

/** Text bytes for each list: fewer lists save memory, more save time. */
const BYTES_PER_LIST = 32
/** Items are kept in pieces of this number, so that none is ever copied to make room for more. */
const PIECE = 4096
/** Of each item: its place in the text, the hash of the word there, and the next item of its list. */
const [PLACE, HASH, NEXT, FIELDS] = [0, 1, 2, 3] as const

const NOTHING: readonly number[] = []

/**
 * Finds places in a text again by the hash of a word there, at 12 bytes for each and 4 for 32 bytes of text. It does not know
 * the words: who asks compares. Places are below 2^31.
 */
export class WordIndex {
  /** Of each list its latest item, plus one; each item leads to the next, the latest to the first. */
  readonly #latest: Int32Array
  readonly #pieces: Int32Array[] = []
  #count = 0

  constructor(textLength: number) {
    this.#latest = new Int32Array(2 ** Math.ceil(Math.log2(Math.max(textLength / BYTES_PER_LIST, 1))))
  }

  add(hash: number, place: number): void {
    const item = this.#count++
    if (item % PIECE === 0) this.#pieces.push(new Int32Array(PIECE * FIELDS))
    const list = this.#list(hash)
    const latest = (this.#latest[list] as number) - 1
    this.#set(item, PLACE, place)
    this.#set(item, HASH, hash)
    this.#set(item, NEXT, latest < 0 ? item : this.#get(latest, NEXT))
    if (latest >= 0) this.#set(latest, NEXT, item)
    this.#latest[list] = item + 1
  }

  /** Places of words with this hash, in their order in the text: `atMost` of them. */
  find(hash: number, atMost: number): readonly number[] {
    const latest = (this.#latest[this.#list(hash)] as number) - 1
    if (latest < 0) return NOTHING
    const found: number[] = []
    let item = latest
    do {
      item = this.#get(item, NEXT)
      if (this.#get(item, HASH) === hash) found.push(this.#get(item, PLACE))
    } while (item !== latest && found.length < atMost)
    return found
  }

  /** The upper bits count too, where there are few lists. */
  #list(hash: number): number {
    return (hash ^ (hash >>> 15)) & (this.#latest.length - 1)
  }

  #get(item: number, field: number): number {
    return (this.#pieces[Math.floor(item / PIECE)] as Int32Array)[(item % PIECE) * FIELDS + field] as number
  }

  #set(item: number, field: number, value: number): void {
    const piece = this.#pieces[Math.floor(item / PIECE)] as Int32Array
    piece[(item % PIECE) * FIELDS + field] = value
  }
}
