import { AF_INET, type Family, type IfIndex, IpAddress, type Random } from '../base/index.ts'
import { copyOf } from './copy.ts'
import { Epoll, EPOLLIN, type Watched } from './epoll.ts'
import { type Libc, SysError } from './libc.ts'
import { PacketBatch, type Slot } from './packet-batch.ts'
import { decodeSockaddr, encodeSockaddr } from './sockaddr.ts'
import * as options from './socket-options.ts'
import { SourcePorts } from './source-ports.ts'
import type { TurnWatch } from './turn-watch.ts'

/** A multicast group at a port, on one link. */
export interface GroupPlace {
  readonly group: IpAddress
  readonly port: number
  readonly ifindex: IfIndex
}

/** What came in, with what the kernel tells of it. */
export interface GroupDatagram {
  /** The receiver's to keep. */
  readonly bytes: Buffer
  readonly source: IpAddress
  readonly port: number
  readonly destination: IpAddress | undefined
  readonly hopLimit: number | undefined
}

export interface GroupSocket {
  /** What cannot be sent is lost. */
  send(bytes: Buffer, address: IpAddress, port: number): void
  /** Harmless when repeated; no datagram comes after it. */
  close(): void
}

type OnDatagram = (datagram: GroupDatagram) => void

/** Of what is sent (MC-SOCK-2): who gets it with less knows that it has passed a router. */
const HOP_LIMIT = 255
/** Bytes read of one datagram (MC-SOCK-9); what is longer is dropped. */
const DATAGRAM_SIZE = 9216
/** Datagrams read in one go; epoll calls again while there are more. */
const BATCH = 8
/** Room for packet info and hop limit, of either family. */
const CONTROL_SIZE = 64
const CMSGHDR = 16
const MSG_DONTWAIT = 0x40
const EADDRINUSE = 98
/** The index that Linux gives the loopback link of every network namespace. */
const LOOPBACK = 1
const ANY_V4 = IpAddress.of('0.0.0.0')
const ANY_V6 = IpAddress.of('::')

/**
 * UDP sockets for multicast groups. Each is bound to one link: it hears nothing of others, what it sends leaves by that
 * link, and the kernel's limit of memberships per socket is never met (MC-SOCK-5, MC-SOCK-6).
 */
export class GroupSockets implements Disposable {
  readonly #libc: Libc
  readonly #ports: SourcePorts
  readonly #turnWatch: TurnWatch | undefined
  readonly #batch: PacketBatch
  #epoll: Epoll | undefined

  constructor(libc: Libc, random: Random, turnWatch?: TurnWatch) {
    this.#libc = libc
    this.#ports = new SourcePorts(random)
    this.#turnWatch = turnWatch
    this.#batch = new PacketBatch(libc, BATCH, DATAGRAM_SIZE, CONTROL_SIZE)
    this.#batch.prepare(BATCH)
  }

  /** At the group's port; others may have it too, if they let us (MC-SOCK-3). @throws {SysError} */
  open({ group, port, ifindex }: GroupPlace, onDatagram: OnDatagram): GroupSocket {
    const { family } = group
    return this.#watched(
      this.#openOn(ifindex, family, (fd) => {
        options.setReuseAddress(this.#libc, fd)
        if (!this.#bind(fd, family, port)) throw new SysError(EADDRINUSE, 'bind')
        options.joinGroup(this.#libc, fd, group, ifindex)
      }),
      ifindex,
      onDatagram,
    )
  }

  /** At a port that nobody can guess, and in no group. @throws an error with the system's `code` */
  openQuery(family: Family, ifindex: IfIndex, onDatagram: OnDatagram): GroupSocket {
    const fd = this.#openOn(ifindex, family, (opened) => this.#ports.bind((port) => this.#bind(opened, family, port)))
    return this.#watched(fd, ifindex, onDatagram)
  }

