import ipaddr from 'ipaddr.js'

/** Linux address family numbers, as the bus, varlink and netlink carry them. */
export const AF_UNSPEC = 0
export const AF_INET = 2
export const AF_INET6 = 10
export type Family = typeof AF_INET | typeof AF_INET6

/** An IPv4 or IPv6 address without zone, port or prefix. Equal addresses have equal `text`. */
export class IpAddress {
  readonly family: Family
  /** 4 or 16 bytes in network order; not to be written to. */
  readonly bytes: Uint8Array
  /** Canonical text: dotted quad, or RFC 5952. */
  readonly text: string

  private constructor(family: Family, bytes: Uint8Array, text: string) {
    this.family = family
    this.bytes = bytes
    this.text = text
  }

  /** Four-part decimal IPv4 or any IPv6 text form without zone; undefined for anything else. */
  static parse(text: string): IpAddress | undefined {
    // Most texts that come by are names: they are told apart before the library looks closer, and throws.
    if (!text.includes(':')) {
      if (!/^[\d.]+$/.test(text) || !ipaddr.IPv4.isValidFourPartDecimal(text)) return undefined
      return IpAddress.fromBytes(text.split('.').map(Number))
    }
    if (!/^[\da-f:.]+$/i.test(text) || !ipaddr.IPv6.isValid(text)) return undefined
    return IpAddress.fromBytes(ipaddr.IPv6.parse(text).toByteArray())
  }

  /** An address known to be valid, as a program constant. @throws {TypeError} when it is not */
  static of(text: string): IpAddress {
    const address = IpAddress.parse(text)
    if (address === undefined) throw new TypeError(`not an IP address: ${text}`)
    return address
  }

  /** From 4 or 16 bytes in network order; undefined for any other length. Copies. */
  static fromBytes(bytes: ArrayLike<number>): IpAddress | undefined {
    const copy = Uint8Array.from(bytes)
    if (copy.length === 4) return new IpAddress(AF_INET, copy, copy.join('.'))
    if (copy.length !== 16) return undefined
    const parsed = new ipaddr.IPv6([...copy])
    const text = parsed.isIPv4MappedAddress() ? `::ffff:${parsed.toIPv4Address().toString()}` : parsed.toRFC5952String()
    return new IpAddress(AF_INET6, copy, text)
  }

  equals(other: IpAddress): boolean {
    return this.text === other.text
  }

  /** 0.0.0.0 or ::. */
  get isUnspecified(): boolean {
    return this.bytes.every((byte) => byte === 0)
  }

  /** 127.0.0.0/8 or ::1. */
  get isLoopback(): boolean {
    return this.family === AF_INET ? this.bytes[0] === 127 : this.text === '::1'
  }

  /** 169.254.0.0/16 or fe80::/10. */
  get isLinkLocal(): boolean {
    const [first, second] = this.bytes as unknown as [number, number]
    return this.family === AF_INET ? first === 169 && second === 254 : first === 0xfe && (second & 0xc0) === 0x80
  }

  /** True when the first `prefixLength` bits equal those of `network`, in the same family. */
  isWithin(network: IpAddress, prefixLength: number): boolean {
    if (this.family !== network.family) return false
    const whole = prefixLength >> 3
    for (let i = 0; i < whole; i++) if (this.bytes[i] !== network.bytes[i]) return false
    const mask = (0xff00 >> (prefixLength & 7)) & 0xff
    return mask === 0 || ((this.bytes[whole] ?? 0) & mask) === ((network.bytes[whole] ?? 0) & mask)
  }

  /** The first `prefixLength` bits, as a text that is the same for all addresses of the network. */
  network(prefixLength: number): string {
    const bitsOf = (i: number) => Math.min(8, Math.max(0, prefixLength - 8 * i))
    const masked = Array.from(this.bytes, (byte, i) => byte & (0xff00 >> bitsOf(i)))
    return `${masked.join('.')}/${prefixLength}`
  }

  toString(): string {
    return this.text
  }
}

/** True for the two address families a resolver knows. */
export function isFamily(value: number): value is Family {
  return value === AF_INET || value === AF_INET6
}
