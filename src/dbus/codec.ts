import type { Frame } from './frames.ts'
import { Marshaller } from './marshal.ts'
import { Unmarshaller } from './unmarshal.ts'
import { Variant } from './variant.ts'

/** Types of messages (D-Bus specification, "Message Format"). */
export const METHOD_CALL = 1
export const METHOD_RETURN = 2
export const ERROR_REPLY = 3
export const SIGNAL = 4
export type MessageType = typeof METHOD_CALL | typeof METHOD_RETURN | typeof ERROR_REPLY | typeof SIGNAL

/** Header flags: nobody waits for an answer; the caller accepts that somebody is asked for a password. */
export const NO_REPLY_EXPECTED = 1
export const ALLOW_INTERACTIVE_AUTHORIZATION = 4

/** A message to send; which fields it needs follows from its type. */
export interface OutgoingMessage {
  readonly type: MessageType
  readonly serial: number
  readonly flags?: number
  readonly destination?: string
  readonly path?: string
  readonly interface?: string
  readonly member?: string
  readonly errorName?: string
  readonly replySerial?: number
  readonly signature?: string
  readonly body?: readonly unknown[]
}

/** A received message; absent fields are empty. */
export interface IncomingMessage {
  readonly type: number
  readonly flags: number
  readonly serial: number
  readonly path: string
  readonly interface: string
  readonly member: string
  readonly errorName: string
  readonly replySerial: number
  readonly sender: string
  readonly signature: string
  /** In bytes; infinite when it was too large to be kept. */
  readonly bodySize: number
  /**
   * Decoded on demand, so that a call with a wrong signature or size costs nothing. @throws {UnmarshalError | TypeError}
   * for an undecodable body, and {TooManyValues} for one of more values than that
   */
  body(maxValues?: number): unknown[]
}

/** Turns messages into bytes and frames into messages. */
export interface Codec {
  /** @throws {TypeError | RangeError} for values that do not fit the signature */
  encode(message: OutgoingMessage): Buffer
  /** @throws {Error} for a header that cannot be decoded */
  decode(frame: Frame): IncomingMessage
}

/** Codes of header fields (D-Bus specification, "Header Fields"). */
const FIELD = {
  path: 1,
  interface: 2,
  member: 3,
  errorName: 4,
  replySerial: 5,
  destination: 6,
  sender: 7,
  signature: 8,
} as const
const HEADER = 'yyyyuua(yv)'
/** There are nine header fields; those to come may be as many again. */
const MAX_HEADER_VALUES = 128
/** The letter `l` in the first byte: all messages of ours are little-endian. */
const LITTLE_ENDIAN = 0x6c
/** Offset of the body's length, which is known only after the body is written. */
const BODY_LENGTH_AT = 4

/**
 * Our own: the reader of dbus-next took half a second for a body of 800 KiB and the whole memory for an array that claims
 * to be longer than its message.
 */
export const CODEC: Codec = {
  encode,
  decode({ header, body }) {
    const isLittle = header[0] === LITTLE_ENDIAN
    const [, type, flags, , , serial, fields] = new Unmarshaller(header, isLittle, MAX_HEADER_VALUES).read(HEADER)
    const byCode = new Map((fields as [number, Variant][]).map(([code, { value }]) => [code, value]))
    const text = (code: number) => {
      const value = byCode.get(code)
      return typeof value === 'string' ? value : ''
    }
    const replySerial = byCode.get(FIELD.replySerial)
    const signature = text(FIELD.signature)
    return {
      type: type as number,
      flags: flags as number,
      serial: serial as number,
      path: text(FIELD.path),
      interface: text(FIELD.interface),
      member: text(FIELD.member),
      errorName: text(FIELD.errorName),
      replySerial: typeof replySerial === 'number' ? replySerial : 0,
      sender: text(FIELD.sender),
      signature,
      bodySize: body?.length ?? Number.POSITIVE_INFINITY,
      body: (maxValues) => new Unmarshaller(body ?? Buffer.alloc(0), isLittle, maxValues).read(signature),
    }
  },
}

/** @throws {TypeError | RangeError} for values that do not fit the signature */
function encode(message: OutgoingMessage): Buffer {
  const { type, serial, flags = 0, signature = '', body = [] } = message
  const writer = new Marshaller()
  writer.write(HEADER, [LITTLE_ENDIAN, type, flags, 1, 0, serial, fieldsOf(message, signature)])
  writer.align(8)
  const start = writer.length
  writer.write(signature, body)
  writer.patch(BODY_LENGTH_AT, writer.length - start)
  return writer.finish()
}

/** The header fields that are set, each as the struct `(yv)`. */
function fieldsOf(message: OutgoingMessage, signature: string): readonly unknown[] {
  const fields: readonly (readonly [code: number, type: string, value: unknown])[] = [
    [FIELD.path, 'o', message.path],
    [FIELD.interface, 's', message.interface],
    [FIELD.member, 's', message.member],
    [FIELD.errorName, 's', message.errorName],
    [FIELD.replySerial, 'u', message.replySerial],
    [FIELD.destination, 's', message.destination],
    [FIELD.signature, 'g', signature === '' ? undefined : signature],
  ]
  return fields.flatMap(([code, type, value]) => (value === undefined ? [] : [[code, new Variant(type, value)]]))
}
