import type { Opt } from './edns.ts'
import { wireOfOpt } from './edns.ts'
import { FormError } from './form-error.ts'
import { HEADER_SIZE, TC } from './header.ts'
import { endOfName, wireOfName } from './name.ts'
import { TYPE } from './numbers.ts'
import type { Question } from './question.ts'
import type { ResourceRecord } from './record.ts'
import { compressibleParts, compressiblePartsInMulticastDns } from './rdata-layout.ts'

/** What a message is to hold. */
export interface MessageParts {
  readonly id: number
  /** Flags word with the rcode's lower four bits; TC is set by `compose` where it must be. */
  readonly flags: number
  /** Bytes of the question section as the client wrote them, or a question of our own; none when absent. */
  readonly question?: Uint8Array | Question | undefined
  /** Several of our own instead, as multicast has them; who composes them knows that they fit. */
  readonly questions?: readonly Question[] | undefined
  readonly answer?: readonly ResourceRecord[]
  readonly authority?: readonly ResourceRecord[]
  readonly additional?: readonly ResourceRecord[]
  readonly opt?: Opt | undefined
}

/** What the receiver can take. */
export interface ComposeLimits {
  /** Bytes the message may have at most. */
  readonly maxSize: number
  /** Whether a missing authority record is a truncation too (R-STUB-15: only with DO). */
  readonly authorityMatters?: boolean
  /** Whether names are compressed in all types that who reads multicast DNS expands (RFC 6762 §18.14). */
  readonly isMulticastDns?: boolean
}

const POINTER_REACH = 0x3fff
/** An OPT record without options. */
const OPT_SIZE = 11
/** The flag of an OPT record that asks for signatures (RFC 3225 §3). */
const DO = 0x8000

/**
 * Writes a message with name compression. Records are left out from where the size ends; room for OPT is kept.
 * TC tells of a missing answer record, never of a missing additional one (R-STUB-15).
 */
export function compose(parts: MessageParts, limits: ComposeLimits = { maxSize: 65_535 }): Buffer {
  const opt = parts.opt && wireOfOpt(parts.opt)
  const writer = new Writer(limits.maxSize - (opt?.length ?? 0), limits.isMulticastDns === true)
  if (parts.question !== undefined) writer.question(parts.question)
  else if (parts.questions !== undefined) writer.questions(parts.questions)
  const answer = writer.records(parts.answer ?? [])
  const isAnswerWhole = answer === (parts.answer?.length ?? 0)
  const authority = isAnswerWhole ? writer.records(parts.authority ?? []) : 0
  const isAuthorityWhole = isAnswerWhole && authority === (parts.authority?.length ?? 0)
  const additional = isAuthorityWhole ? writer.records(parts.additional ?? []) : 0
  const isTruncated = !isAnswerWhole || (limits.authorityMatters === true && !isAuthorityWhole)
  const message = writer.finish(opt)
  message.writeUInt16BE(parts.id, 0)
  message.writeUInt16BE(isTruncated ? parts.flags | TC : parts.flags, 2)
  message.writeUInt16BE(parts.question === undefined ? (parts.questions?.length ?? 0) : 1, 4)
  message.writeUInt16BE(answer, 6)
  message.writeUInt16BE(authority, 8)
  message.writeUInt16BE(additional + (opt === undefined ? 0 : 1), 10)
  return message
}

/**
 * One question and nothing else, but an OPT record where `payloadSize` is given, with `options` in wire form. The general way makes five buffers and
 * a map for it, which was a fiftieth of a cold miss.
 */
export function composeQuestion(
  id: number,
  flags: number,
  question: Question,
  payloadSize?: number,
  dnssecOk = false,
  options?: Uint8Array,
): Buffer {
  const name = question.spelling ?? wireOfName(question.name)
  const end = HEADER_SIZE + name.length + 4
  const message = Buffer.allocUnsafe(payloadSize === undefined ? end : end + OPT_SIZE + (options?.length ?? 0))
  message.fill(0, 0, HEADER_SIZE)
  message.writeUInt16BE(id, 0)
  message.writeUInt16BE(flags, 2)
  message[5] = 1
  message.set(name, HEADER_SIZE)
  message.writeUInt16BE(question.type, end - 4)
  message.writeUInt16BE(question.class, end - 2)
  if (payloadSize === undefined) return message
  message[11] = 1
  message.fill(0, end)
  message[end + 2] = TYPE.OPT
  message.writeUInt16BE(payloadSize, end + 3)
  if (dnssecOk) message.writeUInt16BE(DO, end + 7)
  if (options === undefined) return message
  message.writeUInt16BE(options.length, end + 9)
  message.set(options, end + OPT_SIZE)
  return message
}

