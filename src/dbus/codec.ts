import type { Frame } from './frames.ts'
import { Marshaller, type ParseSignature } from './marshal.ts'
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
  /** True when the body was too large to be kept. */
  readonly isOversize: boolean
  /** Decoded on demand, so that a call with a wrong signature costs nothing. @throws {Error} for an undecodable body */
  body(): unknown[]
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
/** The letter `l` in the first byte: all messages of ours are little-endian. */
const LITTLE_ENDIAN = 0x6c
/** Offset of the body's length, which is known only after the body is written. */
const BODY_LENGTH_AT = 4

/**
 * Unmarshalling by dbus-next, loaded when first needed so that the daemon starts without it. Its `MessageBus` is left
 * aside on purpose: a body it cannot decode, or a refused Hello, ends the process, it takes messages of any size, and a
 * call never settles when the bus goes away.
 */
export async function loadCodec(): Promise<Codec> {
  const { DBusBuffer, TheirVariant, messageToJsFmt, parseSignature } = await import('./dbus-next.ts')

  const readBody = (signature: string, body: Buffer, endian: number): unknown[] => {
    if (signature === '') return []
    const raw = new DBusBuffer(body, 0, endian, null).read(signature)
    const decoded = messageToJsFmt({ signature, body: raw }).body
    return signature.includes('v') ? decoded.map(ownVariants) : decoded
  }
  /** Puts our `Variant` in place of the library's, at any depth. */
  const ownVariants = (value: unknown): unknown => {
    if (value instanceof TheirVariant) return new Variant(value.signature, ownVariants(value.value))
    if (Array.isArray(value)) return value.map(ownVariants)
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, ownVariants(each)]))
  }

  return {
    encode: (message) => encode(message, parseSignature),
    decode({ header, body }) {
      const endian = header[0] as number
      const [, type, flags, , , serial, fields] = new DBusBuffer(header, 0, endian, null).read('yyyyuua(yv)')
      const byCode = new Map((fields as [number, [unknown, [unknown]]][]).map(([code, [, [value]]]) => [code, value]))
      const text = (code: number) => (byCode.get(code) as string | undefined) ?? ''
      const signature = text(FIELD.signature)
      return {
        type: type as number,
        flags: flags as number,
        serial: serial as number,
        path: text(FIELD.path),
        interface: text(FIELD.interface),
        member: text(FIELD.member),
        errorName: text(FIELD.errorName),
        replySerial: (byCode.get(FIELD.replySerial) as number | undefined) ?? 0,
        sender: text(FIELD.sender),
        signature,
        isOversize: body === undefined,
        body: () => readBody(signature, body ?? Buffer.alloc(0), endian),
      }
    },
  }
}

/** @throws {TypeError | RangeError} for values that do not fit the signature */
function encode(message: OutgoingMessage, parse: ParseSignature): Buffer {
  const { type, serial, flags = 0, signature = '', body = [] } = message
  const writer = new Marshaller(parse)
  writer.write('yyyyuua(yv)', [LITTLE_ENDIAN, type, flags, 1, 0, serial, fieldsOf(message, signature)])
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
