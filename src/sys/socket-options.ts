import { AF_INET, type Family, type IfIndex, type IpAddress } from '../base/index.ts'
import type { Libc } from './libc.ts'
import { hostInt } from './sockaddr.ts'

/** Linux numbers, the same on every machine Node runs on but MIPS and SPARC. */
export const SOCK_STREAM = 1
export const SOCK_DGRAM = 2
const SOCK_NONBLOCK = 0o4000
const SOCK_CLOEXEC = 0o2000000

const SOL_IP = 0
const SOL_SOCKET = 1
const SOL_TCP = 6
const SOL_IPV6 = 41

const IP_TTL = 2
const IP_PKTINFO = 8
const IP_MTU_DISCOVER = 10
const IP_RECVERR = 11
const IP_RECVTTL = 12
const IP_FREEBIND = 15
const IP_MULTICAST_IF = 32
const IP_MULTICAST_TTL = 33
const IP_ADD_MEMBERSHIP = 35
const IP_DROP_MEMBERSHIP = 36
const IP_MULTICAST_ALL = 49
const IP_PMTUDISC_DONT = 0
const SO_REUSEADDR = 2
const SO_RCVBUF = 8
const SO_PEERCRED = 17
const SO_PEERGROUPS = 59
const SO_BINDTODEVICE = 25
const SO_RCVBUFFORCE = 33
const SO_BINDTOIFINDEX = 62
const IPV6_UNICAST_HOPS = 16
const IPV6_MULTICAST_IF = 17
const IPV6_MULTICAST_HOPS = 18
const IPV6_ADD_MEMBERSHIP = 20
const IPV6_DROP_MEMBERSHIP = 21
const IPV6_MTU_DISCOVER = 23
const IPV6_RECVERR = 25
const IPV6_V6ONLY = 26
const IPV6_MULTICAST_ALL = 29
const IPV6_RECVPKTINFO = 49
const IPV6_RECVHOPLIMIT = 51
const IPV6_FREEBIND = 78
const TCP_QUICKACK = 12
const TCP_FASTOPEN = 23

const ON = hostInt(1)

/** A new non-blocking descriptor, for the caller to close. @throws {SysError} */
export function openSocket(libc: Libc, family: Family, type: number): number {
  return libc.call('socket', family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)
}

/**
 * All traffic of the socket leaves by this link and comes from it (R-SRV-8). Needs no privilege on a socket that is not
 * bound yet (Linux 5.7). IP_UNICAST_IF would add nothing: it steers only routing, and not that of every connect().
 * A link that does not exist shows at connect(). @throws {SysError}
 */
export function bindToLink(libc: Libc, fd: number, ifindex: IfIndex): void {
  set(libc, fd, SOL_SOCKET, SO_BINDTOIFINDEX, hostInt(ifindex))
}

/**
 * Tells the peer at once what has come; else the kernel waits 40 ms for data that could go with it. So long waits a peer that sends
 * no second small packet before the first is acknowledged (RFC 896), as servers that do not set TCP_NODELAY. Lasts for what has
 * come so far. A socket that has failed meanwhile tells its owner in another way.
 */
export function acknowledge(libc: Libc, fd: number): void {
  libc.function('setsockopt')(fd, SOL_TCP, TCP_QUICKACK, ON, ON.length)
}

/** Only `lo` reaches the socket (R-STUB-2). @throws {SysError} */
export function bindToLoopback(libc: Libc, fd: number): void {
  set(libc, fd, SOL_SOCKET, SO_BINDTODEVICE, Buffer.from('lo\0'))
}

/** ICMP errors are told, host and network unreachable too, and packets may be fragmented on their way (R-SRV-7). */
export function reportErrors(libc: Libc, fd: number, family: Family): void {
  const level = family === AF_INET ? SOL_IP : SOL_IPV6
  set(libc, fd, level, family === AF_INET ? IP_RECVERR : IPV6_RECVERR, hostInt(1))
  allowFragments(libc, fd, family)
}

/** Outgoing hop limit. @throws {SysError} */
export function setTtl(libc: Libc, fd: number, family: Family, ttl: number): void {
  if (family === AF_INET) set(libc, fd, SOL_IP, IP_TTL, hostInt(ttl))
  else set(libc, fd, SOL_IPV6, IPV6_UNICAST_HOPS, hostInt(ttl))
}

/** The address may be bound before, or without, being configured. @throws {SysError} */
export function setFreebind(libc: Libc, fd: number, family: Family): void {
  if (family === AF_INET) set(libc, fd, SOL_IP, IP_FREEBIND, hostInt(1))
  else set(libc, fd, SOL_IPV6, IPV6_FREEBIND, hostInt(1))
}

/** Each datagram tells which of our addresses it was sent to, as a control message. @throws {SysError} */
export function tellAddressAsked(libc: Libc, fd: number, family: Family): void {
  if (family === AF_INET) set(libc, fd, SOL_IP, IP_PKTINFO, hostInt(1))
  else set(libc, fd, SOL_IPV6, IPV6_RECVPKTINFO, hostInt(1))
}

/** Each datagram tells the hop limit it arrived with, as a control message. @throws {SysError} */
export function tellHopLimit(libc: Libc, fd: number, family: Family): void {
  if (family === AF_INET) set(libc, fd, SOL_IP, IP_RECVTTL, hostInt(1))
  else set(libc, fd, SOL_IPV6, IPV6_RECVHOPLIMIT, hostInt(1))
}

