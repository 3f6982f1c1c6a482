/** First bytes and length in bits of ranges that nobody has on the Internet (RFC 6890, RFC 6598, RFC 4193, RFC 3879). */
const PRIVATE: readonly (readonly [prefix: readonly number[], bits: number])[] = [
  [[0], 8],
  [[10], 8],
  [[100, 64], 10],
  [[127], 8],
  [[169, 254], 16],
  [[172, 16], 12],
  [[192, 168], 16],
]
const PRIVATE_6: typeof PRIVATE = [
  [[0xfc], 7],
  [[0xfe, 0x80], 10],
  [[0xfe, 0xc0], 10],
]
/** Ranges whose addresses stand for an IPv4 address, which begins at byte `at`: mapped, compatible, NAT64 and 6to4. */
const EMBEDDING: readonly (readonly [prefix: readonly number[], at: number])[] = [
  [[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff], 12],
  [[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 12], // with :: and ::1 among them
  [[0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0], 12], // RFC 6052
  [[0, 0x64, 0xff, 0x9b, 0, 1, 0, 0, 0, 0, 0, 0], 12], // RFC 8215
  [[0x20, 0x02], 2],
]

/**
 * Whether an address of 4 or 16 bytes is private, shared, loopback, link-local or unspecified, also as IPv6 writes IPv4
 * addresses: what a name of the Internet has no use for. The prefix that a network has chosen for NAT64 is not known here.
 */
export function isPrivateAddress(address: Uint8Array): boolean {
  if (address.length === 4) return isWithinAny(address, PRIVATE)
  if (address.length !== 16) return false
  const embedding = EMBEDDING.find(([prefix]) => startsWith(address, prefix, prefix.length * 8))
  if (embedding !== undefined) return isWithinAny(address.subarray(embedding[1], embedding[1] + 4), PRIVATE)
  return isWithinAny(address, PRIVATE_6)
}

function isWithinAny(address: Uint8Array, ranges: typeof PRIVATE): boolean {
  return ranges.some(([prefix, bits]) => startsWith(address, prefix, bits))
}

function startsWith(address: Uint8Array, prefix: readonly number[], bits: number): boolean {
  return prefix.every((byte, i) => {
    const mask = (0xff00 >> Math.min(8, bits - 8 * i)) & 0xff
    return ((address[i] as number) & mask) === (byte & mask)
  })
}
