/**
 * The first `length` bytes as a buffer of their own, for the receiver to keep. From Node's pool, as an allocation of its own
 * costs the collector more; so what is kept for long should be copied once more.
 */
export function copyOf(bytes: Buffer, length: number): Buffer {
  const copy = Buffer.allocUnsafe(length)
  bytes.copy(copy, 0, 0, length)
  return copy
}
