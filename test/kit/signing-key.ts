import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { signedData } from '../../src/dnssec/canonical.ts'
import { keyTag, readDnskey, readRrsig } from '../../src/dnssec/rdata.ts'
import type { RrSet } from '../../src/dnssec/rrset.ts'
import type { Name, ResourceRecord } from '../../src/wire/index.ts'
import { labelsOf, recordOf, TYPE, wireOfName } from '../../src/wire/index.ts'

/** Seconds since 1970 that a signature is valid from and until. */
export type Validity = readonly [from: number, until: number]

interface Maker {
  readonly make: (rsaBits: number) => { readonly publicKey: KeyObject; readonly privateKey: KeyObject }
  readonly rdataOf: (jwk: Readonly<Record<string, string | undefined>>) => Buffer
  readonly hash: string | null
}

const bytes = (text: string | undefined) => Buffer.from(text ?? '', 'base64url')
const rsa = (hash: string): Maker => ({
  make: (modulusLength) => generateKeyPairSync('rsa', { modulusLength }),
  rdataOf: ({ e, n }) => Buffer.concat([Buffer.from([bytes(e).length]), bytes(e), bytes(n)]),
  hash,
})
const ec = (namedCurve: string, hash: string): Maker => ({
  make: () => generateKeyPairSync('ec', { namedCurve }),
  rdataOf: ({ x, y }) => Buffer.concat([bytes(x), bytes(y)]),
  hash,
})

/** By number (RFC 3110, 5702, 6605, 8080). */
const MAKERS: ReadonlyMap<number, Maker> = new Map([
  [5, rsa('sha1')],
  [7, rsa('sha1')],
  [8, rsa('sha256')],
  [10, rsa('sha512')],
  [13, ec('prime256v1', 'sha256')],
  [14, ec('secp384r1', 'sha384')],
  [15, { make: () => generateKeyPairSync('ed25519'), rdataOf: ({ x }) => bytes(x), hash: null }],
  [16, { make: () => generateKeyPairSync('ed448'), rdataOf: ({ x }) => bytes(x), hash: null }],
])

const DIGESTS: Readonly<Record<number, string>> = { 1: 'sha1', 2: 'sha256', 4: 'sha384' }

/** A zone's key pair, made anew for each test. */
export class SigningKey {
  readonly algorithm: number
  readonly rdata: Buffer
  readonly #privateKey: KeyObject
  readonly #hash: string | null

  /** `flags`: 257 for one that DS records point to, 256 for others, 385 for a revoked one. */
  constructor(algorithm = 15, flags = 257, rsaBits = 1024) {
    const maker = MAKERS.get(algorithm)
    if (maker === undefined) throw new TypeError(`no keys of algorithm ${algorithm}`)
    const { publicKey, privateKey } = maker.make(rsaBits)
    const head = Buffer.from([flags >> 8, flags & 255, 3, algorithm])
    this.algorithm = algorithm
    this.rdata = Buffer.concat([head, maker.rdataOf(publicKey.export({ format: 'jwk' }) as Record<string, string>)])
    this.#privateKey = privateKey
    this.#hash = maker.hash
  }

  get tag(): number {
    return keyTag(this.rdata)
  }

  dnskey(name: Name, ttl = 3600): ResourceRecord {
    return recordOf(name, TYPE.DNSKEY, this.rdata, ttl)
  }

  ds(name: Name, digestType = 2, ttl = 3600): ResourceRecord {
    const digest = createHash(DIGESTS[digestType] ?? 'sha256')
      .update(Buffer.concat([wireOfName(name), this.rdata]))
      .digest()
    const head = Buffer.from([this.tag >> 8, this.tag & 255, this.algorithm, digestType])
    return recordOf(name, TYPE.DS, Buffer.concat([head, digest]), ttl)
  }

  /** The RRSIG of a set by `signer`. `owner`: as the zone has it, a wildcard's name, where the set bears another. */
  sign(records: readonly ResourceRecord[], signer: Name, [from, until]: Validity, owner?: Name): ResourceRecord {
    const [first] = records as readonly [ResourceRecord]
    const labels = labelsOf(owner ?? first.name).filter((label, i) => i > 0 || label !== '*').length
    const head = Buffer.alloc(18)
    head.writeUInt16BE(first.type, 0)
    head[2] = this.algorithm
    head[3] = labels
    head.writeUInt32BE(first.ttl, 4)
    head.writeUInt32BE(until >>> 0, 8)
    head.writeUInt32BE(from >>> 0, 12)
    head.writeUInt16BE(this.tag, 16)
    const unsigned = Buffer.concat([head, wireOfName(signer)])
    const rrsig = readRrsig(recordOf(first.name, TYPE.RRSIG, Buffer.concat([unsigned, Buffer.from([0])]), first.ttl))
    const set: RrSet = { ...first, records, signatures: [] }
    const data = rrsig && signedData(set, rrsig)
    if (data === undefined) throw new TypeError(`cannot be signed: ${first.name}`)
    const signature = sign(this.#hash, data, { key: this.#privateKey, dsaEncoding: 'ieee-p1363' })
    return recordOf(first.name, TYPE.RRSIG, Buffer.concat([unsigned, signature]), first.ttl)
  }

  /** As a reader sees it. */
  get key() {
    return readDnskey(this.rdata)
  }
}
