import type { EdnsOption, Message, Opt, Question, ResourceRecord } from '../../src/wire/index.ts'
import {
  CLASS,
  compose,
  HEADER_SIZE,
  idOf,
  parseType,
  QR,
  RA,
  RD,
  RCODE,
  skipQuestions,
  TYPE,
  typeText,
  wireOfText,
} from '../../src/wire/index.ts'
import { IpAddress } from '../../src/base/index.ts'
import { readRecord } from './master-file.ts'

export interface QueryOptions {
  readonly id?: number
  readonly type?: string
  /** Sends EDNS with this payload size. */
  readonly edns?: number
  readonly dnssecOk?: boolean
  /** Flags word besides RD; an opcode goes here too. */
  readonly flags?: number
  /** RD=0 when false. */
  readonly isRecursive?: boolean
  readonly class?: number
  /** EDNS options; they bring an OPT record along. */
  readonly options?: readonly EdnsOption[]
}

/** A client's request; the name's letter case is kept. */
export function queryFor(name: string, options: QueryOptions = {}): Buffer {
  const wire = wireOfText(name)
  if (wire === undefined) throw new TypeError(`not a name: ${name}`)
  const type = parseType(options.type ?? 'A')
  if (type === undefined) throw new TypeError(`not a type: ${options.type}`)
  const question = Buffer.concat([wire, Buffer.from([type >> 8, type & 255, 0, options.class ?? CLASS.IN])])
  const hasEdns = options.edns !== undefined || options.dnssecOk === true || options.options !== undefined
  const opt = {
    payloadSize: options.edns ?? 1232,
    extendedRcode: 0,
    version: 0,
    dnssecOk: options.dnssecOk ?? false,
    options: options.options ?? [],
  }
  return compose({
    id: options.id ?? 0x1234,
    flags: (options.isRecursive === false ? 0 : RD) | (options.flags ?? 0),
    question,
    opt: hasEdns ? opt : undefined,
  })
}

/** One record from the way a zone file writes it: `www.test 300 A 192.0.2.1`; see `readRecord`. */
export function rr(text: string): ResourceRecord {
  return readRecord(text)
}

/** What a server says to `request`: the question is repeated, records are put where they are given. */
export interface ReplyParts {
  readonly rcode?: number
  readonly answer?: readonly string[]
  readonly authority?: readonly string[]
  readonly additional?: readonly string[]
  readonly flags?: number
  readonly opt?: Opt
}

export function replyFor(request: Buffer, parts: ReplyParts = {}): Buffer {
  return compose({
    id: idOf(request),
    flags: QR | RD | RA | (parts.flags ?? 0) | ((parts.rcode ?? RCODE.NOERROR) & 15),
    question: request.subarray(HEADER_SIZE, skipQuestions(request)), // letter case and all
    answer: (parts.answer ?? []).map(rr),
    authority: (parts.authority ?? []).map(rr),
    additional: (parts.additional ?? []).map(rr),
    opt: parts.opt,
  })
}

/** `answer` section as lines `name ttl TYPE rdata-in-hex-or-address`, for comparing. */
export function addressesIn(message: Message): string[] {
  return message.answer
    .filter(({ type }) => type === TYPE.A || type === TYPE.AAAA)
    .map(({ rdata }) => IpAddress.fromBytes(rdata)?.text ?? '')
    .toSorted()
}

export function questionLine({ name, type, class: questionClass }: Question): string {
  return `${name} ${questionClass === CLASS.IN ? '' : `CLASS${questionClass} `}${typeText(type)}`
}
