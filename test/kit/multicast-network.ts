import {
  AF_INET,
  AF_INET6,
  type Clock,
  type Family,
  type IfIndex,
  IpAddress,
  type Millis,
} from '../../src/base/index.ts'
import type {
  LinkStream,
  LinkStreamEvents,
  MulticastDatagram,
  MulticastLink,
  MulticastNetwork,
  MulticastPlace,
  MulticastProtocol,
  MulticastSocket,
} from '../../src/multicast/index.ts'
import { groupOf, MULTICAST_PORTS } from '../../src/multicast/index.ts'
import type { MulticastMessage } from '../../src/multicast/message.ts'
import { readMulticast } from '../../src/multicast/message.ts'
import { FakeStreams, type OnFakeConnection } from './fake-streams.ts'

/** A datagram that went over a wire. */
export interface Packet {
  readonly at: Millis
  readonly protocol: MulticastProtocol
  readonly from: IpAddress
  readonly fromPort: number
  /** The group, or one party. */
  readonly to: IpAddress
  readonly toPort: number
  readonly bytes: Buffer
  /** 255 unless a party said otherwise. */
  readonly hopLimit: number
}

type OnDatagram = (datagram: MulticastDatagram) => void

interface Socket {
  readonly address: IpAddress
  readonly port: number
  readonly place: MulticastPlace
  readonly isInGroup: boolean
  readonly owner: FakeHost
  readonly onDatagram: OnDatagram
}

/**
 * One link that parties are joined to: what one sends to the group reaches all, itself included, in the same turn but after
 * the call. It keeps what went over it.
 */
export class FakeWire {
  readonly packets: Packet[] = []
  readonly streams = new FakeStreams()
  readonly hosts = new Set<FakeHost>()
  /** Loses what it says true of; nothing at first. */
  loses: (packet: Packet) => boolean = () => false
  readonly #clock: Clock
  readonly #sockets = new Set<Socket>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** What was said by one party, or by all, taken apart; malformed packets are left out. */
  messages(from?: FakeHost): (Packet & { readonly message: MulticastMessage })[] {
    const said = this.packets.filter((packet) => from === undefined || from.has(packet.from))
    return said.flatMap((packet) => {
      const message = readMulticast(packet.bytes, packet.protocol)
      return message === undefined ? [] : [{ ...packet, message }]
    })
  }

  attach(socket: Socket): () => void {
    this.#sockets.add(socket)
    return () => void this.#sockets.delete(socket)
  }

  /** Whether somebody else on the host has the port. */
  hasPort(owner: FakeHost, place: MulticastPlace, port: number): boolean {
    return [...this.#sockets].some((socket) => {
      return socket.owner === owner && socket.port === port && socket.place.family === place.family
    })
  }

  send(packet: Omit<Packet, 'at'>): void {
    const sent = { ...packet, at: this.#clock.now(), bytes: Buffer.from(packet.bytes) }
    this.packets.push(sent)
    if (!this.loses(sent)) queueMicrotask(() => this.#deliver(sent))
  }

  #deliver(packet: Packet): void {
    const { bytes, from: source, fromPort: port, hopLimit } = packet
    for (const socket of this.#receivers(packet)) {
      const isToGroup = packet.to.equals(groupOf(packet.protocol, socket.place.family))
      const destination = packet.to
      socket.onDatagram({ bytes: Buffer.from(bytes), source, port, isToGroup, destination, hopLimit })
    }
  }

  /** To one address: the socket that was opened last has it (MC-SOCK-4). */
  #receivers({ to, toPort, protocol }: Packet): Socket[] {
    const group = [AF_INET, AF_INET6].map((family) => groupOf(protocol, family as Family))
    const here = [...this.#sockets].filter(({ port, place }) => port === toPort && place.protocol === protocol)
    if (!group.some((address) => address.equals(to))) return here.filter(({ address }) => address.equals(to)).slice(-1)
    return here.filter(({ place, isInGroup }) => isInGroup && groupOf(protocol, place.family).equals(to))
  }
}

