import type { Name } from '../wire/index.ts'
import { parseName, ROOT, TYPE } from '../wire/index.ts'
import { type ConfigWarning, orReport, SettingError, type SourceFile } from './config-warning.ts'

/** A record from which chains of trust may start: of type DS or DNSKEY. */
export interface TrustAnchorRecord {
  readonly name: Name
  readonly type: number
  readonly rdata: Buffer
}

/** The root's keys since 2017 and since 2026 (S-TA-1), as IANA's root-anchors.xml has them. */
export const ROOT_TRUST_ANCHORS: readonly TrustAnchorRecord[] = [
  rootDs(20_326, 'e06d44b80b8f1d39a95c0b0d7c65d08458e880409bbc683457104237c7f8ec8d'),
  rootDs(38_696, '683d2d0acb8c9b712a1948b27f741219298d0a450d612c483af444a4c0fb2b16'),
]

// biome-ignore format: a table reads better in rows
const ALGORITHMS: Readonly<Record<string, number>> = {
  RSAMD5: 1, DH: 2, DSA: 3, RSASHA1: 5, 'DSA-NSEC3-SHA1': 6, 'RSASHA1-NSEC3-SHA1': 7, RSASHA256: 8, RSASHA512: 10,
  'ECC-GOST': 12, ECDSAP256SHA256: 13, ECDSAP384SHA384: 14, ED25519: 15, ED448: 16,
}
const DIGESTS: Readonly<Record<string, number>> = { 'SHA-1': 1, 'SHA-256': 2, 'SHA-384': 4 }
const DIGEST_SIZES: Readonly<Record<number, number>> = { 1: 20, 2: 32, 4: 48 }
const ZONE_KEY = 0x0100
const REVOKED = 0x0080
const PROTOCOL = 3
/** Many more than anybody writes by hand. */
const MAX_ANCHORS = 4096

/**
 * Reads `*.positive` files (S-TA-4): a DS or DNSKEY record a line, `;` or `#` in front of remarks. A bad line loses only
 * itself. The root's built-in anchors count as long as no line is about the root (S-TA-6).
 */
export function readPositiveTrustAnchors(files: readonly SourceFile[]): {
  anchors: readonly TrustAnchorRecord[]
  warnings: readonly ConfigWarning[]
} {
  const anchors: TrustAnchorRecord[] = []
  const warnings: ConfigWarning[] = []
  for (const { path: file, text } of files) {
    for (const [index, line] of text.split('\n').entries()) {
      const report = (message: string) => warnings.push({ file, line: index + 1, key: undefined, message })
      const anchor = orReport(report, () => anchorIn(line.trim(), anchors.length))
      if (anchor !== undefined) anchors.push(anchor)
    }
  }
  const hasRoot = anchors.some(({ name }) => name === ROOT)
  return { anchors: hasRoot ? anchors : [...ROOT_TRUST_ANCHORS, ...anchors], warnings }
}

/** Undefined for a line that says nothing. */
function anchorIn(line: string, known: number): TrustAnchorRecord | undefined {
  if (line === '' || /^[;#]/.test(line)) return undefined
  const fail = (what: string): never => {
    throw new SettingError(`${what}, ignoring the line.`, line)
  }
  if (known >= MAX_ANCHORS) fail(`More than ${MAX_ANCHORS} trust anchors`)
  const [domain = '', recordClass = '', type = '', ...fields] = line.split(/\s+/)
  const name = parseName(domain) ?? fail(`"${domain}" is not a domain`)
  if (recordClass.toUpperCase() !== 'IN') fail(`The class of a trust anchor is IN, not "${recordClass}"`)
  switch (type.toUpperCase()) {
    case 'DS':
      return { name, type: TYPE.DS, rdata: dsRdata(fields, fail) }
    case 'DNSKEY':
      return { name, type: TYPE.DNSKEY, rdata: dnskeyRdata(fields, fail) }
    default:
      return fail(`A trust anchor is a DS or DNSKEY record, not "${type}"`)
  }
}

type Fail = (what: string) => never

function dsRdata([tag = '', algorithm = '', digestType = '', ...hex]: readonly string[], fail: Fail): Buffer {
  const head = Buffer.alloc(4)
  head.writeUInt16BE(numberOf(tag, 0xffff) ?? fail(`"${tag}" is not a key tag`))
  head[2] = algorithmOf(algorithm, fail)
  head[3] =
    DIGESTS[digestType.toUpperCase()] ?? numberOf(digestType, 255) ?? fail(`"${digestType}" is not a digest type`)
  const text = hex.join('')
  if (text === '' || text.length % 2 !== 0 || !/^[0-9a-f]+$/i.test(text)) fail('The digest is not hexadecimal')
  const size = DIGEST_SIZES[head[3]]
  if (size !== undefined && text.length !== 2 * size) fail(`A digest of type ${head[3]} has ${size} bytes`)
  return Buffer.concat([head, Buffer.from(text, 'hex')])
}

function dnskeyRdata([flags = '', protocol = '', algorithm = '', ...base64]: readonly string[], fail: Fail): Buffer {
  const head = Buffer.alloc(4)
  const bits = numberOf(flags, 0xffff) ?? fail(`"${flags}" are not the flags of a key`)
  if ((bits & ZONE_KEY) === 0) fail('The key is not marked as a zone’s (flag 256)')
  if ((bits & REVOKED) !== 0) fail('The key is revoked (flag 128)')
  if (numberOf(protocol, 255) !== PROTOCOL) fail(`The protocol of a key is ${PROTOCOL}, not "${protocol}"`)
  head.writeUInt16BE(bits)
  head[2] = PROTOCOL
  head[3] = algorithmOf(algorithm, fail)
  const text = base64.join('')
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) fail('The key is not in base64')
  return Buffer.concat([head, Buffer.from(text, 'base64')])
}

function algorithmOf(text: string, fail: Fail): number {
  return ALGORITHMS[text.toUpperCase()] ?? numberOf(text, 255) ?? fail(`"${text}" is not an algorithm`)
}

function numberOf(text: string, most: number): number | undefined {
  return /^\d{1,5}$/.test(text) && Number(text) <= most ? Number(text) : undefined
}

function rootDs(tag: number, digest: string): TrustAnchorRecord {
  const head = Buffer.from([tag >> 8, tag & 255, 8, 2])
  return { name: ROOT, type: TYPE.DS, rdata: Buffer.concat([head, Buffer.from(digest, 'hex')]) }
}
