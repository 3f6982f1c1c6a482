import type { Socket } from 'node:net'
import type { IpAddress } from '../base/index.ts'
import type { ConnectedUdp, Outgoing, Remote, UdpEvents } from '../sys/index.ts'
import type { Endpoint } from '../upstream/index.ts'

/**
 * The way out to a server: through its link, except to an address of this very machine. Packets to those go by `lo`
 * whatever the link, and a socket bound to the link would never hear the answer (R-SRV-8).
 */
export class Egress {
  readonly #outgoing: Outgoing
  readonly #isOwnAddress: (address: IpAddress) => boolean

  constructor(outgoing: Outgoing, isOwnAddress: (address: IpAddress) => boolean) {
    this.#outgoing = outgoing
    this.#isOwnAddress = isOwnAddress
  }

  connectUdp(endpoint: Endpoint, events: UdpEvents): ConnectedUdp {
    return this.#outgoing.connectUdp(this.#remote(endpoint), events)
  }

  connectTcp(endpoint: Endpoint): Socket {
    return this.#outgoing.connectTcp(this.#remote(endpoint))
  }

  #remote({ address, port, ifindex }: Endpoint): Remote {
    // fe80::/10 means nothing without its link, even when it is ours.
    const isHere = address.isLoopback || (!address.isLinkLocal && this.#isOwnAddress(address))
    return { address, port, ifindex: isHere ? 0 : ifindex }
  }
}
