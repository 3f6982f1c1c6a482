import { HEADER_SIZE, TYPE } from '../wire/index.ts'

/** What the memo needs to know of a query, read in one pass. One object is filled again and again: no allocation. */
export class QueryScan {
  /** Of the question in lower case and of everything else that decides the shape of the reply. */
  hash = 0
  /** Hash and shape in one number. */
  get key(): number {
    return this.hash ^ this.shape
  }

  /** Where the question section ends. */
  questionEnd = 0
  /** Bytes the client takes over UDP. */
  maxSize = 0
  /** Bits that shape the reply: see `SHAPE`. */
  shape = 0

  /**
   * True for a plain query: RD set, one question, nothing else but perhaps an OPT record without options. Anything
   * else, CD included, goes to the resolver.
   */
  read(query: Buffer): boolean {
    const size = query.length
    if (size < HEADER_SIZE + 5) return false
    // QR, opcode, AA and TC clear, RD set; RA, Z, CD and rcode clear, AD either way; one question, no other records.
    if (query[2] !== 0x01 || ((query[3] as number) & ~AD_BIT) !== 0) return false
    if (query[4] !== 0 || query[5] !== 1 || query[6] !== 0 || query[7] !== 0 || query[8] !== 0) return false
    if (query[9] !== 0 || query[10] !== 0 || (query[11] as number) > 1) return false
    this.shape = (query[3] as number) === 0 ? 0 : SHAPE.AD
    return this.#readQuestion(query, size) && this.#readOpt(query, size, query[11] === 1)
  }

  /** FNV-1a over the question in lower case. A length byte is below 64, so it is never taken for a letter. */
  #readQuestion(query: Buffer, size: number): boolean {
    let hash = 0x811c9dc5
    let at = HEADER_SIZE
    for (let label = query[at] as number; label !== 0; label = query[at] as number) {
      if (label > 63) return false
      const end = at + 1 + label
      if (end >= size) return false
      for (; at < end; at++) hash = Math.imul(hash ^ lower(query[at] as number), 0x01000193)
    }
    const end = at + 5
    if (end > size) return false
    for (; at < end; at++) hash = Math.imul(hash ^ (query[at] as number), 0x01000193)
    this.hash = hash
    this.questionEnd = end
    return true
  }

  #readOpt(query: Buffer, size: number, isThere: boolean): boolean {
    let at = this.questionEnd
    if (!isThere) {
      this.maxSize = SMALLEST
      return at === size
    }
    if (size !== at + OPT_SIZE || query[at] !== 0 || query[at + 1] !== 0 || query[at + 2] !== TYPE.OPT) return false
    this.maxSize = Math.max(SMALLEST, query.readUInt16BE(at + 3))
    at += 5
    // Extended rcode and version, Z bits beside DO, options.
    if (query[at] !== 0 || query[at + 1] !== 0 || query[at + 3] !== 0 || query[at + 4] !== 0 || query[at + 5] !== 0) {
      return false
    }
    const flags = query[at + 2] as number
    if ((flags & 0x7f) !== 0) return false
    this.shape |= flags === 0 ? SHAPE.EDNS : SHAPE.EDNS | SHAPE.DNSSEC_OK
    return true
  }
}

/** What besides the question decides how the reply looks. */
export const SHAPE = { AD: 1, EDNS: 2, DNSSEC_OK: 4 } as const

/** In byte 3 of the header. */
const AD_BIT = 0x20
/** Bytes a client without EDNS takes over UDP (RFC 1035 §4.2.1). */
const SMALLEST = 512
const OPT_SIZE = 11

/** Letters in lower case, any other byte as it is. */
export function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte
}
