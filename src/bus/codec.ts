import type { Frame } from './frames.ts'
import { Variant } from './variant.ts'

export const METHOD_CALL = 1
export const METHOD_RETURN = 2
export const ERROR_REPLY = 3
export const SIGNAL = 4
export type MessageType = typeof METHOD_CALL | typeof METHOD_RETURN | typeof ERROR_REPLY | typeof SIGNAL

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

export interface Codec {
  encode(message: OutgoingMessage): Buffer
  /** @throws {Error} for a header that cannot be decoded */
  decode(frame: Frame): IncomingMessage
}

const FIELD = { path: 1, interface: 2, member: 3, errorName: 4, replySerial: 5, sender: 7, signature: 8 } as const

/**
 * Marshalling by dbus-next, loaded when first needed so that the daemon starts without it. Its `MessageBus` is left
 * aside on purpose: a body it cannot decode, or a refused Hello, ends the process, it takes messages of any size, and a
 * call never settles when the bus goes away.
 */
export async function loadCodec(): Promise<Codec> {
  const [{ default: DBusBuffer }, { Message }, library, { marshallMessage, messageToJsFmt }] = await Promise.all([
    import('dbus-next/lib/dbus-buffer.js'),
    import('dbus-next/lib/message-type.js'),
    import('dbus-next/lib/variant.js'),
    import('dbus-next/lib/marshall-compat.js'),
  ])

  const readBody = (signature: string, body: Buffer, endian: number): unknown[] => {
    if (signature === '') return []
    const raw = new DBusBuffer(body, 0, endian, null).read(signature)
    const decoded = messageToJsFmt({ signature, body: raw }).body
    return signature.includes('v') ? decoded.map(fromLibrary) : decoded
  }
  const fromLibrary = (value: unknown): unknown =>
    mapVariants(
      value,
      (each) => each instanceof library.Variant,
      (each) => {
        const { signature, value: inner } = each as Variant
        return new Variant(signature, fromLibrary(inner))
      },
    )
  const toLibrary = (value: unknown): unknown =>
    mapVariants(
      value,
      (each) => each instanceof Variant,
      (each) => {
        const { signature, value: inner } = each as Variant
        return new library.Variant(signature, toLibrary(inner))
      },
    )

  return {
    encode(message) {
      const { signature = '', body = [] } = message
      const values = signature.includes('v') ? body.map(toLibrary) : [...body]
      return marshallMessage(new Message({ ...message, signature, body: values }))[0]
    },
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

/** Rebuilds `value` with everything `isVariant` finds in its arrays, structs and dictionaries replaced. */
function mapVariants(
  value: unknown,
  isVariant: (value: unknown) => boolean,
  replace: (value: unknown) => unknown,
): unknown {
  if (isVariant(value)) return replace(value)
  if (Array.isArray(value)) return value.map((each: unknown) => mapVariants(each, isVariant, replace))
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value
  const entries = Object.entries(value).map(([key, each]) => [key, mapVariants(each, isVariant, replace)] as const)
  return Object.fromEntries(entries)
}