class Writer {
  readonly #limit: number
  /** The parts of a type whose names may be compressed. */
  readonly #compressible: typeof compressibleParts
  /** Where each name suffix (its wire bytes in lower case, as text) was written. */
  readonly #suffixes = new Map<string, number>()
  /** The name in the question, until a record comes that may point to it. */
  #asked: Uint8Array | undefined
  /** The owner that came last, and where it stands: records of a set share it, and so a pointer that is looked up once. */
  #lastOwner: Uint8Array | undefined
  #lastOwnerAt = 0
  #bytes = Buffer.allocUnsafe(512)
  #length = HEADER_SIZE

  constructor(limit: number, isMulticastDns: boolean) {
    this.#limit = limit
    this.#compressible = isMulticastDns ? compressiblePartsInMulticastDns : compressibleParts
  }

  questions(questions: readonly Question[]): void {
    for (const { name, type, class: questionClass, spelling } of questions) {
      this.#name(spelling ?? wireOfName(name))
      this.#word(type)
      this.#word(questionClass)
    }
  }

  question(question: Uint8Array | Question): void {
    if (question instanceof Uint8Array) {
      this.#asked = question.subarray(0, question.length - 4)
      return this.#raw(question)
    }
    this.#asked = wireOfName(question.name)
    this.#raw(this.#asked)
    this.#word(question.type)
    this.#word(question.class)
  }

  /** Writes as many whole records as fit, and tells how many. */
  records(records: readonly ResourceRecord[]): number {
    let written = 0
    for (const record of records) {
      const before = this.#length
      this.#record(record)
      if (this.#length > this.#limit) {
        this.#length = before
        for (const [suffix, at] of this.#suffixes) if (at >= before) this.#suffixes.delete(suffix)
        this.#lastOwner = undefined
        return written
      }
      written++
    }
    return written
  }

  /** The bytes so far and `tail` after them; the header is still to be filled in. */
  finish(tail: Buffer | undefined): Buffer {
    if (tail !== undefined) this.#raw(tail)
    return this.#bytes.subarray(0, this.#length)
  }

  #record(record: ResourceRecord): void {
    this.#owner(record.owner)
    this.#word(record.type)
    this.#word(record.class)
    this.#word(record.ttl >>> 16)
    this.#word(record.ttl & 0xffff)
    const lengthAt = this.#length
    this.#word(0)
    this.#rdata(record)
    if (this.#length > this.#limit) return // taken back by the caller; its length may not even fit its field
    this.#bytes.writeUInt16BE(this.#length - lengthAt - 2, lengthAt)
  }

  #rdata({ type, rdata }: ResourceRecord): void {
    let at = 0
    for (const part of rdata.length === 0 ? [] : (this.#compressible(type) ?? [])) {
      if (part === 'name') {
        const end = endOfName(rdata, at)
        if (end === undefined) break // not what the type says: the bytes as they are
        this.#name(rdata.subarray(at, end))
        at = end
      } else if (typeof part === 'number') this.#raw(rdata.subarray(at, (at += part)))
    }
    this.#raw(at === 0 ? rdata : rdata.subarray(at))
  }

  #owner(wire: Uint8Array): void {
    if (wire === this.#lastOwner) return this.#word(0xc000 | this.#lastOwnerAt)
    const at = this.#name(wire)
    this.#lastOwner = at === undefined ? undefined : wire
    this.#lastOwnerAt = at ?? 0
  }

  /**
   * A pointer to the longest suffix already written, the labels before it in full (RFC 1035 §4.1.4). Returns where the next
   * one may point to for the same name, if anywhere.
   * @throws {FormError} for bytes that are no whole name, which only we ourselves could have made
   */
  #name(wire: Uint8Array): number | undefined {
    if (this.#asked !== undefined) this.#remember(this.#asked, HEADER_SIZE)
    this.#asked = undefined
    const start = this.#length
    const { at, known } = this.#remember(wire, start)
    this.#raw(wire.subarray(0, at))
    if (known === undefined) this.#raw(wire.subarray(at, at + 1))
    else this.#word(0xc000 | known)
    if (at === 0) return known
    return start <= POINTER_REACH ? start : undefined
  }

  /** Notes where the suffixes of a name stand, up to the first that stands elsewhere: its place in both. */
  #remember(wire: Uint8Array, start: number): { at: number; known: number | undefined } {
    const lower = Buffer.from(wire).toString('latin1').toLowerCase()
    let at = 0
    for (; at < wire.length && wire[at] !== 0; at += 1 + (wire[at] as number)) {
      const suffix = lower.slice(at)
      const known = this.#suffixes.get(suffix)
      if (known !== undefined) return { at, known }
      if (start + at <= POINTER_REACH) this.#suffixes.set(suffix, start + at)
    }
    if (at !== wire.length - 1) throw new FormError('not a whole name', start)
    return { at, known: undefined }
  }

  #word(value: number): void {
    this.#reserve(2)
    this.#bytes.writeUInt16BE(value, this.#length)
    this.#length += 2
  }

  #raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(2 * this.#bytes.length, this.#length + count))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
  }
}
