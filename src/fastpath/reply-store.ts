import type { Millis } from '../base/index.ts'
import type { CachedAnswer } from '../cache/index.ts'
import { HEADER_SIZE } from '../wire/index.ts'
import { lower, type QueryScan } from './query-scan.ts'

/** A reply as it is to be kept. */
export interface FinishedReply<Source> {
  /** With the TTLs that the server gave. */
  readonly wire: Uint8Array
  /** The cache entry it repeats, and where that came from. */
  readonly entry: CachedAnswer
  readonly source: Source
  /** Offsets of the TTLs. */
  readonly ttls: readonly number[]
  /** Offsets of the addresses that may be reordered; all of the same size. */
  readonly addresses: readonly number[]
  readonly addressSize: number
}

/** Replies are laid out one behind the other in pieces of this size, of which none spans two. */
const CHUNK_BITS = 18
const CHUNK_SIZE = 1 << CHUNK_BITS
const OFFSET = CHUNK_SIZE - 1

/** Bytes of the largest reply kept: larger ones are rare and take the room of many. */
export const LARGEST_KEPT = 4096
/** Slots looked at per look-up: a client can choose names that collide, as the hash has no secret. */
const MAX_STEPS = 64
/** Up to so many bytes a loop is cheaper than `copy()`, which checks its arguments first. */
const COPIED_BY_HAND = 256

/**
 * Layout of one reply. Three doubles: its times. Two words: its number, and the version of the routes it was last found
 * valid for. Then these halfwords and bytes, the places of TTLs and addresses as halfwords, and the reply itself, in
 * which the question is in lower case.
 */
const AT = { storedAt: 0, expiresAt: 8, replayableUntil: 16, number: 24, routesVersion: 28 } as const
const AT_SHORT = { size: 32, ttlCount: 34, addressCount: 36 } as const
const AT_BYTE = { shape: 38, addressSize: 39 } as const
const FIXED_SIZE = 40

/** `find` found nothing. */
export const NONE = -1

/** One piece of memory, as arrays of elements of every size. */
class Chunk {
  readonly bytes: Buffer
  readonly shorts: Uint16Array
  readonly words: Uint32Array
  readonly doubles: Float64Array

  constructor() {
    const memory = new ArrayBuffer(CHUNK_SIZE)
    this.bytes = Buffer.from(memory)
    this.shorts = new Uint16Array(memory)
    this.words = new Uint32Array(memory)
    this.doubles = new Float64Array(memory)
  }
}

/**
 * Finished replies in a few large pieces of memory: some 60 bytes more than each reply, and a look-up touches three or
 * four cache lines. Objects with a buffer each would take a kilobyte, and miss the cache. Only grows: the owner drops it
 * as a whole. A position is chunk number and offset in one integer.
 */
export class ReplyStore<Source> {
  readonly #chunks: Chunk[] = []
  /** Where the next one goes. */
  #end = 0
  /** Open addressing: hash and position by turns; position 0 is none, as nothing is put there. */
  #index = new Int32Array(2 * 512)
  #used = 0
  /** By number; undefined once dropped. */
  readonly #entries: (CachedAnswer | undefined)[] = []
  readonly #sources: Source[] = []

  /** Replies put in, replaced ones included. */
  get count(): number {
    return this.#entries.length
  }

  /** Bytes set aside. */
  get bytes(): number {
    return this.#chunks.length * CHUNK_SIZE + this.#index.byteLength
  }

