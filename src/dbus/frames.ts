/** One message cut out of the stream, still undecoded. */
export interface Frame {
  /** The fixed part and the header fields, with their padding. */
  readonly header: Buffer
  /** Undefined when it was too large to be kept. */
  readonly body: Buffer | undefined
}

/** Bytes that are not D-Bus: the connection cannot go on. */
export class FramingError extends Error {
  override readonly name = 'FramingError'
}

/** No honest call comes near this: 2 048 trust anchors make 540 KiB. What is larger is refused unread. */
export const MAX_BODY = 1 << 20
const MAX_FIELDS = 1 << 18
/** D-Bus specification, "Message Format". */
const MAX_MESSAGE = 1 << 27
const FIXED_LENGTH = 16
const LITTLE = 0x6c
const BIG = 0x42

/**
 * Cuts a stream of bytes into messages, never holding more than one message of the allowed size. A larger body is
 * swallowed as it comes and its message handed on without it, so that it can be answered; a message with an absurd
 * header is swallowed whole.
 */
export class FrameReader {
  readonly #onFrame: (frame: Frame) => void
  readonly #maxBody: number
  #held: Buffer = Buffer.alloc(0)
  /** Bytes still to be swallowed. */
  #skip = 0

  constructor(onFrame: (frame: Frame) => void, maxBody = MAX_BODY) {
    this.#onFrame = onFrame
    this.#maxBody = maxBody
  }

  /** @throws {FramingError} */
  push(chunk: Buffer): void {
    const skipped = Math.min(this.#skip, chunk.length)
    this.#skip -= skipped
    const fresh = chunk.subarray(skipped)
    this.#held = this.#held.length === 0 ? fresh : Buffer.concat([this.#held, fresh])
    while (this.#cutOne()) {
      // one message after another
    }
  }

  #cutOne(): boolean {
    const held = this.#held
    if (held.length < FIXED_LENGTH) return false
    const { fields, body } = lengthsOf(held)
    const headerLength = FIXED_LENGTH + pad8(fields)
    if (fields > MAX_FIELDS) return this.#swallow(headerLength + body)
    const keeps = body <= this.#maxBody
    if (held.length < headerLength + (keeps ? body : 0)) return false
    const bodyBytes = keeps ? Buffer.from(held.subarray(headerLength, headerLength + body)) : undefined
    this.#onFrame({ header: Buffer.from(held.subarray(0, headerLength)), body: bodyBytes })
    return this.#swallow(headerLength + body)
  }

  #swallow(length: number): boolean {
    const here = Math.min(length, this.#held.length)
    this.#held = this.#held.subarray(here)
    this.#skip = length - here
    return this.#skip === 0
  }
}

function lengthsOf(header: Buffer): { fields: number; body: number } {
  const isLittle = header[0] === LITTLE
  if (!isLittle && header[0] !== BIG) throw new FramingError('a message has no known byte order')
  if (header[3] !== 1) throw new FramingError(`a message has protocol version ${header[3]}`)
  const body = isLittle ? header.readUInt32LE(4) : header.readUInt32BE(4)
  const fields = isLittle ? header.readUInt32LE(12) : header.readUInt32BE(12)
  if (fields + body > MAX_MESSAGE) throw new FramingError('a message is larger than D-Bus allows')
  return { fields, body }
}

function pad8(length: number): number {
  return (length + 7) & ~7
}
