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
const FIRST_ROOM = 64

const NOTHING: readonly number[] = []

/**
 * Finds places in a text again by the hash of a word there, at 12 bytes for each and 4 for 32 bytes of text. It does not know
 * the words: who asks compares.
 */
export class WordIndex {
  /** Of each list its latest item, plus one; each item leads to the next, the latest to the first. */
  readonly #latest: Int32Array
  #places = new Uint32Array(FIRST_ROOM)
  #hashes = new Int32Array(FIRST_ROOM)
  #next = new Int32Array(FIRST_ROOM)
  #count = 0

  constructor(textLength: number) {
    this.#latest = new Int32Array(2 ** Math.ceil(Math.log2(Math.max(textLength / BYTES_PER_LIST, 1))))
  }

  add(hash: number, place: number): void {
    if (this.#count === this.#places.length) this.#resize(2 * this.#count)
    const item = this.#count++
    const list = this.#list(hash)
    const latest = (this.#latest[list] as number) - 1
    this.#places[item] = place
    this.#hashes[item] = hash
    this.#next[item] = latest < 0 ? item : (this.#next[latest] as number)
    if (latest >= 0) this.#next[latest] = item
    this.#latest[list] = item + 1
  }

  /** Gives back the room for more. */
  finish(): void {
    this.#resize(this.#count)
  }

  /** Places of words with this hash, in their order in the text: `atMost` of them. */
  find(hash: number, atMost: number): readonly number[] {
    const latest = (this.#latest[this.#list(hash)] as number) - 1
    if (latest < 0) return NOTHING
    const found: number[] = []
    let item = latest
    do {
      item = this.#next[item] as number
      if (this.#hashes[item] === hash) found.push(this.#places[item] as number)
    } while (item !== latest && found.length < atMost)
    return found
  }

  /** The upper bits count too, where there are few lists. */
  #list(hash: number): number {
    return (hash ^ (hash >>> 15)) & (this.#latest.length - 1)
  }

  #resize(room: number): void {
    this.#places = resized(this.#places, new Uint32Array(room))
    this.#hashes = resized(this.#hashes, new Int32Array(room))
    this.#next = resized(this.#next, new Int32Array(room))
  }
}

function resized<T extends Uint32Array | Int32Array>(from: T, to: T): T {
  to.set(from.subarray(0, to.length))
  return to
}
