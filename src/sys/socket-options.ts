import { AF_INET, type Family, type IfIndex } from '../base/index.ts'
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
const IP_FREEBIND = 15
const IP_PMTUDISC_DONT = 0
const SO_REUSEADDR = 2
const SO_RCVBUF = 8
const SO_PEERCRED = 17
const SO_PEERGROUPS = 59
const SO_BINDTODEVICE = 25
const SO_RCVBUFFORCE = 33
const SO_BINDTOIFINDEX = 62
const IPV6_UNICAST_HOPS = 16
const IPV6_MTU_DISCOVER = 23
const IPV6_RECVERR = 25
const IPV6_V6ONLY = 26
const IPV6_RECVPKTINFO = 49
const IPV6_FREEBIND = 78
const TCP_FASTOPEN = 23

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

/** Only `lo` reaches the socket (R-STUB-2). @throws {SysError} */
export function bindToLoopback(libc: Libc, fd: number): void {
  set(libc, fd, SOL_SOCKET, SO_BINDTODEVICE, Buffer.from('lo\0'))
}

/** ICMP errors are told, host and network unreachable too, and packets may be fragmented on their way (R-SRV-7). */
export function reportErrors(libc: Libc, fd: number, family: Family): void {
  const level = family === AF_INET ? SOL_IP : SOL_IPV6
  set(libc, fd, level, family === AF_INET ? IP_RECVERR : IPV6_RECVERR, hostInt(1))
  set(libc, fd, level, family === AF_INET ? IP_MTU_DISCOVER : IPV6_MTU_DISCOVER, hostInt(IP_PMTUDISC_DONT))
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
