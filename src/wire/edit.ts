import type { Random, Seconds } from '../base/index.ts'
import type { Opt } from './edns.ts'
import { wireOfOpt } from './edns.ts'
import { HEADER_SIZE } from './header.ts'
import { TYPE } from './numbers.ts'
import type { RecordView } from './scan.ts'
import { scanRecords, skipQuestions } from './scan.ts'
import { ttlOf } from './ttl.ts'

/** Changes to make on the way from the server's bytes to the client's. */
export interface RelayEdit {
  readonly id: number
  readonly flags: number
  /** The client's question section: same question, its own letter case. */
  readonly question: Uint8Array
  /** Replaces the server's OPT record; none when the client sent none. */
  readonly opt: Opt | undefined
}

/** Types that only DNSSEC-aware clients get to see beside what they asked for (RFC 4035 §3.1). */
const DNSSEC_TYPES: ReadonlySet<number> = new Set([TYPE.RRSIG, TYPE.NSEC, TYPE.NSEC3])

/**
 * The server's message for this client, every other byte untouched: unknown types, odd labels and compression survive.
 * Undefined where bytes cannot be edited in place: an OPT that is not last, as pointers behind it would shift, or not
 * the only one, or a question of another length, as in an error reply that leaves it out. `message` must be well-formed.
 */
export function relay(message: Buffer, edit: RelayEdit): Buffer | undefined {
  if (skipQuestions(message) !== HEADER_SIZE + edit.question.length) return undefined
  let optAt = -1
  let isBare = true
  const end = scanRecords(message, ({ type, section, ownerAt }) => {
    isBare &&= optAt < 0 && (type !== TYPE.OPT || section === 2)
    if (type === TYPE.OPT) optAt = ownerAt
  })
  if (!isBare) return undefined
  const opt = edit.opt && wireOfOpt(edit.opt)
  const kept = message.subarray(0, optAt < 0 ? end : optAt)
  const copy = opt === undefined ? Buffer.from(kept) : Buffer.concat([kept, opt])
  copy.writeUInt16BE(edit.id, 0)
  copy.writeUInt16BE(edit.flags, 2)
  copy.writeUInt16BE(message.readUInt16BE(10) - (optAt < 0 ? 0 : 1) + (opt === undefined ? 0 : 1), 10)
  copy.set(edit.question, HEADER_SIZE)
  return copy
}

/** Whether the message holds DNSSEC records that were not what the question asked for. */
export function hasUnaskedDnssecRecords(message: Buffer): boolean {
  const asked = message.readUInt16BE(skipQuestions(message) - 4)
  let found = false
  scanRecords(message, ({ type }) => {
    if (DNSSEC_TYPES.has(type) && type !== asked && asked !== TYPE.ANY) found = true
  })
  return found
}

/** Types that a client gets only with DO, unless it asks for them (RFC 4035 §3.1). */
export function isDnssecType(type: number): boolean {
  return DNSSEC_TYPES.has(type)
}

/**
 * Puts a message `seconds` later, in place, and returns it: each TTL less that age, no more than `remaining` and no less
 * than 1 (R-CACHE-16). The OPT record's field is no TTL and stays.
 */
export function age(message: Buffer, seconds: Seconds, remaining: Seconds): Buffer {
  scanRecords(message, ({ type, fixedAt }) => {
    if (type === TYPE.OPT) return
    const ttl = message.readUInt32BE(fixedAt + 4)
    message.writeUInt32BE(Math.max(1, Math.min(ttl - seconds, remaining)), fixedAt + 4)
  })
  return message
}

/** Writes each TTL as it is meant (see `ttlOf`), in place. */
export function capTtls(message: Buffer): void {
  scanRecords(message, ({ type, fixedAt }) => {
    message.writeUInt32BE(ttlOf(message.readUInt32BE(fixedAt + 4), type), fixedAt + 4)
  })
}

/** Gives all records the same TTL, in place, and returns the message. */
export function setTtls(message: Buffer, ttl: Seconds): Buffer {
  scanRecords(message, ({ type, fixedAt }) => {
    if (type !== TYPE.OPT) message.writeUInt32BE(ttl, fixedAt + 4)
  })
  return message
}

/**
 * Lets the addresses of the answer trade places (R-CACHE-15), in place: address rdata holds no names, so bytes may move.
 * Those of one RRset stand together in all but odd messages; there only neighbours trade.
 */
export function shuffleAddresses(message: Buffer, random: Random): void {
  let first: RecordView | undefined
  let places: number[] = []
  scanRecords(message, (view) => {
    if (view.section !== 0 || !isAddress(view)) return
    if (first === undefined || !isSameSet(message, first, view)) {
      trade(message, places, random)
      first = view
      places = []
    }
    places.push(view.rdataAt)
  })
  trade(message, places, random)
}

/** An address record whose rdata has the size of one. */
export function isAddress({ type, rdataAt, end }: RecordView): boolean {
  return (type === TYPE.A && end - rdataAt === 4) || (type === TYPE.AAAA && end - rdataAt === 16)
}

/** Owner, to the byte, and type. */
export function isSameSet(message: Buffer, a: RecordView, b: RecordView): boolean {
  const size = a.fixedAt - a.ownerAt + 2
  if (b.fixedAt - b.ownerAt + 2 !== size) return false
  for (let i = 0; i < size; i++) if (message[a.ownerAt + i] !== message[b.ownerAt + i]) return false
  return true
}

/** Puts what is at these places in random order (Fisher–Yates). */
function trade(message: Buffer, places: readonly number[], random: Random): void {
  for (let last = places.length - 1; last > 0; last--) {
    const from = places[last] as number
    const to = places[random.below(last + 1)] as number
    for (let i = from === to ? 0 : message.readUInt16BE(from - 2); i-- > 0; ) {
      const byte = message[from + i] as number
      message[from + i] = message[to + i] as number
      message[to + i] = byte
    }
  }
}
