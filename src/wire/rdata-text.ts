import { IpAddress } from '../base/index.ts'
import { base32Hex, quoted } from './escape.ts'
import { textOfWire } from './name.ts'
import { TYPE, typeText } from './numbers.ts'
import { fieldsOf, type RdataField } from './rdata-fields.ts'
import { serviceParamText } from './service-params.ts'

/**
 * Rdata in master file format on one line, as resolvectl prints it: names without final dot, DNSSEC algorithms as
 * mnemonics, type bitmaps in parentheses. Types without a layout of ours, and malformed rdata, as `\# 3 c0ffee`
 * (RFC 3597 §5). Names in `rdata` must be uncompressed.
 */
export function rdataText(type: number, rdata: Buffer): string {
  return rdataWords(type, rdata).join(' ')
}

/** `rdataText`, word by word, for those who wrap lines: the last word of a key, say, is all of its base64. */
export function rdataWords(type: number, rdata: Buffer): string[] {
  const fields = fieldsOf(type, rdata)
  if (fields === undefined) return ['\\#', String(rdata.length), ...(rdata.length > 0 ? [rdata.toString('hex')] : [])]
  if (type === TYPE.LOC && rdata[0] === 0) return locationWords(fields.map(({ value }) => value as number))
  return fields.map(fieldText).filter((word) => word !== '')
}

/** Mnemonic of a DNSSEC algorithm, or its number (IANA "DNS Security Algorithm Numbers"). */
export function algorithmText(algorithm: number): string {
  return ALGORITHMS.get(algorithm) ?? String(algorithm)
}

// biome-ignore format: a table reads better in rows
const ALGORITHMS: ReadonlyMap<number, string> = new Map([
  [1, 'RSAMD5'], [2, 'DH'], [3, 'DSA'], [4, 'ECC'], [5, 'RSASHA1'], [6, 'DSA-NSEC3-SHA1'], [7, 'RSASHA1-NSEC3-SHA1'],
  [8, 'RSASHA256'], [10, 'RSASHA512'], [12, 'ECC-GOST'], [13, 'ECDSAP256SHA256'], [14, 'ECDSAP384SHA384'],
  [15, 'ED25519'], [16, 'ED448'], [252, 'INDIRECT'], [253, 'PRIVATEDNS'], [254, 'PRIVATEOID'],
])

function fieldText(field: RdataField): string {
  switch (field.kind) {
    case 'u8':
    case 'u16':
    case 'u32':
      return String(field.value)
    case 'algorithm':
      return algorithmText(field.value)
    case 'type':
      return typeText(field.value)
    case 'time':
      return timeText(field.value)
    case 'strings':
      return field.value.map(quoted).join(' ')
    case 'types':
      return `( ${field.value.map((type) => `${typeText(type)} `).join('')})`
    case 'params':
      return field.value.map(serviceParamText).join(' ')
    default:
      return bytesText(field)
  }
}

function bytesText({ kind, value }: RdataField & { value: Buffer }): string {
  switch (kind) {
    case 'ipv4':
    case 'ipv6':
      return String(IpAddress.fromBytes(value))
    case 'eui48':
    case 'eui64':
      return value.toString('hex').replace(/(..)(?=.)/g, '$1-')
    case 'string':
    case 'text':
      return quoted(value)
    case 'word':
      return wordText(value)
    case 'salt':
      return value.length === 0 ? '-' : value.toString('hex')
    default:
      return plainBytesText(kind, value)
  }
}

/** What reads the same in master files and in JSON; hex for all that has no other form. */
export function plainBytesText(kind: RdataField['kind'], value: Buffer): string {
  switch (kind) {
    case 'name':
      return textOfWire(value)
    case 'hash':
      return base32Hex(value)
    case 'base64':
      return value.toString('base64')
    default:
      return value.toString('hex')
  }
}

/** Quoted only where it would not be read back as one word. */
function wordText(value: Buffer): string {
  const text = quoted(value)
  return value.length === 0 || text.includes(' ') ? text : text.slice(1, -1)
}

/** YYYYMMDDHHMMSS in UTC (RFC 4034 §3.2). */
function timeText(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(/\D/g, '').slice(0, 14)
}

/** Latitude, longitude, altitude, then size and precisions, in metres (RFC 1876 §3). */
function locationWords([, size, horizontal, vertical, latitude, longitude, altitude]: readonly number[]): string[] {
  return [
    ...angleWords(latitude!, 'N', 'S'),
    ...angleWords(longitude!, 'E', 'W'),
    metres(altitude! - ALTITUDE_OF_ZERO),
    ...[size!, horizontal!, vertical!].map((packed) => metres((packed >> 4) * 10 ** (packed & 15))),
  ]
}

/** The wire counts altitude in centimetres from 100 km below the reference spheroid. */
const ALTITUDE_OF_ZERO = 10_000_000

function angleWords(angle: number, positive: string, negative: string): string[] {
  const thousandths = Math.abs(angle - 2 ** 31)
  const minutes = Math.floor(thousandths / 60_000)
  const seconds = ((thousandths % 60_000) / 1000).toFixed(3)
  return [String(Math.floor(minutes / 60)), String(minutes % 60), seconds, angle >= 2 ** 31 ? positive : negative]
}

function metres(centimetres: number): string {
  return `${(centimetres / 100).toFixed(2)}m`
}
