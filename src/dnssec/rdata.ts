import type { Seconds } from '../base/index.ts'
import type { Name, ResourceRecord } from '../wire/index.ts'
import { FormError, labelsOf, nameOfWire } from '../wire/index.ts'
import { TypeBitmap } from './type-bitmap.ts'

/** RFC 4034 §3.1. */
export interface Rrsig {
  readonly covered: number
  readonly algorithm: number
  readonly labels: number
  readonly originalTtl: Seconds
  /** Seconds since 1970 modulo 2³². */
  readonly expiration: number
  readonly inception: number
  readonly keyTag: number
  readonly signer: Name
  readonly signature: Buffer
  /** What of the rdata is signed: all before the signature, the signer in lower case. */
  readonly signed: Buffer
  readonly record: ResourceRecord
}

/** RFC 4034 §2.1. */
export interface Dnskey {
  readonly flags: number
  readonly protocol: number
  readonly algorithm: number
  readonly publicKey: Buffer
  readonly tag: number
  readonly rdata: Buffer
}

/** RFC 4034 §5.1. */
export interface Ds {
  readonly keyTag: number
  readonly algorithm: number
  readonly digestType: number
  readonly digest: Buffer
}

/** RFC 4034 §4.1. */
export interface Nsec {
  readonly owner: Name
  readonly next: Name
  readonly types: TypeBitmap
}

/** RFC 5155 §3.1. */
export interface Nsec3 {
  /** The owner's first label decoded, upper-case base32hex and as text: what hashes are compared with. */
  readonly hash: string
  readonly next: string
  readonly algorithm: number
  readonly isOptOut: boolean
  readonly flags: number
  readonly iterations: number
  readonly salt: Buffer
  readonly types: TypeBitmap
}

export const ZONE_KEY = 0x0100
export const REVOKED = 0x0080
const NSEC3_HASH_SIZE = 20

/** Undefined when malformed, as are all readers here: such a record is as good as absent. */
export function readRrsig(record: ResourceRecord): Rrsig | undefined {
  const { rdata } = record
  const signer = rdata.length > 18 ? nameAt(rdata, 18) : undefined
  if (signer === undefined || signer.end >= rdata.length) return undefined
  return {
    covered: rdata.readUInt16BE(0),
    algorithm: rdata[2] as number,
    labels: rdata[3] as number,
    originalTtl: rdata.readUInt32BE(4),
    expiration: rdata.readUInt32BE(8),
    inception: rdata.readUInt32BE(12),
    keyTag: rdata.readUInt16BE(16),
    signer: signer.name,
    signature: rdata.subarray(signer.end),
    signed: signedPart(rdata, signer.end),
    record,
  }
}

/** Up to `end`, the name from byte 18 on in lower case; lengths of labels are less than any letter. */
function signedPart(rdata: Buffer, end: number): Buffer {
  const part = Buffer.allocUnsafe(end)
  rdata.copy(part, 0, 0, end)
  for (let at = 18; at < end; at++) {
    const byte = part[at] as number
    if (byte >= 0x41 && byte <= 0x5a) part[at] = byte + 32
  }
  return part
}

export function readDnskey(rdata: Buffer): Dnskey | undefined {
  if (rdata.length < 5) return undefined
  return {
    flags: rdata.readUInt16BE(0),
    protocol: rdata[2] as number,
    algorithm: rdata[3] as number,
    publicKey: rdata.subarray(4),
    tag: keyTag(rdata),
    rdata,
  }
}

/** RFC 4034 appendix B; algorithm 1, which counts otherwise, is not supported. */
export function keyTag(rdata: Buffer): number {
  let sum = 0
  for (let at = 0; at < rdata.length; at++) sum += (at & 1) === 0 ? (rdata[at] as number) << 8 : (rdata[at] as number)
  return (sum + ((sum >>> 16) & 0xffff)) & 0xffff
}

export function readDs(rdata: Buffer): Ds | undefined {
  if (rdata.length < 5) return undefined
  return {
    keyTag: rdata.readUInt16BE(0),
    algorithm: rdata[2] as number,
    digestType: rdata[3] as number,
    digest: rdata.subarray(4),
  }
}

export function readNsec({ name, rdata }: ResourceRecord): Nsec | undefined {
  const next = nameAt(rdata, 0)
  const types = next && TypeBitmap.read(rdata.subarray(next.end))
  return types && next && { owner: name, next: next.name, types }
}

export function readNsec3({ name, rdata }: ResourceRecord): Nsec3 | undefined {
  const nextAt = 6 + (rdata[4] ?? 0)
  const size = rdata[nextAt - 1]
  if (size !== NSEC3_HASH_SIZE || rdata.length < nextAt + size) return undefined
  const types = TypeBitmap.read(rdata.subarray(nextAt + size))
  const hash = (labelsOf(name)[0] ?? '').toUpperCase()
  if (types === undefined || !/^[0-9A-V]{32}$/.test(hash)) return undefined
  return {
    hash,
    next: base32Hex(rdata.subarray(nextAt, nextAt + size)),
    algorithm: rdata[0] as number,
    isOptOut: ((rdata[1] as number) & 1) !== 0,
    flags: rdata[1] as number,
    iterations: rdata.readUInt16BE(2),
    salt: rdata.subarray(5, nextAt - 1),
    types,
  }
}

/** RFC 4648 §7 without padding: keeps the order of the bytes. */
export function base32Hex(bytes: Uint8Array): string {
  const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUV'
  let [text, bits, count] = ['', 0, 0]
  for (const byte of bytes) {
    bits = ((bits << 8) | byte) & 0xfff
    for (count += 8; count >= 5; count -= 5) text += DIGITS[(bits >> (count - 5)) & 31]
  }
  return count === 0 ? text : text + DIGITS[(bits << (5 - count)) & 31]
}

function nameAt(rdata: Buffer, at: number): { readonly name: Name; readonly end: number } | undefined {
  let end = at
  while (end < rdata.length && rdata[end] !== 0) end += 1 + (rdata[end] as number)
  if (end >= rdata.length) return undefined
  try {
    return { name: nameOfWire(rdata.subarray(at, end + 1)), end: end + 1 }
  } catch (error) {
    if (error instanceof FormError) return undefined
    throw error
  }
}
