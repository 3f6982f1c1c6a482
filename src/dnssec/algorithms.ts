import * as crypto from 'node:crypto'
import { createHash, createPublicKey, type KeyObject, verify, type VerifyKeyObjectInput } from 'node:crypto'
import { lazily, type Millis } from '../base/index.ts'
import { rsaJwk } from './rsa-key.ts'

/** A key ready for use: whether `signature` over `data` is by it. Neither way throws. */
export interface SignatureKey {
  /** A check takes some 30 µs at most: as long as handing it to another thread. */
  readonly isQuick: boolean
  /** Half a millisecond or more. */
  readonly isDear?: boolean
  /** On this thread. */
  verify(data: Buffer, signature: Buffer): boolean
  /** On one of the pool's, some 0.1 ms later; this thread spends a seventh of what the check takes. */
  verifyAside(data: Buffer, signature: Buffer, done: (isGood: boolean) => void): void
}

/** One signature algorithm of the registry (RFC 9904). */
export interface SignatureAlgorithm {
  readonly name: string
  /** What importing a key takes at most, which is done on this thread. */
  readonly importCost: Millis
  /** Undefined for what is no key, or one out of bounds. */
  importKey(publicKey: Buffer): SignatureKey | undefined
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
    [13, ecdsa('ECDSAP256SHA256', 32, 'sha256', 0.3)],
    [14, ecdsa('ECDSAP384SHA384', 48, 'sha384', 1.5)],
    [15, edwards('ED25519', 'Ed25519', 32, 64)],
    [16, edwards('ED448', 'Ed448', 57, 114)],
  ])
  if (takesSha1()) signatures.set(5, rsa('RSASHA1', 'sha1')).set(7, rsa('RSASHA1-NSEC3-SHA1', 'sha1'))
  const digests = new Map([1, 2, 4].map((type) => [type, digestOf(DIGESTS[type] as string)]))
  return { signatures, digests }
}

const DIGESTS: Readonly<Record<number, string>> = { 1: 'sha1', 2: 'sha256', 4: 'sha384' }

/** RFC 5155 §5; the one hash of NSEC3 there is. */
export function sha1(data: Buffer): Buffer {
  return sha1AtOnce()(data)
}

/** Node before 20.12 cannot: it leaves an object to be collected for each hash. */
const sha1AtOnce = lazily((): ((data: Buffer) => Buffer) => {
  try {
    if (crypto.hash('sha1', '', 'buffer').length > 0) return (data) => crypto.hash('sha1', data, 'buffer')
  } catch {
    // It has no such function.
  }
  return digestOf('sha1')
})

function digestOf(name: string): (data: Buffer) => Buffer {
  return (data) => createHash(name).update(data).digest()
}

/** Of a signature of a curve of 256 bits; those of larger curves take several times as long. */
const DEAR_SIZE = 64
/** Of a key of 2048 bits with a usual exponent, one length byte before it. */
const QUICK_RSA = 1 + 3 + 256

/** RFC 3110, RFC 5702. */
function rsa(name: string, hash: string): SignatureAlgorithm {
  return {
    name,
    importCost: 0.05,
    importKey: (publicKey) => {
      const key = imported(rsaJwk(publicKey))
      return key && signatureKey(hash, key, undefined, publicKey.length <= QUICK_RSA)
    },
  }
}

/** RFC 6605: the point without its leading 4, the signature as r and s. */
function ecdsa(name: string, size: number, hash: string, importCost: Millis): SignatureAlgorithm {
  const crv = `P-${8 * size}`
  return {
    name,
    importCost,
    importKey: (publicKey) => {
      if (publicKey.length !== 2 * size) return undefined
      const [x, y] = [publicKey.subarray(0, size), publicKey.subarray(size)].map((part) => part.toString('base64url'))
      const key = imported({ kty: 'EC', crv, x, y })
      return key && signatureKey(hash, { key, dsaEncoding: 'ieee-p1363' }, 2 * size)
    },
  }
}

/** RFC 8080. */
function edwards(name: string, crv: string, keySize: number, signatureSize: number): SignatureAlgorithm {
  return {
    name,
    importCost: 0.05,
    importKey: (publicKey) => {
      if (publicKey.length !== keySize) return undefined
      const key = imported({ kty: 'OKP', crv, x: publicKey.toString('base64url') })
      return key && signatureKey(null, key, signatureSize)
    },
  }
}

type Jwk = Readonly<Record<string, string | undefined>>

/** Undefined also for a point off its curve, for which OpenSSL throws. */
function imported(jwk: Jwk | undefined): KeyObject | undefined {
  if (jwk === undefined) return undefined
  try {
    return createPublicKey({ key: jwk, format: 'jwk' })
  } catch {
    return undefined
  }
}

/** Some versions of OpenSSL throw when they check a signature that none can be: it is not valid then. @param size of a signature, where it is fixed */
function signatureKey(
  hash: string | null,
  key: KeyObject | VerifyKeyObjectInput,
  size?: number,
  isQuick = false,
): SignatureKey {
  const fits = (signature: Buffer) => size === undefined || signature.length === size
  return {
    isQuick,
    isDear: size !== undefined && size > DEAR_SIZE,
    verify: (data, signature) => {
      try {
        return fits(signature) && verify(hash, data, key, signature)
      } catch {
        return false
      }
    },
    verifyAside: (data, signature, done) => {
      if (!fits(signature)) return done(false)
      try {
        verify(hash, data, key, signature, (error, isGood) => done(error === null && isGood))
      } catch {
        done(false)
      }
    },
  }
}

/** A signature known to be good: some distributions build OpenSSL such that it refuses them all. */
function takesSha1(): boolean {
  const [n, signature] = [SHA1_PROBE.modulus, SHA1_PROBE.signature].map((text) => Buffer.from(text, 'base64'))
  if (n === undefined || signature === undefined) return false
  const key = rsa('probe', 'sha1').importKey(Buffer.concat([Buffer.from([3, 1, 0, 1]), n]))
  return key?.verify(Buffer.from('probe'), signature) === true
}

const SHA1_PROBE = {
  modulus:
    'rqYfjIyPLDjUqqIgAD/Fw4lvBE4C6cNom5KPHoTee+vx20+mS5LXwLtwI6cu0wWSkcDrP106TQ+qgkbynBIMz/JVYkyPHqzgQdMo' +
    'ESmYS4NyPbIXj0C7lB8m/X4wnJpWpPEzQy+RQxcTbU2Q6PswSEnd4QZNnw5i/HuUpCsz3q0=',
  signature:
    'rboRrBFwXOuPV45WJKiKytjaWlQJl2sUVDxEU9JsMu+aMr6DKZMpohLwNtfGKvmcFkseBrRIIShh+hfnWu/7Sag1VmC+5sNdeVaA' +
    'l6uaNmiEacZizPUutySjSaIfJnXAQYNLchqOq1Oz2jFZuJ0FimsFWeP6q7fY+3tYK0R8U4A=',
}
