import type { ExtendedError, Opt } from './edns.ts'
import { extendedErrorOf, optOfRecord } from './edns.ts'
import { NameLimits } from './name-limits.ts'
import { FormError } from './form-error.ts'
import { flagsOf, HEADER_SIZE, idOf, questionCount, rcodeOf } from './header.ts'
import { expandName, nameOfWire, ROOT } from './name.ts'
import { TYPE } from './numbers.ts'
import type { Question } from './question.ts'
import type { ResourceRecord, Section } from './record.ts'
import { expandRdata } from './record.ts'
import type { RecordView } from './scan.ts'
import { scanRecords, skipQuestions } from './scan.ts'
import { ttlOf } from './ttl.ts'

/** A message taken apart. The OPT record is in `opt` and not among `additional`. */
export interface Message {
  readonly id: number
  /** The flags word of the header. */
  readonly flags: number
  /** Twelve bits: the header's and the OPT record's together. */
  readonly rcode: number
  /** Absent when the message has no question, or several. */
  readonly question: Question | undefined
  readonly answer: readonly ResourceRecord[]
  readonly authority: readonly ResourceRecord[]
  readonly additional: readonly ResourceRecord[]
  readonly opt: Opt | undefined
  /** OPT records that say nothing, as they are malformed, several, named or in another section: `opt` is undefined then. */
  readonly hasBadOpt: boolean
  readonly extendedError: ExtendedError | undefined
  /** Some TTL of the bytes is not the one of its record here, as it means less than it says. */
  readonly hasExcessiveTtl: boolean
}

const SECTIONS = ['answer', 'authority', 'additional'] as const satisfies readonly Section[]
/**
 * Reads a whole message. Bytes after the last record are ignored, as other servers do. So is an OPT record that breaks
 * RFC 6891 §6.1.1, which some routers put into the answer: a request with it is turned down, an answer is still one.
 * @throws {FormError} for anything else that is malformed, and for more than `maxQuestions`
 */
export function parseMessage(bytes: Buffer, maxQuestions = 1): Message {
  const sections: Record<Section, ResourceRecord[]> = { answer: [], authority: [], additional: [] }
  const opts: (Opt | undefined)[] = []
  const questionEnd = skipQuestions(bytes)
  const limits = new NameLimits(questionEnd)
  const owners = new Owners(bytes, limits)
  if (questionCount(bytes) > maxQuestions) throw new FormError('too many questions', 4)
  const question = questionCount(bytes) === 1 ? theQuestion(bytes, questionEnd, owners) : undefined
  let hasExcessiveTtl = false
  scanRecords(bytes, (view) => {
    limits.addFixedPart(view.fixedAt)
    const record = readRecord(bytes, view, limits, owners)
    hasExcessiveTtl ||= record.ttl !== bytes.readUInt32BE(view.fixedAt + 4)
    if (record.type !== TYPE.OPT) sections[SECTIONS[view.section]].push(record)
    else opts.push(view.section === 2 && record.owner.length === 1 ? optOfRecord(record) : undefined)
  })
  const opt = opts.length === 1 ? opts[0] : undefined
  return {
    id: idOf(bytes),
    flags: flagsOf(bytes),
    rcode: (opt?.extendedRcode ?? 0) * 16 + rcodeOf(bytes),
    question,
    ...sections,
    opt,
    hasBadOpt: opt === undefined && opts.length > 0,
    extendedError: extendedErrorOf(opt),
    hasExcessiveTtl,
  }
}

const THE_ROOT = { owner: Buffer.alloc(1), name: ROOT } as const

/**
 * Reads the names of a message that stand before fixed parts. Nearly all of them are pointers to where the one before
 * began, mostly the question: each is read only once in a row. What it went through then it would go through again.
 */
class Owners {
  readonly #bytes: Buffer
  readonly #limits: NameLimits
  #at = -1
  #last: Pick<ResourceRecord, 'owner' | 'name'> | undefined

  constructor(bytes: Buffer, limits: NameLimits) {
    this.#bytes = bytes
    this.#limits = limits
  }

  read(at: number): Pick<ResourceRecord, 'owner' | 'name'> {
    if (this.#bytes[at] === 0) return THE_ROOT // as all OPT records have it
    const start = (this.#bytes[at] as number) >= 0xc0 ? this.#bytes.readUInt16BE(at) & 0x3fff : at
    if (start === this.#at && this.#last !== undefined) return this.#last
    const owner = expandName(this.#bytes, at, this.#limits).wire
    this.#limits.read(owner.length, at) // its text takes as long again
    this.#at = start
    this.#last = { owner, name: nameOfWire(owner) }
    return this.#last
  }
}

function theQuestion(bytes: Buffer, end: number, owners: Owners): Question {
  const { name } = owners.read(HEADER_SIZE)
  return { name, type: bytes.readUInt16BE(end - 4), class: bytes.readUInt16BE(end - 2) }
}

function readRecord(
  bytes: Buffer,
  { ownerAt, fixedAt, type, rdataAt, end }: RecordView,
  limits: NameLimits,
  owners: Owners,
): ResourceRecord {
  const { owner, name } = owners.read(ownerAt)
  return {
    owner,
    name,
    type,
    class: bytes.readUInt16BE(fixedAt + 2),
    ttl: ttlOf(bytes.readUInt32BE(fixedAt + 4), type),
    rdata: expandRdata(bytes, type, rdataAt, end, limits),
  }
}
