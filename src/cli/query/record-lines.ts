import {
  classText,
  expandName,
  FormError,
  rdataWords,
  recordJson,
  TYPE,
  textOfWire,
  typeText,
} from '../../wire/index.ts'
import type { Json } from '../../wire/index.ts'

/** A whole record as the bus carries it, taken apart. */
export interface FoundRecord {
  readonly name: string
  readonly type: number
  readonly class: number
  readonly rdata: Buffer
}

/** Reads one uncompressed record that fills `wire`. @throws {FormError} */
export function readRecord(wire: Buffer): FoundRecord {
  const { wire: owner, end } = expandName(wire, 0)
  const rdata = wire.subarray(end + 10)
  if (wire.length < end + 10 || wire.readUInt16BE(end + 8) !== rdata.length) throw new FormError('bad record', end)
  return { name: textOfWire(owner), type: wire.readUInt16BE(end), class: wire.readUInt16BE(end + 2), rdata }
}

/** `NAME CLASS TYPE RDATA`, long keys wrapped, with remarks below on what the numbers mean (C-Q-7). */
export function recordText(record: FoundRecord, columns: number): string {
  const words = [record.name, classText(record.class), typeText(record.type), ...rdataWords(record.type, record.rdata)]
  const text = WRAPPED_TYPES.has(record.type) ? wrapLastWord(words, columns) : words.join(' ')
  return [text, ...remarks(record).map((remark) => `${' '.repeat(INDENT)}-- ${remark}`)].join('\n')
}

/** The record as JSON; undefined for types that have no such form (C-Q-15). */
export function recordObject({ rdata, ...key }: FoundRecord): Readonly<Record<string, Json>> | undefined {
  return recordJson(key, rdata)
}

/** What `--raw=payload` gives: the bytes a key or an address consists of; undefined for other types (C-Q-14). */
export function payloadOf({ type, rdata }: FoundRecord): Buffer | undefined {
  switch (type) {
    case TYPE.A:
    case TYPE.AAAA:
    case TYPE.OPENPGPKEY:
      return rdata
    case TYPE.SSHFP:
      return rdata.subarray(2)
    case TYPE.TLSA:
      return rdata.subarray(3)
    default:
      return undefined
  }
}

/** Types whose last word is a long base64 text. */
const WRAPPED_TYPES: ReadonlySet<number> = new Set([TYPE.DNSKEY, TYPE.RRSIG, TYPE.OPENPGPKEY])
const INDENT = 8

/** Continues the last word under its own start; on lines of its own when that starts right of the middle. */
function wrapLastWord(words: readonly string[], columns: number): string {
  const head = words.slice(0, -1).join(' ')
  const hangs = head.length <= columns / 2
  const indent = ' '.repeat(hangs ? head.length + 1 : INDENT)
  const pieces = words.at(-1)!.match(new RegExp(`.{1,${columns - (hangs ? head.length : INDENT) - 1}}`, 'g')) ?? []
  return `${head}${hangs ? ' ' : `\n${indent}`}${pieces.join(`\n${indent}`)}`
}

function remarks({ type, rdata }: FoundRecord): string[] {
  switch (type) {
    case TYPE.DNSKEY:
      return rdata.length < 4 ? [] : [`Flags: ${keyFlags(rdata.readUInt16BE())}`, `Key tag: ${keyTag(rdata)}`]
    case TYPE.CAA:
      return ((rdata[0] ?? 0) & 0x80) !== 0 ? ['Flags: critical'] : []
    case TYPE.TLSA:
      return rdata.length < 3 ? [] : certificateRemarks(rdata)
    case TYPE.SSHFP:
      return rdata.length < 2 ? [] : hostKeyRemarks(rdata)
    default:
      return []
  }
}

function keyFlags(flags: number): string {
  const names: readonly (readonly [number, string])[] = [
    [0x0001, 'SEP'],
    [0x0080, 'REVOKE'],
    [0x0100, 'ZONE_KEY'],
  ]
  return names
    .filter(([bit]) => (flags & bit) !== 0)
    .map(([, name]) => name)
    .join(' ')
}

/** RFC 4034 Appendix B, for all algorithms but the long dead RSAMD5. */
function keyTag(rdata: Buffer): number {
  let sum = 0
  for (let i = 0; i < rdata.length; i++) sum += i % 2 === 0 ? rdata[i]! << 8 : rdata[i]!
  return (sum + (sum >>> 16)) & 0xffff
}

/** What the three numbers of a TLSA record stand for (RFC 6698 §7). */
function certificateRemarks(rdata: Buffer): string[] {
  const usages = [
    'CA constraint',
    'Service certificate constraint',
    'Trust anchor assertion',
    'Domain-issued certificate',
  ]
  const selectors = ['Full Certificate', 'SubjectPublicKeyInfo']
  const matchings = ['No hash used', 'SHA-256', 'SHA-512']
  return [
    `Cert. usage: ${usages[rdata[0]!] ?? 'Unassigned'}`,
    `Selector: ${selectors[rdata[1]!] ?? 'Unassigned'}`,
    `Matching type: ${matchings[rdata[2]!] ?? 'Unassigned'}`,
  ]
}

/** What the two numbers of an SSHFP record stand for (IANA "DNS SSHFP Resource Record Parameters"); releases from 258 on say it. */
function hostKeyRemarks(rdata: Buffer): string[] {
  const algorithms = ['Reserved', 'RSA', 'DSA', 'ECDSA', 'Ed25519', 'Unassigned', 'Ed448']
  const fingerprints = ['Reserved', 'SHA-1', 'SHA-256']
  return [
    `Algorithm: ${algorithms[rdata[0]!] ?? 'Unassigned'}`,
    `Fingerprint type: ${fingerprints[rdata[1]!] ?? 'Unassigned'}`,
  ]
}
