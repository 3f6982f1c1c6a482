import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { AF_INET, IpAddress, printable } from '../base/index.ts'

/** Who has a socket. */
export interface Holder {
  /** The user who made it: anybody may know that. */
  readonly uid: number
  /** Undefined for a process that we may not look into, or that lives in another container. */
  readonly process: { readonly pid: number; readonly name: string } | undefined
}

interface Socket {
  readonly uid: number
  readonly inode: string
}

/** TCP_LISTEN (linux/net/tcp_states.h); UDP sockets have states too, but all of them hold their port. */
const LISTENING = '0A'

/** Who listens on a port of an address, or of all addresses; undefined when nobody does. */
export function portHolder(address: IpAddress, port: number, transport: 'udp' | 'tcp'): Holder | undefined {
  const socket = boundSocket(address, port, transport)
  return socket && { uid: socket.uid, process: ownerOf(socket.inode) }
}

/**
 * Who has the socket that a client on this machine asks from; undefined for others, and when it is gone already. The
 * process is known only to those who may look into it.
 */
export function clientOwner(address: IpAddress, port: number, transport: 'udp' | 'tcp'): Holder | undefined {
  const socket = socketOf(address, port, transport, true)
  if (socket === undefined) return undefined
  const mayLook = process.geteuid?.() === 0 || process.geteuid?.() === socket.uid
  return { uid: socket.uid, process: mayLook ? ownerOf(socket.inode) : undefined }
}

function boundSocket(address: IpAddress, port: number, transport: 'udp' | 'tcp'): Socket | undefined {
  return socketOf(address, port, transport, false)
}

/** `isClient`: the near end of a connection counts, not only who listens. */
function socketOf(address: IpAddress, port: number, transport: 'udp' | 'tcp', isClient: boolean): Socket | undefined {
  const every = IpAddress.of(address.family === AF_INET ? '0.0.0.0' : '::')
  const found = socketIn(
    `/proc/net/${transport}${address.family === AF_INET ? '' : '6'}`,
    [address, every],
    port,
    isClient,
  )
  // A socket for all IPv6 addresses takes IPv4 as well, unless told otherwise (ipv6(7), IPV6_V6ONLY).
  return found ?? socketIn(`/proc/net/${transport}6`, [IpAddress.of('::')], port, isClient)
}

/** Lines of /proc/net/udp and its kin: local address in column 1, state 3, uid 7, inode 9 (proc_net_tcp.txt). */
function socketIn(path: string, addresses: readonly IpAddress[], port: number, isClient: boolean): Socket | undefined {
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0')
  const wanted = new Set(addresses.map((address) => `${hexAddress(address)}:${hexPort}`))
  for (const line of tryOr(() => readFileSync(path, 'latin1'), '').split('\n')) {
    const [, local = '', , state, , , , uid, , inode = ''] = line.trim().split(/\s+/)
    const holdsIt = wanted.has(local) && (isClient || state === LISTENING || !path.includes('tcp'))
    if (holdsIt) return { uid: Number(uid), inode }
  }
  return undefined
}

/** 32-bit words in host byte order, as the kernel prints them. */
function hexAddress({ bytes }: IpAddress): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 4)
    text += Buffer.from(bytes.subarray(at, at + 4).toReversed()).toString('hex')
  return text.toUpperCase()
}

function ownerOf(inode: string): Holder['process'] {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const descriptors = tryOr(() => readdirSync(`/proc/${pid}/fd`), [])
    const target = (fd: string) => tryOr(() => readlinkSync(`/proc/${pid}/fd/${fd}`), '')
    if (!descriptors.some((fd) => target(fd) === `socket:[${inode}]`)) continue
    return { pid: Number(pid), name: printable(tryOr(() => readFileSync(`/proc/${pid}/comm`, 'utf8').trim(), '?')) }
  }
  return undefined
}

/** Processes come and go while they are looked at, and some are not ours to look into. */
function tryOr<T>(look: () => T, otherwise: T): T {
  try {
    return look()
  } catch {
    return otherwise
  }
}
