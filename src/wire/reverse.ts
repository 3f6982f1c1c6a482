import { AF_INET, IpAddress } from '../base/index.ts'
import type { Name } from './name.ts'
import { labelsOf, nameOf } from './name.ts'

/** `in-addr.arpa` or `ip6.arpa` name of an address (RFC 1035 §3.5, RFC 3596 §2.5). */
export function reverseNameOf(address: IpAddress): Name {
  const bytes = [...address.bytes].toReversed()
  if (address.family === AF_INET) return nameOf(`${bytes.join('.')}.in-addr.arpa`)
  const nibbles = bytes.map((byte) => `${(byte & 15).toString(16)}.${(byte >> 4).toString(16)}`)
  return nameOf(`${nibbles.join('.')}.ip6.arpa`)
}

/** The address a complete reverse name stands for; undefined for any other name. */
export function addressOfReverseName(name: Name): IpAddress | undefined {
  if (name.endsWith('.in-addr.arpa')) {
    const labels = labelsOf(name).slice(0, -2)
    return labels.length === 4 && labels.every(isOctet) ? IpAddress.parse(labels.toReversed().join('.')) : undefined
  }
  if (!name.endsWith('.ip6.arpa')) return undefined
  const nibbles = labelsOf(name).slice(0, -2)
  if (nibbles.length !== 32 || !nibbles.every((nibble) => /^[0-9a-f]$/.test(nibble))) return undefined
  return IpAddress.fromBytes(Buffer.from(nibbles.toReversed().join(''), 'hex'))
}

function isOctet(label: string): boolean {
  return /^(0|[1-9]\d{0,2})$/.test(label) && Number(label) <= 255
}
