import { AF_INET, type IpAddress, type IpProtocol, type Millis } from '../base/index.ts'
import type { Listener } from './listener.ts'

/** Where a request came from. */
export interface Sender {
  readonly address: IpAddress
  readonly port: number
  readonly isLoopback: boolean
  /** The same for the same address and port; cheaper than writing those out. */
  readonly key: string
}

/** Whose a socket on this machine is; `cgroup` tells services and most programs of one user apart. */
export interface SocketOwner {
  readonly uid: number
  readonly cgroup: string | undefined
}

type SocketEnd = NonNullable<Listener['at']>

/** Told at once; undefined when the socket has gone, and where nobody can tell. */
export type OwnerOf = (client: SocketEnd, server: SocketEnd, transport: IpProtocol) => SocketOwner | undefined

/**
 * How long the kernel's word is kept: long enough for one question, and for a batch of one socket. A flood from ever new
 * ports leaves thousands behind in a second, and whoever gets one of them next must not be taken for the flood.
 */
const KEPT: Millis = 5
const MAX_KEPT = 1024

/** By whom what is scarce is shared, from the largest group to the smallest. */
export class QuotaGroups {
  readonly #ownerOf: OwnerOf
  /** Of sockets on this machine, asked for since `#keptSince`. */
  readonly #known = new Map<string, readonly string[]>()
  #keptSince: Millis = 0

  constructor(ownerOf: OwnerOf) {
    this.#ownerOf = ownerOf
  }

  /**
   * On this machine: the user, the control group, the socket. Those whose user is not known are like one user: their
   * sockets were gone when we looked. Elsewhere: the network where IPv6 gives one to each host, the address, the socket.
   */
  of(sender: Sender, listener: Listener, now: Millis): readonly string[] {
    if (!sender.isLoopback) return [...groupsOfAddress(sender.address), sender.key]
    if (now - this.#keptSince > KEPT || this.#known.size >= MAX_KEPT) {
      this.#known.clear()
      this.#keptSince = now
    }
    const key = `${listener.transport} ${sender.key}`
    let groups = this.#known.get(key)
    if (groups === undefined) this.#known.set(key, (groups = this.#groupsOfSocket(sender, listener)))
    return groups
  }

  #groupsOfSocket(sender: Sender, listener: Listener): readonly string[] {
    const owner = this.#ownerOf(sender, serverOf(sender, listener), listener.transport)
    if (owner === undefined) return ['?', sender.key]
    return [`uid ${owner.uid}`, `uid ${owner.uid} cgroup ${owner.cgroup ?? ''}`, sender.key]
  }
}

/** A listener for all addresses is asked by loopback addresses under the same, where nothing else was said. */
function serverOf({ address }: Sender, { at }: Listener): SocketEnd {
  return at === undefined || at.address.isUnspecified ? { address, port: at?.port ?? 0 } : at
}

/** A host in an IPv6 network may take any address in it (RFC 8981). */
function groupsOfAddress(address: IpAddress): readonly string[] {
  if (address.family === AF_INET) return [address.text]
  return [`net ${Buffer.from(address.bytes.subarray(0, 8)).toString('hex')}`, address.text]
}