  /**
   * Whether some other program has the port on all links. The kernel finds that out: sockets of different links may have the
   * same port, and ours are never on loopback. @throws {SysError}
   */
  isShared(family: Family, port: number): boolean {
    let isFree = true
    const probe = this.#openOn(LOOPBACK, family, (fd) => {
      isFree = this.#bind(fd, family, port)
    })
    this.#libc.call('close', probe)
    return !isFree
  }

  [Symbol.dispose](): void {
    this.#epoll?.[Symbol.dispose]()
    this.#epoll = undefined
  }

  /** A socket that keeps to the link, bound by `bind`. */
  #openOn(ifindex: IfIndex, family: Family, bind: (fd: number) => void): number {
    const libc = this.#libc
    const fd = options.openSocket(libc, family, options.SOCK_DGRAM)
    try {
      options.bindToLink(libc, fd, ifindex)
      if (family !== AF_INET) options.setV6Only(libc, fd)
      options.setTtl(libc, fd, family, HOP_LIMIT)
      options.sendMulticastBy(libc, fd, family, ifindex, HOP_LIMIT)
      options.allowFragments(libc, fd, family)
      options.tellAddressAsked(libc, fd, family)
      options.tellHopLimit(libc, fd, family)
      bind(fd)
      return fd
    } catch (error) {
      libc.call('close', fd)
      throw error
    }
  }

  /** False when the port is taken. @throws {SysError} */
  #bind(fd: number, family: Family, port: number): boolean {
    const name = encodeSockaddr({ address: family === AF_INET ? ANY_V4 : ANY_V6, port, scopeId: 0 })
    if (this.#libc.function('bind')(fd, name, name.length) >= 0) return true
    const error = this.#libc.lastError('bind')
    if (error.errno === EADDRINUSE) return false
    throw error
  }

  #watched(fd: number, ifindex: IfIndex, onDatagram: OnDatagram): GroupSocket {
    this.#epoll ??= new Epoll(this.#libc, 'neighbours', this.#turnWatch)
    const epoll = this.#epoll
    const watched = epoll.add(fd, EPOLLIN, () => this.#read(epoll, watched, onDatagram))
    return {
      send: (bytes, address, port) => {
        if (!epoll.has(watched)) return
        const name = encodeSockaddr({ address, port, scopeId: ifindex })
        this.#libc.function('sendto')(fd, bytes, bytes.length, MSG_DONTWAIT, name, name.length)
      },
      close: () => void epoll.close(watched),
    }
  }

  #read(epoll: Epoll, watched: Watched, onDatagram: OnDatagram): void {
    const batch = this.#batch
    const count = this.#libc.function('recvmmsg')(watched.fd, batch.headers, BATCH, MSG_DONTWAIT, null)
    if (count <= 0) return
    const datagrams: GroupDatagram[] = []
    for (let i = 0; i < count; i++) {
      const slot = batch.slots[i] as Slot
      const peer = decodeSockaddr(slot.name)
      if (peer === undefined || batch.isCut(i)) continue
      const told = readControl(slot.control.subarray(0, batch.controlLength(i)))
      const bytes = copyOf(slot.payload, batch.received(i))
      datagrams.push({ bytes, source: peer.address, port: peer.port, ...told })
    }
    batch.prepare(count)
    for (const datagram of datagrams) if (epoll.has(watched)) onDatagram(datagram)
  }
}

const SOL_IP = 0
const IP_TTL = 2
const IP_PKTINFO = 8
const IPV6_PKTINFO = 50
const IPV6_HOPLIMIT = 52

/** Control messages: length (8 bytes), level, type, then data, each aligned to eight. */
function readControl(bytes: Buffer): Pick<GroupDatagram, 'destination' | 'hopLimit'> {
  let destination: IpAddress | undefined
  let hopLimit: number | undefined
  for (let at = 0; at + CMSGHDR <= bytes.length; ) {
    const length = bytes.readUInt32LE(at)
    if (length < CMSGHDR || at + length > bytes.length) break
    const [level, type] = [bytes.readInt32LE(at + 8), bytes.readInt32LE(at + 12)]
    const data = bytes.subarray(at + CMSGHDR, at + length)
    if (level === SOL_IP) {
      // struct in_pktinfo: link, local address, destination of the header.
      if (type === IP_PKTINFO && data.length >= 12) destination = IpAddress.fromBytes(data.subarray(8, 12))
      else if (type === IP_TTL && data.length >= 4) hopLimit = data.readInt32LE(0)
    } else if (type === IPV6_PKTINFO && data.length >= 16) destination = IpAddress.fromBytes(data.subarray(0, 16))
    else if (type === IPV6_HOPLIMIT && data.length >= 4) hopLimit = data.readInt32LE(0)
    at += (length + 7) & ~7
  }
  return { destination, hopLimit }
}
