/** Message bytes with the two-byte length in front (RFC 1035 §4.2.2). @throws {RangeError} beyond 65 535 bytes */
export function frame(message: Buffer): Buffer {
  if (message.length > 0xffff) throw new RangeError(`a message of ${message.length} bytes does not fit a frame`)
  const framed = Buffer.allocUnsafe(2 + message.length)
  framed.writeUInt16BE(message.length, 0)
  message.copy(framed, 2)
  return framed
}

const LENGTH_SIZE = 2
/** Bytes of the first buffer for a message that came in parts; it doubles as needed. */
const FIRST_CAPACITY = 256
const NOTHING = Buffer.alloc(0)

/**
 * Cuts a stream of bytes into the messages it carries, however it arrives, one at a time as they are asked for. Of what is
 * no whole message it keeps a copy in one buffer: a byte sent alone costs a byte and not a chunk.
 */
export class StreamFramer {
  /** Holds what has come of an unfinished message, its length bytes included, in its first `#held` bytes. */
  #bytes = NOTHING
  #held = 0
  /** What came last, from `#at` on. It is after what is held. */
  #chunk: Buffer = NOTHING
  #at = 0

  /** Bytes that `next` has not given; when it has none to give, and the stream is at its end, this should be 0. */
  get pending(): number {
    return this.#held + this.#chunk.length - this.#at
  }

  /** Whether `next` has a message. */
  get hasNext(): boolean {
    const at = LENGTH_SIZE - this.#held
    if (this.pending < LENGTH_SIZE) return false
    if (at <= 0) return this.pending >= LENGTH_SIZE + this.#bytes.readUInt16BE(0)
    const high = this.#held === 1 ? (this.#bytes[0] as number) : (this.#chunk[this.#at] as number)
    return this.pending >= LENGTH_SIZE + ((high << 8) | (this.#chunk[this.#at + at - 1] as number))
  }

  /** The messages completed by `chunk`, in order. They may share its memory, so it is not to be reused. */
  push(chunk: Buffer): Buffer[] {
    this.feed(chunk)
    const messages: Buffer[] = []
    for (let message = this.next(); message !== undefined; message = this.next()) messages.push(message)
    return messages
  }

  /** Takes more of the stream, which is not to be reused. */
  feed(chunk: Buffer): void {
    this.#chunk = this.#at < this.#chunk.length ? Buffer.concat([this.#chunk.subarray(this.#at), chunk]) : chunk
    this.#at = 0
    if (this.#held > 0 || !this.hasNext) this.#complete()
  }

  /** The next message; undefined when it has not come yet. */
  next(): Buffer | undefined {
    if (this.#held > 0) return this.#hasWhole ? this.#whole() : undefined
    const start = this.#at + LENGTH_SIZE
    if (start > this.#chunk.length) return this.#complete()
    const end = start + this.#chunk.readUInt16BE(this.#at)
    if (end > this.#chunk.length) return this.#complete()
    this.#at = end
    return this.#chunk.subarray(start, end)
  }

  get #hasWhole(): boolean {
    return this.#held >= LENGTH_SIZE && this.#held === LENGTH_SIZE + this.#bytes.readUInt16BE(0)
  }

  #whole(): Buffer {
    const message = this.#bytes.subarray(LENGTH_SIZE, this.#held)
    this.#bytes = NOTHING
    this.#held = 0
    return message
  }

  /** Moves to what is held what belongs to that message. */
  #complete(): undefined {
    // The length itself may arrive in pieces.
    if (this.#held < LENGTH_SIZE) this.#keep(LENGTH_SIZE - this.#held)
    if (this.#held >= LENGTH_SIZE) this.#keep(LENGTH_SIZE + this.#bytes.readUInt16BE(0) - this.#held)
    if (this.#at < this.#chunk.length) return
    this.#chunk = NOTHING
    this.#at = 0
  }

  /** Copies so many bytes of the chunk, or as many as it has. */
  #keep(count: number): void {
    const end = Math.min(this.#at + count, this.#chunk.length)
    const held = this.#held + end - this.#at
    if (held > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(FIRST_CAPACITY, held, 2 * this.#bytes.length))
      this.#bytes.copy(larger, 0, 0, this.#held)
      this.#bytes = larger
    }
    this.#chunk.copy(this.#bytes, this.#held, this.#at, end)
    this.#held = held
    this.#at = end
  }
}
