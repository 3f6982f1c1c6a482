import type { Message, Question, ResourceRecord } from '../../src/wire/index.ts'
import {
  CLASS,
  compose,
  nameOf,
  parseMessage,
  parseType,
  QR,
  RA,
  RD,
  RCODE,
  recordOf,
  TYPE,
  typeText,
  wireOfName,
  wireOfText,
} from '../../src/wire/index.ts'
import { IpAddress } from '../../src/base/index.ts'

export interface QueryOptions {
  readonly id?: number
  readonly type?: string
  /** Sends EDNS with this payload size. */
  readonly edns?: number
  readonly dnssecOk?: boolean
  /** Flags word besides RD. */
  readonly flags?: number
}

/** A client's request; the name's letter case is kept. */
export function queryFor(name: string, options: QueryOptions = {}): Buffer {
  const wire = wireOfText(name)
  if (wire === undefined) throw new TypeError(`not a name: ${name}`)
  const type = parseType(options.type ?? 'A')
  if (type === undefined) throw new TypeError(`not a type: ${options.type}`)
  const question = Buffer.concat([wire, Buffer.from([type >> 8, type & 255, 0, 1])])
  const hasEdns = options.edns !== undefined || options.dnssecOk === true
  const opt = {
    payloadSize: options.edns ?? 1232,
    extendedRcode: 0,
    version: 0,
    dnssecOk: options.dnssecOk ?? false,
    options: [],
  }
  return compose({
    id: options.id ?? 0x1234,
    flags: RD | (options.flags ?? 0),
    question,
    opt: hasEdns ? opt : undefined,
  })
}

/** One record from the way a zone file writes it: `www.test 300 A 192.0.2.1` (types A, AAAA, CNAME, DNAME, NS, PTR, SOA, TXT, MX, SRV). */
export function rr(text: string): ResourceRecord {
  const [owner = '', ttl = '', type = '', ...rest] = text.trim().split(/\s+/)
  const number = parseType(type)
  if (number === undefined || !/^\d+$/.test(ttl)) throw new TypeError(`cannot read record: ${text}`)
  return recordOf(nameOf(owner), number, rdataOf(number, rest), Number(ttl))
}

/** What a server says to `request`: the question is repeated, records are put where they are given. */
export interface ReplyParts {
  readonly rcode?: number
  readonly answer?: readonly string[]
  readonly authority?: readonly string[]
  readonly additional?: readonly string[]
  readonly flags?: number
}

export function replyFor(request: Buffer, parts: ReplyParts = {}): Buffer {
  const { id, question } = parseMessage(request)
  return compose({
    id,
    flags: QR | RD | RA | (parts.flags ?? 0) | (parts.rcode ?? RCODE.NOERROR),
    question,
    answer: (parts.answer ?? []).map(rr),
    authority: (parts.authority ?? []).map(rr),
    additional: (parts.additional ?? []).map(rr),
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

function rdataOf(type: number, words: readonly string[]): Uint8Array {
  const [first = ''] = words
  switch (type) {
    case TYPE.A:
    case TYPE.AAAA:
      return (IpAddress.parse(first) as IpAddress).bytes
    case TYPE.CNAME:
    case TYPE.DNAME:
    case TYPE.NS:
    case TYPE.PTR:
      return wireOfName(nameOf(first))
    case TYPE.SOA: {
      const numbers = Buffer.alloc(20)
      for (const [i, word] of words.slice(2).entries()) numbers.writeUInt32BE(Number(word), 4 * i)
      return Buffer.concat([wireOfName(nameOf(first)), wireOfName(nameOf(words[1] ?? '.')), numbers])
    }
    case TYPE.MX:
      return Buffer.concat([Buffer.from([0, Number(first)]), wireOfName(nameOf(words[1] ?? '.'))])
    case TYPE.SRV: {
      const numbers = Buffer.alloc(6)
      for (const [i, word] of words.slice(0, 3).entries()) numbers.writeUInt16BE(Number(word), 2 * i)
      return Buffer.concat([numbers, wireOfName(nameOf(words[3] ?? '.'))])
    }
    default:
      return textOrRaw(words)
  }
}

/** TXT words become one string each; `\# LEN HEX` gives raw bytes of any type (RFC 3597 §5). */
function textOrRaw(words: readonly string[]): Uint8Array {
  if (words[0] === '\\#') return Buffer.from(words.slice(2).join(''), 'hex')
  return Buffer.concat(words.map((word) => Buffer.concat([Buffer.from([word.length]), Buffer.from(word)])))
}
