import type { IpAddress, Random } from '../base/index.ts'
import {
  groupOf,
  type LinkStream,
  type LinkStreamEvents,
  MULTICAST_PORTS,
  type MulticastDatagram,
  type MulticastNetwork,
  type MulticastPlace,
  type MulticastSocket,
} from '../multicast/index.ts'
import {
  connectOnLink,
  type GroupDatagram,
  type GroupSocket,
  GroupSockets,
  type Libc,
  type LinkPort,
  listenOnLink,
  type OnLinkConnection,
  type TurnWatch,
} from '../sys/index.ts'

type OnDatagram = (datagram: MulticastDatagram) => void

/** The neighbours of this machine, by sockets of the C library. */
export class MulticastSockets implements MulticastNetwork, Disposable {
  readonly #libc: Libc
  readonly #make: () => GroupSockets
  /** Made with the first socket: most machines never need one. */
  #made: GroupSockets | undefined

  constructor(libc: Libc, random: Random, turnWatch: TurnWatch) {
    this.#libc = libc
    this.#make = () => new GroupSockets(libc, random, turnWatch)
  }

  open(place: MulticastPlace, onDatagram: OnDatagram): MulticastSocket {
    const { protocol, family, ifindex } = place
    const [group, port] = [groupOf(protocol, family), MULTICAST_PORTS[protocol]]
    const socket = this.#sockets.open({ group, port, ifindex }, (datagram) => onDatagram(toldOf(datagram, place)))
    return socketOf(socket, place)
  }

  openQuery(place: MulticastPlace, onDatagram: OnDatagram): MulticastSocket {
    const { family, ifindex } = place
    const socket = this.#sockets.openQuery(family, ifindex, (datagram) => onDatagram(toldOf(datagram, place)))
    return socketOf(socket, place)
  }

  connect(place: MulticastPlace, address: IpAddress, events: LinkStreamEvents): LinkStream {
    return connectOnLink(this.#libc, portOf(place), address, events)
  }

  listen(place: MulticastPlace, onConnection: OnLinkConnection): Disposable {
    return listenOnLink(this.#libc, portOf(place), onConnection)
  }

  /** False where that cannot be found out, as without a free descriptor: it is asked for each datagram and must not fail there. */
  isShared({ protocol, family }: MulticastPlace): boolean {
    try {
      return this.#sockets.isShared(family, MULTICAST_PORTS[protocol])
    } catch {
      return false
    }
  }

  [Symbol.dispose](): void {
    this.#made?.[Symbol.dispose]()
  }

  get #sockets(): GroupSockets {
    this.#made ??= this.#make()
    return this.#made
  }
}

function portOf({ protocol, family, ifindex }: MulticastPlace): LinkPort {
  return { family, ifindex, port: MULTICAST_PORTS[protocol] }
}

function toldOf(datagram: GroupDatagram, { protocol, family }: MulticastPlace): MulticastDatagram {
  return { ...datagram, isToGroup: datagram.destination?.equals(groupOf(protocol, family)) === true }
}

function socketOf(socket: GroupSocket, { protocol, family }: MulticastPlace): MulticastSocket {
  const [group, port] = [groupOf(protocol, family), MULTICAST_PORTS[protocol]]
  return {
    sendToGroup: (bytes) => socket.send(bytes, group, port),
    send: (bytes, address, to) => socket.send(bytes, address, to),
    close: () => socket.close(),
  }
}