/** A machine with links to wires: the network that one of ours gets, or the one of a neighbour that the test plays. */
export class FakeHost implements MulticastNetwork {
  readonly #links = new Map<IfIndex, { readonly wire: FakeWire; readonly addresses: readonly IpAddress[] }>()
  /** Another program has these ports too (Avahi). */
  readonly sharedPorts = new Set<number>()
  /** Codes that `open` fails with. */
  readonly failures = new Map<MulticastProtocol, string>()
  #nextPort = 40_000

  /** Joins a wire, under addresses such as `10.0.0.2` and `fe80::2`. */
  join(wire: FakeWire, ifindex: IfIndex, ...addresses: string[]): this {
    this.#links.set(ifindex, { wire, addresses: addresses.map((text) => IpAddress.of(text)) })
    wire.hosts.add(this)
    return this
  }

  leave(ifindex: IfIndex): void {
    this.#links.get(ifindex)?.wire.hosts.delete(this)
    this.#links.delete(ifindex)
  }

  has(address: IpAddress): boolean {
    return [...this.#links.values()].some(({ addresses }) => addresses.some((own) => own.equals(address)))
  }

  /** What our rules are told of the link; all subnets are /24 and /64. */
  link(ifindex: IfIndex, mtu = 1500): MulticastLink {
    const addresses = (this.#links.get(ifindex)?.addresses ?? []).map((address) => {
      return { address, prefixLength: address.family === AF_INET ? 24 : 64 }
    })
    const own = [...this.#links.values()].flatMap((link) => link.addresses.map(({ text }) => text))
    return { ifindex, mtu, addresses, own: new Set(own) }
  }

  isShared({ protocol }: MulticastPlace): boolean {
    return this.sharedPorts.has(MULTICAST_PORTS[protocol])
  }

  open(place: MulticastPlace, onDatagram: OnDatagram): MulticastSocket {
    const code = this.failures.get(place.protocol)
    if (code !== undefined) throw Object.assign(new Error(`cannot bind: ${code}`), { code })
    return this.#socket(place, MULTICAST_PORTS[place.protocol], true, onDatagram)
  }

  openQuery(place: MulticastPlace, onDatagram: OnDatagram): MulticastSocket {
    return this.#socket(place, this.#nextPort++, false, onDatagram)
  }

  connect(place: MulticastPlace, to: IpAddress, events: LinkStreamEvents): LinkStream {
    const { wire, address } = this.#at(place)
    const isThere = [...wire.hosts].some((host) => host.has(to))
    return wire.streams.connect(address, to, events, isThere)
  }

  listen(place: MulticastPlace, onConnection: OnFakeConnection): Disposable {
    const code = this.failures.get(place.protocol)
    if (code !== undefined) throw Object.assign(new Error(`cannot bind: ${code}`), { code })
    const { wire } = this.#at(place)
    const own = this.link(place.ifindex).addresses.filter(({ address }) => address.family === place.family)
    const listeners = own.map(({ address }) => wire.streams.listen(address, onConnection))
    return {
      [Symbol.dispose]: () => {
        for (const listener of listeners) listener[Symbol.dispose]()
      },
    }
  }

  #at(place: MulticastPlace): { readonly wire: FakeWire; readonly address: IpAddress } {
    const link = this.#links.get(place.ifindex)
    const address = link?.addresses.find(({ family }) => family === place.family)
    if (link === undefined || address === undefined) throw Object.assign(new Error('no such link'), { code: 'ENODEV' })
    return { wire: link.wire, address }
  }

  #socket(place: MulticastPlace, port: number, isInGroup: boolean, onDatagram: OnDatagram): MulticastSocket {
    const { wire, address } = this.#at(place)
    const detach = wire.attach({ address, port, place, isInGroup, owner: this, onDatagram })
    const send = (bytes: Buffer, to: IpAddress, toPort: number) => {
      const { protocol } = place
      this.#links
        .get(place.ifindex)
        ?.wire.send({ protocol, from: address, fromPort: port, to, toPort, bytes, hopLimit: 255 })
    }
    return {
      sendToGroup: (bytes) => send(bytes, groupOf(place.protocol, place.family), MULTICAST_PORTS[place.protocol]),
      send,
      close: detach,
    }
  }
}
