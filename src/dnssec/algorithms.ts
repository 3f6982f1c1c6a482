import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto'
import { lazily, type Millis } from '../base/index.ts'
import { rsaJwk } from './rsa-key.ts'

/** Says whether `signature` over `data` is by the key it belongs to. Never throws. */
export type VerifyWithKey = (data: Buffer, signature: Buffer) => boolean

/** One signature algorithm of the registry (RFC 9904). */
export interface SignatureAlgorithm {
  readonly name: string
  /** What one check takes at most, its key imported first: validation pauses in between. */
  readonly cost: Millis
  /** Undefined for what is no key, or one out of bounds. */
  importKey(publicKey: Buffer): VerifyWithKey | undefined
}

/** What can be verified; a zone that uses none of it counts as unsigned (RFC 4035 §5.2). */
export interface Algorithms {
  readonly signatures: ReadonlyMap<number, SignatureAlgorithm>
  /** DS digests by number. */
  readonly digests: ReadonlyMap<number, (data: Buffer) => Buffer>
}

/**
 * Algorithms 5, 7, 8, 10, 13, 14, 15 and 16, digests 1, 2 and 4, by Node's OpenSSL.
 *
 * SHA-1 is verified still, as RFC 9905 §2 demands of implementations: a chosen-prefix collision is work, whereas whoever
 * takes such zones for unsigned lets anybody forge them. Where the machine's OpenSSL refuses SHA-1 signatures these are
 * unsupported, and the zones count as unsigned.
 */
export function nodeAlgorithms(): Algorithms {
  const made = lazily(makeAlgorithms) // OpenSSL takes 10 ms to load, and nobody needs it before something is validated
  return {
    get signatures() {
      return made().signatures
    },
    get digests() {
      return made().digests
    },
  }
}

function makeAlgorithms(): Algorithms {
  const signatures = new Map<number, SignatureAlgorithm>([
    [8, rsa('RSASHA256', 'sha256')],
    [10, rsa('RSASHA512', 'sha512')],
    [13, ecdsa('ECDSAP256SHA256', 32, 'sha256', 0.25)],
    [14, ecdsa('ECDSAP384SHA384', 48, 'sha384', 2)],
    [15, edwards('ED25519', 'Ed25519', 32, 64, 0.3)],
    [16, edwards('ED448', 'Ed448', 57, 114, 0.5)],
  ])
  if (takesSha1()) signatures.set(5, rsa('RSASHA1', 'sha1')).set(7, rsa('RSASHA1-NSEC3-SHA1', 'sha1'))
  const digests = new Map([1, 2, 4].map((type) => [type, digestOf(DIGESTS[type] as string)]))
  return { signatures, digests }
}

const DIGESTS: Readonly<Record<number, string>> = { 1: 'sha1', 2: 'sha256', 4: 'sha384' }

/** RFC 5155 §5; the one hash of NSEC3 there is. */
export function sha1(data: Buffer): Buffer {
  return createHash('sha1').update(data).digest()
}

function digestOf(name: string): (data: Buffer) => Buffer {
  return (data) => createHash(name).update(data).digest()
}

/** RFC 3110, RFC 5702. */
function rsa(name: string, hash: string): SignatureAlgorithm {
  return {
    name,
    cost: 0.5, // 4096 bits with an exponent of 64
    importKey: (publicKey) => {
      const jwk = rsaJwk(publicKey)
      return jwk && verifier(jwk, (key, data, signature) => verify(hash, data, key, signature))
    },
  }
}

/** RFC 6605: the point without its leading 4, the signature as r and s. */
function ecdsa(name: string, size: number, hash: string, cost: Millis): SignatureAlgorithm {
  const crv = `P-${8 * size}`
  return {
    name,
    cost,
    importKey: (publicKey) => {
      if (publicKey.length !== 2 * size) return undefined
      const [x, y] = [publicKey.subarray(0, size), publicKey.subarray(size)].map((part) => part.toString('base64url'))
      return verifier({ kty: 'EC', crv, x, y }, (key, data, signature) => {
        return signature.length === 2 * size && verify(hash, data, { key, dsaEncoding: 'ieee-p1363' }, signature)
      })
    },
  }
}

/** RFC 8080. */
function edwards(name: string, crv: string, keySize: number, signatureSize: number, cost: Millis): SignatureAlgorithm {
  return {
    name,
    cost,
    importKey: (publicKey) => {
      if (publicKey.length !== keySize) return undefined
      return verifier({ kty: 'OKP', crv, x: publicKey.toString('base64url') }, (key, data, signature) => {
        return signature.length === signatureSize && verify(null, data, key, signature)
      })
    },
  }
}

/** OpenSSL throws for a point off its curve, and some versions when they check a signature: neither is valid. */
function verifier(
  jwk: Readonly<Record<string, string | undefined>>,
  check: (key: KeyObject, data: Buffer, signature: Buffer) => boolean,
): VerifyWithKey | undefined {
  try {
    const key = createPublicKey({ key: jwk, format: 'jwk' })
    return (data, signature) => {
      try {
        return check(key, data, signature)
      } catch {
        return false
      }
    }
  } catch {
    return undefined
  }
}

/** A signature known to be good: some distributions build OpenSSL such that it refuses them all. */
function takesSha1(): boolean {
  const [n, signature] = [SHA1_PROBE.modulus, SHA1_PROBE.signature].map((text) => Buffer.from(text, 'base64'))
  if (n === undefined || signature === undefined) return false
  const key = rsa('probe', 'sha1').importKey(Buffer.concat([Buffer.from([3, 1, 0, 1]), n]))
  return key?.(Buffer.from('probe'), signature) === true
}

const SHA1_PROBE = {
  modulus:
    'rqYfjIyPLDjUqqIgAD/Fw4lvBE4C6cNom5KPHoTee+vx20+mS5LXwLtwI6cu0wWSkcDrP106TQ+qgkbynBIMz/JVYkyPHqzgQdMo' +
    'ESmYS4NyPbIXj0C7lB8m/X4wnJpWpPEzQy+RQxcTbU2Q6PswSEnd4QZNnw5i/HuUpCsz3q0=',
  signature:
    'rboRrBFwXOuPV45WJKiKytjaWlQJl2sUVDxEU9JsMu+aMr6DKZMpohLwNtfGKvmcFkseBrRIIShh+hfnWu/7Sag1VmC+5sNdeVaA' +
    'l6uaNmiEacZizPUutySjSaIfJnXAQYNLchqOq1Oz2jFZuJ0FimsFWeP6q7fY+3tYK0R8U4A=',
}
