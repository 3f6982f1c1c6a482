import { AF_INET, type Family, type IfIndex, IpAddress } from '../base/index.ts'

export type MulticastProtocol = 'mdns' | 'llmnr'

/** UDP ports (RFC 6762 §3, RFC 4795 §2). */
export const MULTICAST_PORTS: Readonly<Record<MulticastProtocol, number>> = { mdns: 5353, llmnr: 5355 }

const GROUPS: Readonly<Record<MulticastProtocol, readonly [ipv4: IpAddress, ipv6: IpAddress]>> = {
  mdns: [IpAddress.of('224.0.0.251'), IpAddress.of('ff02::fb')],
  llmnr: [IpAddress.of('224.0.0.252'), IpAddress.of('ff02::1:3')],
}

/** Where questions for everybody on the link go. */
export function groupOf(protocol: MulticastProtocol, family: Family): IpAddress {
  return GROUPS[protocol][family === AF_INET ? 0 : 1]
}

/** A datagram that came in by one link. */
export interface MulticastDatagram {
  /** Valid during the call only. */
  readonly bytes: Buffer
  readonly source: IpAddress
  readonly port: number
  /** Whether it was sent to the group, and not to an address of this machine. */
  readonly isToGroup: boolean
  /** Where it was sent to: of a reply, the source of what it answers. Undefined where the kernel does not tell. */
  readonly destination?: IpAddress | undefined
  /** TTL or hop limit it arrived with; undefined where the kernel does not tell. */
  readonly hopLimit: number | undefined
}

/** One link, one IP version, one protocol: nothing is sent to or heard of any other. */
export interface MulticastSocket {
  /** To the group, at the port of the protocol. What cannot be sent is lost, as on any network. */
  sendToGroup(bytes: Buffer): void
  send(bytes: Buffer, address: IpAddress, port: number): void
  /** Leaves the group; harmless when repeated. */
  close(): void
}

export interface MulticastPlace {
  readonly protocol: MulticastProtocol
  readonly family: Family
  readonly ifindex: IfIndex
}

/** A TCP connection with a neighbour. */
export interface LinkStream {
  write(bytes: Buffer): void
  /** Harmless when repeated; no event comes after it. What was written before is still sent. */
  close(): void
}

export interface LinkStreamEvents {
  /** The neighbour is there; of a connection that we made. */
  onOpen(): void
  onData(chunk: Buffer): void
  /** Once: the neighbour has closed it, or cannot be reached. */
  onClose(error: Error | undefined): void
}

/** What this machine's network has for multicast. The daemon's is `sys/`; tests have one on the fake clock. */
export interface MulticastNetwork {
  /**
   * At the port and in the group of the protocol, with hop limit 255.
   * @throws an error with the system's `code`; EADDRINUSE: another program has the port for itself
   */
  open(place: MulticastPlace, onDatagram: (datagram: MulticastDatagram) => void): MulticastSocket
  /** At a random port, not in the group: for questions whose replies come by unicast. @throws as `open` */
  openQuery(place: MulticastPlace, onDatagram: (datagram: MulticastDatagram) => void): MulticastSocket
  /** By TCP to a neighbour at the protocol's port, with hop limit 1. @throws an error with the system's `code` */
  connect(place: MulticastPlace, address: IpAddress, events: LinkStreamEvents): LinkStream
  /** By TCP at the protocol's port, with hop limit 1, until disposed. @throws as `open` */
  listen(place: MulticastPlace, onConnection: (stream: LinkStream, from: IpAddress) => LinkStreamEvents): Disposable
  /** Whether another program on this machine listens at the protocol's port now; false where that cannot be found out. */
  isShared(place: MulticastPlace): boolean
}

/** What the rules need to know of the link, and of this machine's other links. */
export interface MulticastLink {
  readonly ifindex: IfIndex
  /** Bytes. */
  readonly mtu: number
  /** Those that are in use (neither tentative nor deprecated). */
  readonly addresses: readonly { readonly address: IpAddress; readonly prefixLength: number }[]
  /** Addresses of all links of this machine, as text: what comes from them, or tells them, is our own echo. */
  readonly own: ReadonlySet<string>
}
