import type { NameLimits } from './name-limits.ts'
import { FormError } from './form-error.ts'
import { HEADER_SIZE } from './header.ts'

declare const brand: unique symbol
/**
 * A domain name in presentation form: absolute, ASCII lower case, no trailing dot, the root is `.`.
 * A dot or backslash inside a label is `\.` or `\\`; bytes outside 0x21..0x7e are `\DDD` (RFC 1035 §5.1).
 * Equal names are equal strings (RFC 4343 §3).
 */
export type Name = string & { readonly [brand]: 'Name' }

export const ROOT = '.' as Name
/** Bytes in wire form, the lengths and the root's included (RFC 1035 §3.1). */
export const MAX_NAME_LENGTH = 255
export const MAX_LABEL_LENGTH = 63
const DOT = 0x2e
const BACKSLASH = 0x5c

/** Letters, digits, `_` and `-` in lower case, 63 in a label, 253 in all: a `Name` as it stands. */
const PLAIN = /^(?!.{254})[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/

/** Reads text with or without a final dot; undefined when it is not a valid name. Non-ASCII text becomes UTF-8 bytes. */
export function parseName(text: string): Name | undefined {
  if (PLAIN.test(text)) return text as Name // also for the tables of names that every start makes
  const wire = wireOfText(text)
  return wire && nameOfWire(wire)
}

/** A name known to be valid, as a program constant. @throws {TypeError} when it is not. */
export function nameOf(text: string): Name {
  const name = parseName(text)
  if (name === undefined) throw new TypeError(`not a domain name: ${JSON.stringify(text)}`)
  return name
}

/** Uncompressed wire form of text, letter case kept; undefined when it is not a valid name. */
export function wireOfText(text: string): Buffer | undefined {
  if (text === '.') return Buffer.from([0])
  const source = Buffer.from(text, 'utf8')
  const wire = Buffer.alloc(source.length + 2)
  let lengthAt = 0
  let at = 1
  const closeLabel = () => {
    const length = at - lengthAt - 1
    if (length === 0 || length > MAX_LABEL_LENGTH) return false
    wire[lengthAt] = length
    lengthAt = at++
    return true
  }
  for (let i = 0; i < source.length; i++) {
    const byte = source[i] as number
    if (byte === DOT) {
      if (!closeLabel()) return undefined
    } else if (byte === BACKSLASH) {
      const escaped = readEscape(source, i)
      if (escaped === undefined) return undefined
      wire[at++] = escaped.byte
      i += escaped.length
    } else wire[at++] = byte
  }
  if (at > lengthAt + 1 && !closeLabel()) return undefined
  if (lengthAt === 0 || lengthAt + 1 > MAX_NAME_LENGTH) return undefined
  wire[lengthAt] = 0
  return wire.subarray(0, lengthAt + 1)
}

/** Uncompressed wire form of `name`, in lower case. */
export function wireOfName(name: Name): Buffer {
  if (name === ROOT || name.includes('\\')) return wireOfText(name) as Buffer
  // The dots, and one more at either end, become lengths.
  const wire = Buffer.allocUnsafe(name.length + 2)
  wire.write(name, 1, 'latin1')
  let end = name.length + 1
  wire[end] = 0
  for (let at = end - 1; at >= 0; at--) {
    if (at > 0 && wire[at] !== 0x2e) continue
    wire[at] = end - at - 1
    end = at
  }
  return wire
}

/** The `Name` of a whole uncompressed wire name. */
export function nameOfWire(wire: Uint8Array): Name {
  return (plainText(wire, true) ?? escapedText(expandName(wire, 0).wire).replace(/[A-Z]+/g, lowerCase)) as Name
}

/** Presentation text of a whole uncompressed wire name, letter case kept, no final dot. */
export function textOfWire(wire: Uint8Array): string {
  return plainText(wire, false) ?? escapedText(wire)
}

/** Where names are written before they become strings: a buffer for each would be garbage at once. */
const TEXT = Buffer.alloc(MAX_NAME_LENGTH)

/**
 * The text where nothing has to be escaped, all but always, made in one piece: adding up letters leaves a tree of small
 * strings, which takes ten times as long. Undefined also where `wire` is not whole.
 */
function plainText(wire: Uint8Array, folds: boolean): string | undefined {
  const text = TEXT
  const size = Math.min(wire.length, MAX_NAME_LENGTH)
  let left = 0
  for (let at = 0; at < size; at++) {
    const byte = wire[at] as number
    if (left === 0) {
      if (byte === 0) return at === 0 ? ROOT : text.toString('latin1', 1, at)
      if (byte > MAX_LABEL_LENGTH) return undefined
      left = byte
      text[at] = DOT
      continue
    }
    left--
    if (byte <= 0x20 || byte >= 0x7f || byte === DOT || byte === BACKSLASH) return undefined
    text[at] = folds && byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte
  }
  return undefined
}

function escapedText(wire: Uint8Array): string {
  let text = ''
  for (let at = 0; at < wire.length && wire[at] !== 0; at += 1 + (wire[at] as number)) {
    if (at > 0) text += '.'
    text += textOfLabel(wire, at + 1, at + 1 + (wire[at] as number))
  }
  return text
}

/**
 * Reads the possibly compressed name at `at`. `end` is where the bytes after it in the message start.
 * @throws {FormError} past the end, for a label type other than 00 and 11, for a pointer that does not point backwards
 * (so that no loop is possible) or points into the header (whose ID and flags change on the way), and for a name longer
 * than 255 bytes.
 */
export function readName(message: Uint8Array, at: number): { name: Name; end: number } {
  const { wire, end } = expandName(message, at)
  return { name: nameOfWire(wire), end }
}

/**
 * As `readName`, but gives the uncompressed bytes with their letter case. `limits` are those of the message: a name that
 * a pointer leads through one of its fixed parts is refused too, as TTLs and types change on the way to the client, and
 * so is one that makes all of them cost too much.
 */
export function expandName(message: Uint8Array, start: number, limits?: NameLimits): { wire: Buffer; end: number } {
  const { length, end } = measureName(message, start, limits)
  const wire = Buffer.allocUnsafe(length)
  copyName(message, start, wire, 0, length)
  return { wire, end }
}

/** As `expandName`, but writes the name into `target` at `to`, where there is room for the longest. */
export function expandNameInto(
  target: Uint8Array,
  to: number,
  message: Uint8Array,
  start: number,
  limits?: NameLimits,
): { length: number; end: number } {
  const measured = measureName(message, start, limits)
  copyName(message, start, target, to, to + measured.length)
  return measured
}

/** Of a name that was measured; `from` and `end` are where it lies in `target`. */
function copyName(message: Uint8Array, start: number, target: Uint8Array, from: number, end: number): void {
  let at = start
  for (let to = from; to < end; ) {
    const size = message[at] as number
    if (size >= 0xc0) at = pointerAt(message, at)
    else for (const next = to + size; to <= next; ) target[to++] = message[at++] as number
  }
}

/** How long the name is in full, and where the bytes after it are. @throws {FormError} for what is wrong with it */
function measureName(message: Uint8Array, start: number, limits?: NameLimits): { length: number; end: number } {
  let length = 0
  let end = -1
  let at = start
  let lowest = start // since the last pointer, what was read lies in one piece from here on
  for (;;) {
    const size = message[at]
    if (size === undefined) throw new FormError('name runs past the end', at)
    if (size >= 0xc0) {
      if (at + 1 >= message.length) throw new FormError('name runs past the end', at)
      if (end < 0) end = at + 2
      else {
        limits?.staysOutside(lowest, at + 1)
        limits?.followPointer(at)
      }
      const target = pointerAt(message, at)
      if (target >= lowest) throw new FormError('compression pointer does not point backwards', at)
      if (target < HEADER_SIZE) throw new FormError('compression pointer into the header', at)
      at = lowest = target
      continue
    }
    if (size > MAX_LABEL_LENGTH) throw new FormError('unknown label type', at)
    if (length + size + 1 > MAX_NAME_LENGTH) throw new FormError('name is too long', start)
    if (at + size + 1 > message.length) throw new FormError('name runs past the end', at)
    length += size + 1
    at += size + 1
    if (size > 0) continue
    if (end >= 0) limits?.staysOutside(lowest, at - 1)
    limits?.read(length, start)
    return { length, end: end < 0 ? at : end }
  }
}

function pointerAt(message: Uint8Array, at: number): number {
  return (((message[at] as number) & 0x3f) << 8) | (message[at + 1] as number)
}

/** Where the bytes after the name at `at` start, without following pointers. @throws {FormError} as `readName`. */
export function skipName(message: Uint8Array, start: number): number {
  let at = start
  for (;;) {
    const size = message[at]
    if (size === undefined) throw new FormError('name runs past the end', at)
    if (size >= 0xc0) return at + 2
    if (size > MAX_LABEL_LENGTH) throw new FormError('unknown label type', at)
    at += size + 1
    if (size === 0) return at
  }
}

/** Where the bytes after the uncompressed name at `start` are; undefined where it does not end within `bytes`. */
export function endOfName(bytes: Uint8Array, start: number): number | undefined {
  let at = start
  while (at < bytes.length && bytes[at] !== 0) at += 1 + (bytes[at] as number)
  return at < bytes.length ? at + 1 : undefined
}

/** Labels from the leftmost on, still escaped; none for the root. */
export function labelsOf(name: Name): string[] {
  if (name === ROOT) return []
  if (!name.includes('\\')) return name.split('.')
  return name.match(/(?:\\.|[^.\\])+/g) as string[]
}

/** Labels without the root, which has 0 itself. */
export function labelCount(name: Name): number {
  if (name === ROOT || name.includes('\\')) return labelsOf(name).length
  let count = 1
  for (let at = name.indexOf('.'); at >= 0; at = name.indexOf('.', at + 1)) count++
  return count
}

/** The name without its first label; undefined for the root. */
export function parentOf(name: Name): Name | undefined {
  if (name === ROOT) return undefined
  if (name.includes('\\')) return joinLabels(labelsOf(name).slice(1))
  const dot = name.indexOf('.')
  return dot < 0 ? ROOT : (name.slice(dot + 1) as Name)
}

/** `first` in front of `rest`. The result may be too long to be a name: then undefined. */
export function concatNames(first: Name, rest: Name): Name | undefined {
  return parseName(joinLabels([...labelsOf(first), ...labelsOf(rest)]))
}

/** True when `name` is `domain` or below it, by whole labels (R-ROUTE-8). */
export function isWithin(name: Name, domain: Name): boolean {
  if (domain === ROOT || name === domain) return true
  if (!name.endsWith(domain)) return false
  const dot = name.length - domain.length - 1
  if (name[dot] !== '.') return false
  let backslashes = 0
  while (name[dot - 1 - backslashes] === '\\') backslashes++
  return backslashes % 2 === 0
}

/** True for a name of one label (the root has none). */
export function isSingleLabel(name: Name): boolean {
  return name !== ROOT && (name.includes('\\') ? labelCount(name) === 1 : !name.includes('.'))
}

function joinLabels(labels: readonly string[]): Name {
  return (labels.length === 0 ? ROOT : labels.join('.')) as Name
}

function lowerCase(letters: string): string {
  return letters.toLowerCase()
}

/** `\X` or `\DDD` at `at`; `length` counts the bytes after the backslash. */
function readEscape(source: Uint8Array, at: number): { byte: number; length: number } | undefined {
  const next = source[at + 1]
  if (next === undefined) return undefined
  if (!isDigit(next)) return { byte: next, length: 1 }
  const digits = [next, source[at + 2], source[at + 3]]
  if (!digits.every((digit) => digit !== undefined && isDigit(digit))) return undefined
  const byte = Number(String.fromCharCode(...(digits as number[])))
  return byte > 255 ? undefined : { byte, length: 3 }
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}

function textOfLabel(wire: Uint8Array, from: number, to: number): string {
  let text = ''
  for (let i = from; i < to; i++) {
    const byte = wire[i] as number
    if (byte === DOT || byte === BACKSLASH) text += `\\${String.fromCharCode(byte)}`
    else if (byte <= 0x20 || byte >= 0x7f) text += `\\${String(byte).padStart(3, '0')}`
    else text += String.fromCharCode(byte)
  }
  return text
}
