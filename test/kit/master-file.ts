import { IpAddress } from '../../src/base/index.ts'
import type { Question, ResourceRecord } from '../../src/wire/index.ts'
import {
  CLASS,
  nameOf,
  parseClass,
  parseType,
  rdataText,
  recordOf,
  typeText,
  wireOfText,
} from '../../src/wire/index.ts'

/** What a line of a zone file may leave out. */
export interface RecordDefaults {
  /** Appended to names without final dot. */
  readonly origin: string
  readonly ttl: number
}

const DEFAULTS: RecordDefaults = { origin: '.', ttl: 3600 }

/**
 * One record as a zone file writes it (RFC 1035 §5.1): `www.test 300 IN A 192.0.2.1`; TTL and class may trade places or
 * be left out. Quoted strings, `( … )`, `; comments`, and `\# LENGTH HEX` for any type (RFC 3597 §5). The owner is never
 * left out. Letter case of names is kept. @throws {TypeError} for what cannot be read
 */
export function readRecord(text: string, defaults: RecordDefaults = DEFAULTS): ResourceRecord {
  const { owner, ttl, recordClass, type, rest } = readHead(text, defaults)
  const wire = wireName(owner, defaults.origin)
  const rdata = rdataOf(type, rest, defaults.origin)
  return { ...recordOf(nameOf(absolute(owner, defaults.origin)), type, rdata, ttl, recordClass), owner: wire }
}

/** One question: `www.test IN A`. */
export function readQuestionText(
  text: string,
  defaults: RecordDefaults = DEFAULTS,
): Question & { readonly wire: Buffer } {
  const { owner, recordClass, type } = readHead(text, defaults)
  const tail = Buffer.alloc(4)
  tail.writeUInt16BE(type, 0)
  tail.writeUInt16BE(recordClass, 2)
  const wire = Buffer.concat([wireName(owner, defaults.origin), tail])
  return { name: nameOf(absolute(owner, defaults.origin)), type, class: recordClass, wire }
}

/** The line `readRecord` reads back as the same record; class IN is left out. */
export function recordLine({ name, ttl, class: recordClass, type, rdata }: ResourceRecord): string {
  const classWord = recordClass === CLASS.IN ? '' : `CLASS${recordClass} `
  return `${name} ${ttl} ${classWord}${typeText(type)} ${rdataText(type, rdata)}`
}

interface Head {
  readonly owner: string
  readonly ttl: number
  readonly recordClass: number
  readonly type: number
  readonly rest: readonly string[]
}

function readHead(text: string, defaults: RecordDefaults): Head {
  const [owner = '', ...words] = wordsOf(text)
  let { ttl } = defaults
  let recordClass: number = CLASS.IN
  for (const [i, word] of words.entries()) {
    const type = parseType(word)
    if (/^\d+$/.test(word)) ttl = Number(word)
    else if (parseClass(word) !== undefined && word.toUpperCase() !== 'ANY') recordClass = parseClass(word) as number
    else if (type !== undefined) return { owner, ttl, recordClass, type, rest: words.slice(i + 1) }
    else break
  }
  throw new TypeError(`cannot read record: ${text.trim()}`)
}

/** Words of a line; a quoted string is one word and keeps its first quote as a mark. */
function wordsOf(text: string): string[] {
  const words: string[] = []
  const pattern = /"((?:\\.|[^"\\])*)"|;[^\n]*|[()]|(?:\\.|[^\s();"])+/gs
  for (const [word, quoted] of text.matchAll(pattern)) {
    if (quoted !== undefined) words.push(`"${quoted}`)
    else if (!/^[;()]/.test(word)) words.push(word)
  }
  return words
}

/** Rdata by field: see `Field`. Types not here are written in the generic form only. */
const FIELDS: Readonly<Record<string, string>> = {
  A: 'address',
  AAAA: 'address',
  NS: 'name',
  CNAME: 'name',
  DNAME: 'name',
  PTR: 'name',
  MX: 'u16 name',
  SRV: 'u16 u16 u16 name',
  SOA: 'name name u32 u32 u32 u32 u32',
  TXT: 'strings',
  SPF: 'strings',
  HINFO: 'string string',
  RP: 'name name',
  AFSDB: 'u16 name',
  NAPTR: 'u16 u16 string string string name',
  CAA: 'u8 string text',
  DS: 'u16 algorithm u8 hex',
  DLV: 'u16 u8 u8 hex',
  DNSKEY: 'u16 u8 algorithm base64',
  RRSIG: 'type algorithm u8 u32 time time u16 name base64',
  NSEC: 'name types',
  NSEC3: 'u8 u8 u16 salt hash types',
  NSEC3PARAM: 'u8 u8 u16 salt',
  TLSA: 'u8 u8 u8 hex',
  SSHFP: 'u8 u8 hex',
  SVCB: 'u16 name params',
  HTTPS: 'u16 name params',
}

/** IANA "DNS Security Algorithm Numbers". */
const ALGORITHMS: Readonly<Record<string, number>> = { DSA: 3, RSASHA1: 5, RSASHA256: 8, RSASHA512: 10 }

function rdataOf(type: number, words: readonly string[], origin: string): Buffer {
  if (words[0] === '\\#') return Buffer.from(words.slice(2).join(''), 'hex')
  const fields = FIELDS[typeText(type)]?.split(' ')
  if (fields === undefined) throw new TypeError(`${typeText(type)} is read in the form \\# LENGTH HEX only`)
  const left = [...words]
  const parts = fields.map((field) => writeField(field, left, origin))
  if (left.length > 0) throw new TypeError(`too many words for ${typeText(type)}: ${left.join(' ')}`)
  return Buffer.concat(parts)
}

