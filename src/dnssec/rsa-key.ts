const MIN_BITS = 512
const MAX_BITS = 4096
const MAX_EXPONENT_BYTES = 8

/**
 * An RSA key of RFC 3110 §2 as a JSON Web Key; undefined for a modulus outside 512..4096 bits or an exponent that is
 * even, 1 or over 64 bits. OpenSSL takes such keys, and works on them for long.
 */
export function rsaJwk(publicKey: Buffer): { readonly kty: 'RSA'; readonly n: string; readonly e: string } | undefined {
  const isLong = publicKey[0] === 0
  const start = isLong ? 3 : 1
  if (publicKey.length < start) return undefined
  const end = start + (isLong ? publicKey.readUInt16BE(1) : (publicKey[0] as number))
  const [e, n] = [withoutZeros(publicKey.subarray(start, end)), withoutZeros(publicKey.subarray(end))]
  const isOdd = ((e.at(-1) ?? 0) & 1) === 1 && !(e.length === 1 && e[0] === 1)
  if (!isOdd || e.length > MAX_EXPONENT_BYTES) return undefined
  const bits = n.length * 8 - Math.clz32(n[0] ?? 0) + 24
  if (bits < MIN_BITS || bits > MAX_BITS) return undefined
  return { kty: 'RSA', n: n.toString('base64url'), e: e.toString('base64url') }
}

function withoutZeros(number: Buffer): Buffer {
  let zeros = 0
  while (number[zeros] === 0) zeros++
  return number.subarray(zeros)
}
