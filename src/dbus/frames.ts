/** One message cut out of the stream, still undecoded. */
export interface Frame {
  /** The fixed part and the header fields, with their padding. */
  readonly header: Buffer
  /** Undefined when it was too large to be kept. */
  readonly body: Buffer | undefined
}

/**
 * The stream holds bytes that cannot be the start of a message. Where the next message starts cannot be known then, so
 * the connection has to be closed.
 */
export class FramingError extends Error {
  override readonly name = 'FramingError'
}

/**
 * The largest body that is kept of peers who are not trusted, in bytes. The largest call of a regular client, 2 048 trust
 * anchors, takes 540 KiB. A larger one is answered with LimitsExceeded without being read.
 */
export const MAX_BODY = 1 << 20
/** The largest header that is kept, in bytes; the fields that are used take less than 1 KiB. */
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
  /** Bytes of an oversized message that are still to come and are dropped. */
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

  /** Hands on the first whole message in `#held`; false when more bytes are needed. */
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

  /** Removes `length` bytes, also those that have not come yet; true when the next message may be there already. */
  #swallow(length: number): boolean {
    const here = Math.min(length, this.#held.length)
    this.#held = this.#held.subarray(here)
    this.#skip = length - here
    return this.#skip === 0
  }
}

/** Lengths in bytes of header fields (without padding) and body, from the fixed part. @throws {FramingError} */
function lengthsOf(header: Buffer): { fields: number; body: number } {
  const isLittle = header[0] === LITTLE
  if (!isLittle && header[0] !== BIG) throw new FramingError('a message has no known byte order')
  if (header[3] !== 1) throw new FramingError(`a message has protocol version ${header[3]}`)
  const body = isLittle ? header.readUInt32LE(4) : header.readUInt32BE(4)
  const fields = isLittle ? header.readUInt32LE(12) : header.readUInt32BE(12)
  if (fields + body > MAX_MESSAGE) throw new FramingError('a message is larger than D-Bus allows')
  return { fields, body }
}

/** Header fields are padded to a multiple of 8 (D-Bus specification, "Message Format"). */
function pad8(length: number): number {
  return (length + 7) & ~7
}
