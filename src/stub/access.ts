import { AF_INET, type IpAddress, type Millis, TokenBucket } from '../base/index.ts'

/** A network whose hosts may ask: the first bits of `network`. */
export interface ClientNetwork {
  readonly network: IpAddress
  readonly prefixLength: number
}

/** Who may ask an extra listener on a network. Called for each list anew, as links and settings change. */
export type AllowedNetworks = () => readonly ClientNetwork[]

/** What becomes of a datagram from elsewhere. */
export type Admittance = 'answer' | 'truncate' | 'drop'

/** Replies that one network of clients may get in a row, and in a second in the long run. */
const BURST = 2000
const RATE = 1000
/** Networks whose replies are counted; the one counted longest is forgotten first. */
const MAX_NETWORKS = 4096

/**
 * Stands before listeners that other hosts can reach. Who sends a datagram can write any address on it, and the reply goes
 * there: so addresses that cannot be a client's get none, nor do those of networks that are not allowed, and each network
 * only so many; of what is beyond, every other is told to come by TCP, which proves the address.
 */
export class ClientAccess {
  readonly #allowed: AllowedNetworks
  readonly #networks = new Map<string, { readonly bucket: TokenBucket; at: Millis; excess: number }>()

  constructor(allowed: AllowedNetworks) {
    this.#allowed = allowed
  }

  /** Whether a host may ask at all. A port of 0 cannot be answered. */
  mayAsk(address: IpAddress, port: number): boolean {
    if (port === 0 || isMartian(address)) return false
    return address.isLoopback || this.#allowed().some((range) => address.isWithin(range.network, range.prefixLength))
  }

  /** For a datagram; whoever asks by TCP is there. */
  admit(address: IpAddress, port: number, now: Millis): Admittance {
    if (!this.mayAsk(address, port)) return 'drop'
    if (address.isLoopback) return 'answer'
    const counted = this.#countedOf(address, now)
    counted.bucket.earn(((now - counted.at) * RATE) / 1000)
    counted.at = now
    if (counted.bucket.take()) return 'answer'
    return ++counted.excess % 2 === 0 ? 'truncate' : 'drop'
  }

  #countedOf(address: IpAddress, now: Millis) {
    const key = networkOf(address)
    const known = this.#networks.get(key)
    if (known !== undefined) return known
    const [oldest] = this.#networks.size >= MAX_NETWORKS ? this.#networks.keys() : []
    if (oldest !== undefined) this.#networks.delete(oldest)
    const counted = { bucket: new TokenBucket(BURST), at: now, excess: 0 }
    this.#networks.set(key, counted)
    return counted
  }
}

/** Addresses that no client has: of this network, multicast, reserved, broadcast (RFC 6890). */
function isMartian(address: IpAddress): boolean {
  const [first = 0] = address.bytes
  if (address.family === AF_INET) return first === 0 || first >= 224
  return address.isUnspecified || first === 0xff
}

/** 24 bits of IPv4, 56 of IPv6: what one customer of a provider has. */
function networkOf({ family, bytes }: IpAddress): string {
  return Buffer.from(bytes.subarray(0, family === AF_INET ? 3 : 7)).toString('latin1')
}