  /** The position of the reply to this query, or `NONE`. */
  find(scan: QueryScan, query: Uint8Array): number {
    const slot = this.#slotOf(scan, query)
    const position = slot < 0 ? 0 : (this.#index[slot + 1] as number)
    return position === 0 ? NONE : position
  }

  /** False for good once its entry is not current any more or its time is over. */
  isValid(position: number, now: Millis): boolean {
    const chunk = this.#chunk(position)
    const at = position & OFFSET
    const entry = this.#entries[chunk.words[(at + AT.number) >> 2] as number]
    return entry !== undefined && entry.isCurrent && now < (chunk.doubles[(at + AT.replayableUntil) >> 3] as number)
  }

  /** Makes it invalid. */
  drop(position: number): void {
    this.#entries[this.#word(position, AT.number)] = undefined
  }

  /** Counts a hit of the entry it repeats. */
  noteReplay(position: number, now: Millis): void {
    this.#entries[this.#word(position, AT.number)]?.noteReplay(now)
  }

  source(position: number): Source {
    return this.#sources[this.#word(position, AT.number)] as Source
  }

  routesVersion(position: number): number {
    return this.#word(position, AT.routesVersion)
  }

  setRoutesVersion(position: number, version: number): void {
    const words = this.#chunk(position).words
    words[((position & OFFSET) + AT.routesVersion) >> 2] = version
  }

  size(position: number): number {
    return this.#chunk(position).shorts[((position & OFFSET) + AT_SHORT.size) >> 1] as number
  }

  /** Puts a reply in, in place of an earlier one to the same query. */
  add(scan: QueryScan, query: Uint8Array, reply: FinishedReply<Source>, routesVersion: number): void {
    const places = [...reply.ttls, ...reply.addresses]
    const size = FIXED_SIZE + 2 * places.length + reply.wire.length
    const position = this.#take(scan, query, size, reply.entry, reply.source)
    const { bytes, shorts, words, doubles } = this.#chunk(position)
    const at = position & OFFSET
    doubles[(at + AT.storedAt) >> 3] = reply.entry.storedAt
    doubles[(at + AT.expiresAt) >> 3] = reply.entry.expiresAt
    doubles[(at + AT.replayableUntil) >> 3] = reply.entry.replayableUntil
    words[(at + AT.number) >> 2] = this.count - 1
    words[(at + AT.routesVersion) >> 2] = routesVersion
    shorts[(at + AT_SHORT.size) >> 1] = reply.wire.length
    shorts[(at + AT_SHORT.ttlCount) >> 1] = reply.ttls.length
    shorts[(at + AT_SHORT.addressCount) >> 1] = reply.addresses.length
    bytes[at + AT_BYTE.shape] = scan.shape
    bytes[at + AT_BYTE.addressSize] = reply.addressSize
    shorts.set(places, (at + FIXED_SIZE) >> 1)
    const wireAt = at + FIXED_SIZE + 2 * places.length
    bytes.set(reply.wire, wireAt)
    for (let i = HEADER_SIZE; i < scan.questionEnd; i++) bytes[wireAt + i] = lower(reply.wire[i] as number)
  }

  /** Takes over a reply from another store, where the query found it. */
  copyFrom(scan: QueryScan, query: Uint8Array, other: ReplyStore<Source>, from: number): number {
    const source = other.#chunk(from).bytes
    const start = from & OFFSET
    const size = other.#wireAt(from) - start + other.size(from)
    const number = other.#word(from, AT.number)
    const position = this.#take(scan, query, size, other.#entries[number], other.#sources[number] as Source)
    const chunk = this.#chunk(position)
    const at = position & OFFSET
    source.copy(chunk.bytes, at, start, start + size)
    chunk.words[(at + AT.number) >> 2] = this.count - 1
    return position
  }

  /**
   * Writes the reply to `target` at `to`, for this client and this time: its ID, its letter case (RFC 4343 §4.1), TTLs
   * as `aged` of the wire room counts them (R-CACHE-16), a random address first (R-CACHE-15). Returns its size.
   */
  write(position: number, query: Uint8Array, questionEnd: number, now: Millis, target: Buffer, to: number): number {
    const { bytes } = this.#chunk(position)
    const size = this.size(position)
    const wireAt = this.#wireAt(position)
    target[to] = query[0] as number
    target[to + 1] = query[1] as number
    for (let i = 2; i < HEADER_SIZE; i++) target[to + i] = bytes[wireAt + i] as number
    for (let i = HEADER_SIZE; i < questionEnd; i++) target[to + i] = query[i] as number
    if (size - questionEnd > COPIED_BY_HAND) bytes.copy(target, to + questionEnd, wireAt + questionEnd, wireAt + size)
    else for (let i = questionEnd; i < size; i++) target[to + i] = bytes[wireAt + i] as number
    this.#setTimes(position, now, target, to)
    return size
  }

  /** How many addresses may be reordered. */
  addressCount(position: number): number {
    return this.#chunk(position).shorts[((position & OFFSET) + AT_SHORT.addressCount) >> 1] as number
  }

  /** Swaps the first address and another, for good: over time all orders come up. */
  swapAddresses(position: number, other: number): void {
    const { bytes, shorts } = this.#chunk(position)
    const at = position & OFFSET
    const wireAt = this.#wireAt(position)
    const places = ((at + FIXED_SIZE) >> 1) + (shorts[(at + AT_SHORT.ttlCount) >> 1] as number)
    const one = wireAt + (shorts[places] as number)
    const two = wireAt + (shorts[places + other] as number)
    const size = bytes[at + AT_BYTE.addressSize] as number
    for (let i = 0; i < size; i++) {
      const byte = bytes[one + i] as number
      bytes[one + i] = bytes[two + i] as number
      bytes[two + i] = byte
    }
  }

  /** Writes TTLs as they are now: at least 1, and no more than the entry has left. */
  #setTimes(position: number, now: Millis, target: Buffer, to: number): void {
    const { shorts, doubles, bytes } = this.#chunk(position)
    const at = position & OFFSET
    const age = Math.floor((now - (doubles[(at + AT.storedAt) >> 3] as number)) / 1000)
    const remaining = Math.floor(((doubles[(at + AT.expiresAt) >> 3] as number) - now) / 1000)
    const wireAt = this.#wireAt(position)
    const first = (at + FIXED_SIZE) >> 1
    const end = first + (shorts[(at + AT_SHORT.ttlCount) >> 1] as number)
    for (let i = first; i < end; i++) {
      const place = shorts[i] as number
      const ttl = Math.max(1, Math.min(readUint32(bytes, wireAt + place) - age, remaining))
      writeUint32(target, to + place, ttl)
    }
  }

