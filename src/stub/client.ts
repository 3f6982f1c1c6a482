import { AF_INET, IpAddress } from '../base/index.ts'
import type { QueryClient } from '../resolve/index.ts'
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
export type OwnerOf = (
  client: SocketEnd,
  server: SocketEnd,
  transport: Listener['transport'],
) => SocketOwner | undefined

/** Written out only for who looks: most queries are told to nobody. */
export class StubClient implements QueryClient {
  readonly #listener: Listener
  readonly #from: Sender
  readonly #ownerOf: OwnerOf

  constructor(listener: Listener, from: Sender, ownerOf: OwnerOf) {
    this.#listener = listener
    this.#from = from
    this.#ownerOf = ownerOf
  }

  get via(): Listener['transport'] {
    return this.#listener.transport
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
  quotaGroups(): readonly string[] {
    const { isLoopback, key, address } = this.#from
    if (!isLoopback) return [...quotaGroupsOf(address), key]
    const owner = this.#ownerOf(this.#from, this.#server(), this.#listener.transport)
    if (owner === undefined) return ['?', key]
    return [`uid ${owner.uid}`, `uid ${owner.uid} cgroup ${owner.cgroup ?? ''}`, key]
  }

  /** A listener for all addresses is asked by loopback addresses under the same, where nothing else was said. */
  #server(): SocketEnd {
    const { at } = this.#listener
    if (at === undefined || at.address.isUnspecified) return { address: this.#from.address, port: at?.port ?? 0 }
    return at
  }
}

/** A host in an IPv6 network may take any address in it (RFC 8981). */
function quotaGroupsOf(address: IpAddress): readonly string[] {
  if (address.family === AF_INET) return [address.text]
  return [`net ${Buffer.from(address.bytes.subarray(0, 8)).toString('hex')}`, address.text]
}