/** What goes to a group leaves by this link, with this hop limit (MC-SOCK-2, MC-SOCK-6). @throws {SysError} */
export function sendMulticastBy(libc: Libc, fd: number, family: Family, ifindex: IfIndex, hopLimit: number): void {
  if (family === AF_INET) {
    set(libc, fd, SOL_IP, IP_MULTICAST_IF, Buffer.concat([Buffer.alloc(8), hostInt(ifindex)])) // struct ip_mreqn
    set(libc, fd, SOL_IP, IP_MULTICAST_TTL, hostInt(hopLimit))
  } else {
    set(libc, fd, SOL_IPV6, IPV6_MULTICAST_IF, hostInt(ifindex))
    set(libc, fd, SOL_IPV6, IPV6_MULTICAST_HOPS, hostInt(hopLimit))
  }
}

/**
 * Hears the group on this link, and no group that some other socket has joined (MC-SOCK-6). A membership that an earlier
 * link with this index has left behind is dropped before (MC-SOCK-7). @throws {SysError}
 */
export function joinGroup(libc: Libc, fd: number, group: IpAddress, ifindex: IfIndex): void {
  const isIpv4 = group.family === AF_INET
  const level = isIpv4 ? SOL_IP : SOL_IPV6
  // struct ip_mreqn has the address of the link in between, struct ipv6_mreq has none.
  const membership = Buffer.concat([group.bytes, Buffer.alloc(isIpv4 ? 4 : 0), hostInt(ifindex)])
  trySet(libc, fd, level, isIpv4 ? IP_MULTICAST_ALL : IPV6_MULTICAST_ALL, hostInt(0))
  trySet(libc, fd, level, isIpv4 ? IP_DROP_MEMBERSHIP : IPV6_DROP_MEMBERSHIP, membership)
  set(libc, fd, level, isIpv4 ? IP_ADD_MEMBERSHIP : IPV6_ADD_MEMBERSHIP, membership)
}

/** Packets may be fragmented on their way, whatever the path was found to take. @throws {SysError} */
export function allowFragments(libc: Libc, fd: number, family: Family): void {
  if (family === AF_INET) set(libc, fd, SOL_IP, IP_MTU_DISCOVER, hostInt(IP_PMTUDISC_DONT))
  else set(libc, fd, SOL_IPV6, IPV6_MTU_DISCOVER, hostInt(IP_PMTUDISC_DONT))
}

/** @throws {SysError} */
export function setReuseAddress(libc: Libc, fd: number, isOn = true): void {
  set(libc, fd, SOL_SOCKET, SO_REUSEADDR, hostInt(Number(isOn)))
}

/** An IPv6 socket that leaves IPv4 to its sibling. @throws {SysError} */
export function setV6Only(libc: Libc, fd: number): void {
  set(libc, fd, SOL_IPV6, IPV6_V6ONLY, hostInt(1))
}

/** Clients may send their first question in the SYN (R-STUB-17); kernels built without it are no reason to stop. */
export function allowFastOpen(libc: Libc, fd: number, queue: number): void {
  trySet(libc, fd, SOL_TCP, TCP_FASTOPEN, hostInt(queue))
}

/** As much receive buffer as asked where privileged (CAP_NET_ADMIN), else as much as rmem_max allows. */
export function setReceiveBuffer(libc: Libc, fd: number, bytes: number): void {
  if (trySet(libc, fd, SOL_SOCKET, SO_RCVBUFFORCE, hostInt(bytes))) return
  set(libc, fd, SOL_SOCKET, SO_RCVBUF, hostInt(bytes))
}

/** Who was at the other end of a unix-domain connection when it was made. */
export interface PeerCredentials {
  readonly pid: number
  readonly uid: number
  readonly gid: number
}

/** Reads them, of one connection after the other. The function throws {SysError}. */
export function credentialsReader(libc: Libc): (fd: number) => PeerCredentials {
  const ucred = new Int32Array(3)
  const size = new Uint32Array(1)
  return (fd) => {
    size[0] = ucred.byteLength // the kernel writes here how much it gave
    libc.call('getsockopt', fd, SOL_SOCKET, SO_PEERCRED, ucred, size)
    const [pid, uid, gid] = ucred as unknown as [number, number, number]
    return { pid, uid: uid >>> 0, gid: gid >>> 0 }
  }
}

/** Groups that go beyond the one in the credentials; none when the kernel does not tell. */
export function peerGroups(libc: Libc, fd: number): readonly number[] {
  const size = new Uint32Array([GROUPS_AT_FIRST * 4])
  for (let tries = 0; tries < 2; tries++) {
    const groups = new Uint32Array((size[0] as number) / 4)
    const result = libc.function('getsockopt')(fd, SOL_SOCKET, SO_PEERGROUPS, groups, size)
    if (result >= 0) return [...groups.subarray(0, (size[0] as number) / 4)]
  } // when there are more of them, the kernel has written how many
  return []
}

const GROUPS_AT_FIRST = 64

function set(libc: Libc, fd: number, level: number, option: number, value: Buffer): void {
  libc.call('setsockopt', fd, level, option, value, value.length)
}

function trySet(libc: Libc, fd: number, level: number, option: number, value: Buffer): boolean {
  return libc.function('setsockopt')(fd, level, option, value, value.length) >= 0
}