  #chunk(position: number): Chunk {
    return this.#chunks[position >>> CHUNK_BITS] as Chunk
  }

  #word(position: number, field: number): number {
    return this.#chunk(position).words[((position & OFFSET) + field) >> 2] as number
  }

  /** Where the reply begins within its chunk. */
  #wireAt(position: number): number {
    const { shorts } = this.#chunk(position)
    const at = position & OFFSET
    const ttls = shorts[(at + AT_SHORT.ttlCount) >> 1] as number
    const addresses = shorts[(at + AT_SHORT.addressCount) >> 1] as number
    return at + FIXED_SIZE + 2 * (ttls + addresses)
  }

  /** Room for a reply to this query, already in the index. */
  #take(scan: QueryScan, query: Uint8Array, size: number, entry: CachedAnswer | undefined, source: Source): number {
    if (4 * this.#used >= this.#index.length) this.#grow()
    const found = this.#slotOf(scan, query)
    const slot = found < 0 ? ~found : found
    if (this.#index[slot + 1] === 0) this.#used++
    else this.drop(this.#index[slot + 1] as number)
    const position = this.#allocate(size)
    this.#index[slot] = scan.key
    this.#index[slot + 1] = position
    this.#entries.push(entry)
    this.#sources.push(source)
    return position
  }

  /** Aligned to eight bytes, and within one chunk. */
  #allocate(size: number): number {
    if (this.#end + size > this.#chunks.length << CHUNK_BITS) {
      this.#end = this.#chunks.length << CHUNK_BITS
      this.#chunks.push(new Chunk())
      if (this.#end === 0) this.#end = 8
    }
    const position = this.#end
    this.#end = (position + size + 7) & ~7
    return position
  }

  /**
   * The slot that has the query, else the free one where it belongs. At least half of them are free. Where neither is
   * near, the complement of the last one looked at, whose reply is replaced: that happens only to names made to collide.
   */
  #slotOf(scan: QueryScan, query: Uint8Array): number {
    const index = this.#index
    const mask = index.length - 1
    let slot = spread(scan.key, mask)
    for (let left = MAX_STEPS; ; slot = (slot + 2) & mask) {
      const position = index[slot + 1] as number
      if (position === 0 || (index[slot] === scan.key && this.#answers(position, scan, query))) return slot
      if (--left === 0) return ~slot
    }
  }

  /** Letter case in `query` makes no difference. */
  #answers(position: number, { shape, questionEnd }: QueryScan, query: Uint8Array): boolean {
    const { bytes } = this.#chunk(position)
    if (bytes[(position & OFFSET) + AT_BYTE.shape] !== shape) return false
    const wireAt = this.#wireAt(position)
    for (let i = HEADER_SIZE; i < questionEnd; i++) {
      if (lower(query[i] as number) !== bytes[wireAt + i]) return false
    }
    return true
  }

  /** Doubles the index. */
  #grow(): void {
    const old = this.#index
    this.#index = new Int32Array(2 * old.length)
    const mask = this.#index.length - 1
    for (let from = 0; from < old.length; from += 2) {
      if (old[from + 1] === 0) continue
      let slot = spread(old[from] as number, mask)
      while (this.#index[slot + 1] !== 0) slot = (slot + 2) & mask
      this.#index[slot] = old[from] as number
      this.#index[slot + 1] = old[from + 1] as number
    }
  }
}

/** An even number up to `mask`; the low bits of an FNV hash alone are not spread well. */
function spread(hash: number, mask: number): number {
  return ((hash ^ (hash >>> 15)) << 1) & mask
}

function readUint32(bytes: Uint8Array, at: number): number {
  const high = ((bytes[at] as number) << 8) | (bytes[at + 1] as number)
  return high * 0x1_0000 + (((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number))
}

function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
}
