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
 * Cuts a stream of bytes into the messages it carries, however it arrives. Keeps at most one unfinished message, copied
 * into one buffer: a byte sent alone costs a byte and not a chunk.
 */
export class StreamFramer {
  /** Holds what has come of an unfinished message, its length bytes included, in its first `#held` bytes. */
  #bytes = NOTHING
  #held = 0

  /** Bytes of an unfinished message; at the end of a stream this should be 0. */
  get pending(): number {
    return this.#held
  }

  /** The messages completed by `chunk`, in order. They may share its memory, so it is not to be reused. */
  push(chunk: Buffer): Buffer[] {
    const messages: Buffer[] = []
    let at = this.#held > 0 ? this.#complete(chunk, messages) : 0
    while (at + LENGTH_SIZE <= chunk.length) {
      const end = at + LENGTH_SIZE + chunk.readUInt16BE(at)
      if (end > chunk.length) break
      messages.push(chunk.subarray(at + LENGTH_SIZE, end))
      at = end
    }
    if (at < chunk.length) this.#keep(chunk, at, chunk.length)
    return messages
  }

  /** Adds to the unfinished message what belongs to it; returns where in `chunk` the next one starts. */
  #complete(chunk: Buffer, messages: Buffer[]): number {
    let at = 0
    // The length itself may arrive in pieces.
    if (this.#held < LENGTH_SIZE) at = this.#keep(chunk, 0, LENGTH_SIZE - this.#held)
    if (this.#held < LENGTH_SIZE) return at
    const wanted = LENGTH_SIZE + this.#bytes.readUInt16BE(0)
    at = this.#keep(chunk, at, at + wanted - this.#held)
    if (this.#held < wanted) return at
    messages.push(this.#bytes.subarray(LENGTH_SIZE, wanted))
    this.#bytes = NOTHING
    this.#held = 0
    return at
  }

  /** Copies from `from` to `to`, or as far as the chunk goes; returns where that is. */
  #keep(chunk: Buffer, from: number, to: number): number {
    const end = Math.min(to, chunk.length)
    const held = this.#held + end - from
    if (held > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(FIRST_CAPACITY, held, 2 * this.#bytes.length))
      this.#bytes.copy(larger, 0, 0, this.#held)
      this.#bytes = larger
    }
    chunk.copy(this.#bytes, this.#held, from, end)
    this.#held = held
    return end
  }
}
