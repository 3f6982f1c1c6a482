import type { Seconds } from '../base/index.ts'
import type { NameLimits } from './name-limits.ts'
import { FormError } from './form-error.ts'
import type { Name } from './name.ts'
import { expandName, expandNameInto, MAX_NAME_LENGTH, nameOfWire, wireOfName } from './name.ts'
import { type Part, partsOf } from './rdata-layout.ts'
import { TYPE } from './numbers.ts'

/** One resource record, independent of the message it came in: no compression pointer is left in it. */
export interface ResourceRecord {
  /** Owner in uncompressed wire form, letter case as received. */
  readonly owner: Buffer
  readonly name: Name
  readonly type: number
  readonly class: number
  readonly ttl: Seconds
  /** rdata with the names in it uncompressed; otherwise the server's bytes. */
  readonly rdata: Buffer
}

/** The sections of a message that hold records. */
export type Section = 'answer' | 'authority' | 'additional'

const NOTHING = Buffer.alloc(0)

/** Types whose rdata is one name that leads elsewhere. */
export function targetOf(record: ResourceRecord): Name {
  return nameOfWire(record.rdata)
}

/** Copies rdata out of a message with its names expanded. @throws {FormError} when its parts do not fill it exactly. */
export function expandRdata(message: Buffer, type: number, start: number, end: number, limits?: NameLimits): Buffer {
  const layout = partsOf(type)
  if (layout === undefined) return copyOf(message, start, end)
  const [first] = layout
  if (first === 'name' && layout.length === 1) {
    const { wire, end: after } = expandName(message, start, limits)
    mustFill(start, after, end)
    return wire
  }
  let at = start
  let size = 0
  for (const part of layout) {
    const before = at
    if (part === 'name') {
      const { length, end: after } = expandNameInto(RDATA, size, message, at, limits)
      size += length
      at = after
    } else {
      if (typeof part === 'number') at += part
      else if (part === 'text') at += 1 + (message[at] ?? 0)
      else at = Math.max(at, end)
      if (at <= end) size += message.copy(RDATA, size, before, at)
    }
    if (at > end) throw new FormError('rdata runs past its end', before)
  }
  mustFill(start, at, end)
  return copyOf(RDATA, 0, size)
}

/** Where rdata is put together, which has at most two names in it: a piece for each part would be garbage at once. */
const RDATA = Buffer.alloc(65_535 + 2 * MAX_NAME_LENGTH)

function mustFill(start: number, at: number, end: number): void {
  if (at > end) throw new FormError('rdata runs past its end', start)
  if (at < end) throw new FormError('rdata is longer than its type allows', at)
}

/** Bytes that are copied sooner one by one than by a call. */
const SHORT = 32

/** Without a view of the part to be copied, which would cost as much as the copy. */
function copyOf(message: Buffer, start: number, end: number): Buffer {
  if (start === end) return NOTHING // as most OPT records have it
  const size = end - start
  const copy = Buffer.allocUnsafe(size)
  if (size > SHORT) message.copy(copy, 0, start, end)
  else for (let i = 0; i < size; i++) copy[i] = message[start + i] as number
  return copy
}

/** An IPv6 address in part and the name that holds the rest (RFC 2874 §3.1); such a name is never compressed. */
function layoutOfA6(rdata: Buffer): readonly Part[] {
  const prefix = rdata[0] ?? 0
  const suffix = Math.max(0, 16 - (prefix >> 3))
  return prefix === 0 ? [1 + suffix] : [1 + suffix, 'name']
}

/**
 * Whole rdata with the letters of its names in lower case, for those types that DNSSEC signs so (RFC 4034 §6.2).
 * Undefined when it does not have the shape of its type.
 */
export function lowerCaseNames(type: number, rdata: Buffer): Buffer | undefined {
  const layout = type === TYPE.A6 ? layoutOfA6(rdata) : partsOf(type)
  if (layout === undefined) return rdata
  const folded = Buffer.from(rdata)
  let at = 0
  for (const part of layout) {
    if (part === 'text') at += 1 + (folded[at] ?? 0)
    else if (part === 'rest') at = Math.max(at, folded.length)
    else at = part === 'name' ? foldName(folded, at) : at + part
    if (at > folded.length) return undefined
  }
  return at === folded.length ? folded : undefined
}

/** Lower-cases the uncompressed name at `at`; where the bytes after it start. */
function foldName(bytes: Buffer, start: number): number {
  let at = start
  while (at < bytes.length && bytes[at] !== 0) {
    const end = at + 1 + (bytes[at] as number)
    for (at++; at < end && at < bytes.length; at++) {
      const byte = bytes[at] as number
      if (byte >= 0x41 && byte <= 0x5a) bytes[at] = byte + 32
    }
  }
  return at + 1
}

/** A record of our own making. */
export function recordOf(
  name: Name,
  type: number,
  rdata: Uint8Array,
  ttl: Seconds = 0,
  recordClass = 1,
): ResourceRecord {
  return { owner: wireOfName(name), name, type, class: recordClass, ttl, rdata: Buffer.from(rdata) }
}

/** True when both are the same record, TTL aside. */
export function isSameRecord(a: ResourceRecord, b: ResourceRecord): boolean {
  return a.type === b.type && a.class === b.class && a.name === b.name && a.rdata.equals(b.rdata)
}

/** Full wire form, names uncompressed: what `ResolveRecord` returns. */
export function wireOfRecord(record: ResourceRecord): Buffer {
  const fixed = Buffer.alloc(10)
  fixed.writeUInt16BE(record.type, 0)
  fixed.writeUInt16BE(record.class, 2)
  fixed.writeUInt32BE(record.ttl, 4)
  fixed.writeUInt16BE(record.rdata.length, 8)
  return Buffer.concat([record.owner, fixed, record.rdata])
}
