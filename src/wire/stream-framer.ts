/** Message bytes with the two-byte length in front (RFC 1035 §4.2.2). @throws {RangeError} beyond 65 535 bytes */
export function frame(message: Buffer): Buffer {
  if (message.length > 0xffff) throw new RangeError(`a message of ${message.length} bytes does not fit a frame`)
  const framed = Buffer.allocUnsafe(2 + message.length)
  framed.writeUInt16BE(message.length, 0)
  message.copy(framed, 2)
  return framed
}

/** Cuts a stream of bytes into the messages it carries, however it arrives. Keeps at most one unfinished message. */
export class StreamFramer {
  /** What has come of the message that is not complete yet, its length bytes included. */
  #chunks: Buffer[] = []
  #held = 0

  /** Bytes of an unfinished message; at the end of a stream this should be 0. */
  get pending(): number {
    return this.#held
  }

  /** The messages completed by `chunk`, in order. They share its memory, so it is not to be reused. */
  push(chunk: Buffer): Buffer[] {
    this.#chunks.push(chunk)
    this.#held += chunk.length
    const wanted = this.#wanted()
    if (wanted === undefined || this.#held < wanted) return []
    const bytes = this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks)
    const messages: Buffer[] = []
    let at = 0
    while (at + 2 <= bytes.length) {
      const end = at + 2 + bytes.readUInt16BE(at)
      if (end > bytes.length) break
      messages.push(bytes.subarray(at + 2, end))
      at = end
    }
    this.#chunks = at === bytes.length ? [] : [bytes.subarray(at)]
    this.#held = bytes.length - at
    return messages
  }

  /** How many bytes the first message takes with its length; undefined while that is unknown. */
  #wanted(): number | undefined {
    if (this.#held < 2) return undefined
    // The length itself may arrive in pieces.
    if ((this.#chunks[0] as Buffer).length < 2) this.#chunks = [Buffer.concat(this.#chunks)]
    return 2 + (this.#chunks[0] as Buffer).readUInt16BE(0)
  }
}
