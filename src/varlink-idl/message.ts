import { isUtf8 } from 'node:buffer'
import { ProtocolError } from './protocol-error.ts'

/** A JSON object as it came in; its members are still to be checked. */
export type JsonObject = Readonly<Record<string, unknown>>

/** One method call, well formed; its parameters are not checked yet. */
export interface Call {
  /** Full name, `io.systemd.Resolve.ResolveHostname`. */
  readonly method: string
  /** Without those that are null: they count as absent (V-7). */
  readonly parameters: JsonObject
  /** The client takes several replies. */
  readonly more: boolean
  /** The client takes no reply at all, not even an error. */
  readonly oneway: boolean
  /** The client wants to speak another protocol afterwards. */
  readonly upgrade: boolean
  /** The message itself. */
  readonly words: Buffer
}

/** Keys of a call that change how it is answered (V-3); at most one may be true. */
const MODES = ['more', 'oneway', 'upgrade'] as const
const KNOWN_KEYS: ReadonlySet<string> = new Set(['method', 'parameters', ...MODES])

/**
 * Bounds of a call, far above what any regular call has: depth of nesting, and number of values. They keep a small
 * message from becoming a large or deep structure in memory. Replies are not bounded so: the client trusts the daemon.
 */
const MAX_DEPTH = 32
const MAX_VALUES = 10_000

/** Reads one message without its NUL (V-1, V-3). @throws {ProtocolError} */
export function parseCall(message: Buffer): Call {
  assertModest(message)
  const call = parseJson(message)
  if (!isObject(call)) throw new ProtocolError('message is not an object')
  const unknown = Object.keys(call).find((key) => !KNOWN_KEYS.has(key))
  if (unknown !== undefined) throw new ProtocolError('call has an unknown key')
  const { method, parameters } = call
  if (typeof method !== 'string') throw new ProtocolError('call names no method')
  const [more, oneway, upgrade] = MODES.map((mode) => flagOf(call, mode)) as [boolean, boolean, boolean]
  if (Number(more) + Number(oneway) + Number(upgrade) > 1) throw new ProtocolError('call has contradicting modes')
  return { method, parameters: parametersOf(parameters), more, oneway, upgrade, words: message }
}

/** The bytes of a call (V-3); `more` where several replies are wanted. */
export function encodeCall(method: string, parameters: JsonObject, more: boolean): Buffer {
  return encode(more ? { method, parameters, more } : { method, parameters })
}

/** One reply of a peer, well formed; its parameters are not checked yet. */
export interface ReplyMessage {
  readonly parameters: JsonObject
  /** Full name of the error; undefined for success. */
  readonly error: string | undefined
  /** Another reply follows. */
  readonly continues: boolean
}

/** Reads one message without its NUL (V-4, V-5). @throws {ProtocolError} */
export function parseReply(message: Buffer): ReplyMessage {
  const reply = parseJson(message)
  if (!isObject(reply)) throw new ProtocolError('message is not an object')
  const { error, parameters, continues } = reply
  if (error !== undefined && typeof error !== 'string') throw new ProtocolError('error is not a name')
  return { parameters: parametersOf(parameters), error, continues: continues === true }
}

/** The bytes of a reply (V-4); `continues` when another one follows. */
export function encodeReply(parameters: JsonObject, continues: boolean): Buffer {
  return encode(continues ? { parameters, continues } : { parameters })
}

/** The bytes of an error (V-5). */
export function encodeError(error: string, parameters: JsonObject): Buffer {
  return encode({ error, parameters })
}

/** JSON never holds a NUL byte: `stringify` writes the character as an escape. */
function encode(message: JsonObject): Buffer {
  return Buffer.from(`${JSON.stringify(message)}\0`, 'utf8')
}

/** True for JSON objects, and not for arrays and null. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A mode that is left out is false. @throws {ProtocolError} */
function flagOf(call: JsonObject, mode: string): boolean {
  const value = Object.hasOwn(call, mode) ? call[mode] : false
  if (typeof value !== 'boolean') throw new ProtocolError(`${mode} is not a boolean`)
  return value
}

/** `fromEntries` makes own members of every key, `__proto__` included. */
function parametersOf(value: unknown): JsonObject {
  if (value === undefined || value === null) return {}
  if (!isObject(value)) throw new ProtocolError('parameters are not an object')
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null))
}

/** A byte order mark is kept, which JSON then refuses. @throws {ProtocolError} for what is not UTF-8 or not JSON */
function parseJson(message: Buffer): unknown {
  try {
    if (isUtf8(message)) return JSON.parse(message.toString())
  } catch {
    // said below
  }
  throw new ProtocolError('message is not JSON')
}

/** Counts brackets and separators outside strings, before anything is built from them. @throws {ProtocolError} */
function assertModest(message: Uint8Array): void {
  let depth = 0
  let values = 0
  for (let at = 0; at < message.length; at++) {
    const byte = message[at]
    if (byte === QUOTE) at = endOfString(message, at)
    else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) depth++
    else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) depth--
    else if (byte === COMMA) values++
    if (depth > MAX_DEPTH || values > MAX_VALUES) throw new ProtocolError('message is nested too deeply or too large')
  }
}

/** Offset of the quote that ends the string starting at `start`; an escaped character is passed over. */
function endOfString(message: Uint8Array, start: number): number {
  let at = start + 1
  while (at < message.length && message[at] !== QUOTE) at += message[at] === BACKSLASH ? 2 : 1
  return at
}

const QUOTE = 0x22
const COMMA = 0x2c
const OPEN_ARRAY = 0x5b
const BACKSLASH = 0x5c
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