/** Takes from `left` the words the field needs: one, or all that remain. */
function writeField(field: string, left: string[], origin: string): Uint8Array {
  const rest = () => left.splice(0).join('')
  switch (field) {
    case 'strings':
      return Buffer.concat(left.splice(0).map(stringOf))
    case 'types':
      return bitmapOf(left.splice(0))
    case 'params':
      return Buffer.concat(left.splice(0).map(paramOf))
    case 'hex':
      return Buffer.from(rest(), 'hex')
    case 'base64':
      return Buffer.from(rest(), 'base64')
    default: {
      const word = left.shift()
      if (word === undefined) throw new TypeError('a record ends too early')
      return writeWord(field, word, origin)
    }
  }
}

function writeWord(field: string, word: string, origin: string): Uint8Array {
  switch (field) {
    case 'address':
      return IpAddress.of(word).bytes
    case 'name':
      return wireName(word, origin)
    case 'string':
      return stringOf(word)
    case 'text':
      return bytesOf(word)
    case 'type':
      return numberOf(parseType(word) ?? Number.NaN, 2, word)
    case 'algorithm':
      return numberOf(ALGORITHMS[word.toUpperCase()] ?? Number(word), 1, word)
    case 'time':
      return numberOf(secondsOf(word), 4, word)
    case 'salt':
      return withLength(Buffer.from(word === '-' ? '' : word, 'hex'))
    case 'hash':
      return withLength(bytesOfBase32Hex(word))
    default:
      return numberOf(Number(word), Number(field.slice(1)) / 8, word)
  }
}

function numberOf(value: number, size: number, word: string): Buffer {
  if (!(Number.isInteger(value) && value >= 0 && value < 256 ** size)) throw new TypeError(`not a number: ${word}`)
  const bytes = Buffer.alloc(size)
  bytes.writeUIntBE(value, 0, size)
  return bytes
}

/** `20260101000000` or seconds since 1970 (RFC 4034 §3.2). */
export function secondsOf(word: string): number {
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(word)?.slice(1).map(Number)
  if (parts === undefined) return Number(word)
  const [year = 0, month = 1, day, hour, minute, second] = parts
  return Date.UTC(year, month - 1, day, hour, minute, second) / 1000
}

function stringOf(word: string): Buffer {
  return withLength(bytesOf(word))
}

const PARAMS = ['mandatory', 'alpn', 'no-default-alpn', 'port', 'ipv4hint', 'ech', 'ipv6hint', 'dohpath']

/** One service parameter, `key=value` (RFC 9460 §2.1); they are to be given in the order of their numbers. */
function paramOf(word: string): Buffer {
  const [name = '', value = ''] = word.split(/=(.*)/s)
  const bytes = paramValue(name, value)
  return Buffer.concat([numberOf(paramKey(name), 2, word), numberOf(bytes.length, 2, word), bytes])
}

function paramKey(name: string): number {
  return name.startsWith('key') ? Number(name.slice(3)) : PARAMS.indexOf(name)
}

function paramValue(name: string, value: string): Buffer {
  const items = value.split(',')
  switch (name) {
    case 'mandatory':
      return Buffer.concat(items.map((item) => numberOf(paramKey(item), 2, item)))
    case 'alpn':
      return Buffer.concat(items.map(stringOf))
    case 'port':
      return numberOf(Number(value), 2, value)
    case 'ipv4hint':
    case 'ipv6hint':
      return Buffer.concat(items.map((item) => IpAddress.of(item).bytes))
    default:
      return Buffer.from(value)
  }
}

function withLength(bytes: Buffer): Buffer {
  return Buffer.concat([numberOf(bytes.length, 1, bytes.toString('latin1')), bytes])
}

/** RFC 4648 §7, without padding. */
export function bytesOfBase32Hex(text: string): Buffer {
  const bits = text
    .split('')
    .map((digit) => Number.parseInt(digit, 32).toString(2).padStart(5, '0'))
    .join('')
  const octets = bits.match(/.{8}/g) ?? []
  return Buffer.from(octets.map((octet) => Number.parseInt(octet, 2)))
}

/** Escapes resolved, the quote's mark taken off. */
function bytesOf(word: string): Buffer {
  const text = word.startsWith('"') ? word.slice(1) : word
  return Buffer.from(
    text.replace(
      /\\(?:(\d{3})|(.))/gs,
      (_all, code?: string, plain?: string) => plain ?? String.fromCharCode(Number(code)),
    ),
    'latin1',
  )
}

/** RFC 4034 §4.1.2. */
export function bitmapOf(words: readonly string[]): Buffer {
  const windows = new Map<number, number[]>()
  for (const type of words.map((word) => parseType(word) ?? Number.NaN).toSorted((a, b) => a - b)) {
    const window = windows.get(type >> 8) ?? []
    windows.set(type >> 8, window)
    const at = (type & 255) >> 3
    while (window.length <= at) window.push(0)
    window[at] = (window[at] as number) | (0x80 >> (type & 7))
  }
  return Buffer.concat([...windows].map(([number, bits]) => Buffer.from([number, bits.length, ...bits])))
}

function wireName(text: string, origin: string): Buffer {
  const wire = wireOfText(absolute(text, origin))
  if (wire === undefined) throw new TypeError(`not a name: ${text}`)
  return wire
}

function absolute(text: string, origin: string): string {
  if (text === '@') return origin
  return text.endsWith('.') || origin === '.' ? text : `${text}.${origin}`
}
