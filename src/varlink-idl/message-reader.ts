import { ProtocolError } from './protocol-error.ts'

/** Bytes one message may have, in either direction (V-2). */
export const MAX_MESSAGE = 16 * 1024 * 1024

/** Bytes of the first buffer for a message that came in parts; it doubles as needed. */
const FIRST_CAPACITY = 512
const NOTHING = Buffer.alloc(0)

/**
 * Cuts a byte stream into messages at each NUL (V-1, V-2), however the stream was cut into chunks. What has come of
 * an unfinished message is copied into one buffer, so that a byte sent alone costs a byte and not a chunk.
 */
export class MessageReader {
  /** Bytes one message may have. */
  readonly #limit: number
  /** Holds what has come of an unfinished message, in its first `#length` bytes. */
  #bytes = NOTHING
  #length = 0

  constructor(limit = MAX_MESSAGE) {
    this.#limit = limit
  }

  /** Bytes of the message that has not ended yet. */
  get pending(): number {
    return this.#length
  }

  /** The messages that `chunk` completes, without their NULs; they may share memory with it. @throws {ProtocolError} */
  push(chunk: Buffer): Buffer[] {
    const messages: Buffer[] = []
    let at = 0
    for (let end = chunk.indexOf(0); end >= 0; end = chunk.indexOf(0, at)) {
      messages.push(this.#finish(chunk.subarray(at, end)))
      at = end + 1
    }
    if (at < chunk.length) this.#keep(chunk.subarray(at))
    return messages
  }

  /** The message that ends with `tail`; without a beginning kept here it is `tail` itself, uncopied. */
  #finish(tail: Buffer): Buffer {
    if (this.#length + tail.length > this.#limit) throw new ProtocolError('message is too long')
    if (this.#length === 0) return tail
    this.#keep(tail)
    const message = this.#bytes.subarray(0, this.#length)
    this.#bytes = NOTHING
    this.#length = 0
    return message
  }

  /** Appends to the unfinished message. @throws {ProtocolError} above the limit, before anything is copied */
  #keep(part: Buffer): void {
    const length = this.#length + part.length
    if (length > this.#limit) throw new ProtocolError('message is too long')
    if (length > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(FIRST_CAPACITY, length, 2 * this.#bytes.length))
      this.#bytes.copy(larger, 0, 0, this.#length)
      this.#bytes = larger
    }
    part.copy(this.#bytes, this.#length)
    this.#length = length
  }
}
