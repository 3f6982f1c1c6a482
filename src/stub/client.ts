import { AF_INET, IpAddress } from '../base/index.ts'
import type { QueryClient } from '../resolve/index.ts'
import type { Door } from './door.ts'

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

type Place = NonNullable<Door['at']>

/** Told at once; undefined when the socket has gone, and where nobody can tell. */
export type OwnerOf = (client: Place, server: Place, transport: Door['transport']) => SocketOwner | undefined

/** Written out only for who looks: most queries are told to nobody. */
export class StubClient implements QueryClient {
  readonly #door: Door
  readonly #from: Sender
  readonly #ownerOf: OwnerOf

  constructor(door: Door, from: Sender, ownerOf: OwnerOf) {
    this.#door = door
    this.#from = from
    this.#ownerOf = ownerOf
  }

  get door(): Door['transport'] {
    return this.#door.transport
  }

  get address(): IpAddress {
    return this.#from.address
  }

  get port(): number {
    return this.#from.port
  }

  /**
   * On this machine: the user, the control group, the socket. Those whose user is not known are like one user: their
   * sockets were gone when we looked. Elsewhere: the network where IPv6 gives one to each host, the address, the socket.
   */
  holders(): readonly string[] {
    const { isLoopback, key, address } = this.#from
    if (!isLoopback) return [...circlesOf(address), key]
    const owner = this.#ownerOf(this.#from, this.#server(), this.#door.transport)
    if (owner === undefined) return ['?', key]
    return [`uid ${owner.uid}`, `uid ${owner.uid} cgroup ${owner.cgroup ?? ''}`, key]
  }

  /** A listener for all addresses is asked by loopback addresses under the same, where nothing else was said. */
  #server(): Place {
    const { at } = this.#door
    if (at === undefined || at.address.isUnspecified) return { address: this.#from.address, port: at?.port ?? 0 }
    return at
  }
}

/** A host in an IPv6 network may take any address in it (RFC 8981). */
function circlesOf(address: IpAddress): readonly string[] {
  if (address.family === AF_INET) return [address.text]
  return [`net ${Buffer.from(address.bytes.subarray(0, 8)).toString('hex')}`, address.text]
}
