import type { IpAddress } from '../base/index.ts'

/** Who sent a datagram, and where it was sent to. */
export interface Peer {
  readonly address: IpAddress
  readonly port: number
  /** Cheaper than asking the address. */
  readonly isLoopback: boolean
  /** The same for the same address and port, and for no others; cheaper than writing those out. */
  readonly key: string
  /** A copy for later: the object handed to the handler is reused for the next packet. */
  keep(): Peer
}

/** Receives datagrams. All arguments are valid during the call only: to answer later, copy the packet and `keep` the peer. */
export interface DatagramHandler {
  /** Called before the first of several packets that were read together, for work that serves all of them. */
  onBatch(): void
  /**
   * Either writes the reply into `room` and returns how long it is, which saves a copy; or returns 0, and may `send`.
   */
  onDatagram(packet: Buffer, peer: Peer, room: Buffer): number
}

export interface ListenAddress {
  readonly address: IpAddress
  /** 0 = any that is free. */
  readonly port: number
  /** Only what comes by `lo` is heard (R-STUB-2); left out, with the C library, where that is not to be had. */
  readonly onlyLoopback?: boolean
  /** Hop limit of what is sent; R-STUB-2 asks for 1. */
  readonly ttl?: number
  /** The address may be listened on before it is configured. */
  readonly freebind?: boolean
}

/** A UDP socket that answers whoever asks. What arrives before `serve` waits in the kernel. */
export interface DatagramListener extends AsyncDisposable {
  readonly address: IpAddress
  readonly port: number
  /** Begins to read; to be called once. */
  serve(handler: DatagramHandler): void
  /** Reads no more, where that can be had, until `resume`; what arrives waits in the kernel. Sending goes on. */
  pause(): void
  resume(): void
  /** Sends from the address the peer had asked, soon; never fails, for datagrams may be lost at any time. The reply is copied or sent at once. */
  send(reply: Buffer, peer: Peer): void
}
