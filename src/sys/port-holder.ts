import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { AF_INET, IpAddress, type IpProtocol } from '../base/index.ts'
import { programName } from './program-name.ts'

/** The owner of a socket, as far as /proc tells. */
export interface PortHolder {
  /** The user who made it: visible to everybody. */
  readonly uid: number
  /** Undefined for a process that we may not look into, or that lives in another container. */
  readonly process: Process | undefined
}

export interface Process {
  readonly pid: number
  readonly name: string
}

export interface Socket {
  readonly uid: number
  readonly inode: string
}

/** TCP_LISTEN (linux/net/tcp_states.h); UDP sockets have states too, but all of them hold their port. */
const LISTENING = '0A'

/** The owner of the socket that listens on a port of an address, or of all addresses; undefined when there is none. */
export function portHolder(address: IpAddress, port: number, transport: IpProtocol): PortHolder | undefined {
  const socket = boundSocket(address, port, transport)
  return socket && { uid: socket.uid, process: ownerOf(socket.inode) }
}

function boundSocket(address: IpAddress, port: number, transport: IpProtocol): Socket | undefined {
  return socketOf(address, port, transport, false)
}

/** `isClient`: the near end of a connection counts, not only who listens. */
export function socketOf(
  address: IpAddress,
  port: number,
  transport: IpProtocol,
  isClient: boolean,
): Socket | undefined {
  const every = IpAddress.of(address.family === AF_INET ? '0.0.0.0' : '::')
  const table = `/proc/net/${transport}${address.family === AF_INET ? '' : '6'}`
  const takes = (state: string) => isClient || transport === 'udp' || state === LISTENING
  const found = socketIn(table, [address, every], port, takes)
  // A socket for all IPv6 addresses takes IPv4 as well, unless told otherwise (ipv6(7), IPV6_V6ONLY).
  return found ?? socketIn(`/proc/net/${transport}6`, [IpAddress.of('::')], port, takes)
}

/** Lines of /proc/net/udp and its kin: local address in column 1, state 3, uid 7, inode 9 (proc_net_tcp.txt). */
function socketIn(
  path: string,
  addresses: readonly IpAddress[],
  port: number,
  takes: (state: string) => boolean,
): Socket | undefined {
  const table = tryOr(() => readFileSync(path, 'latin1'), '')
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0')
  for (const address of addresses) {
    for (const line of linesAt(table, `: ${hexAddress(address)}:${hexPort} `)) {
      const [, , , state = '', , , , uid, , inode = ''] = line.trim().split(/\s+/)
      if (takes(state)) return { uid: Number(uid), inode }
    }
  }
  return undefined
}

/** The lines that contain this text: found without splitting a table of thousands of lines. */
function* linesAt(table: string, text: string): Generator<string> {
  for (let at = table.indexOf(text); at >= 0; at = table.indexOf(text, at + 1)) {
    const end = table.indexOf('\n', at)
    yield table.slice(table.lastIndexOf('\n', at) + 1, end < 0 ? undefined : end)
  }
}

/** 32-bit words in host byte order, as the kernel prints them. */
function hexAddress({ bytes }: IpAddress): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 4)
    text += Buffer.from(bytes.subarray(at, at + 4).toReversed()).toString('hex')
  return text.toUpperCase()
}

/** The process that has a socket open: looks at the `likely` ones first, then at all, the newest first. */
export function ownerOf(inode: string, likely: readonly number[] = []): Process | undefined {
  const pid = likely.find((each) => hasSocket(each, inode)) ?? allProcesses().find((each) => hasSocket(each, inode))
  if (pid === undefined) return undefined
  const read = (file: string) => tryOr(() => readFileSync(`/proc/${pid}/${file}`, 'utf8'), '')
  return { pid, name: programName(read('comm') || '?', read('cmdline')) }
}

function allProcesses(): number[] {
  const names = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return names.map(Number).toSorted((a, b) => b - a)
}

function hasSocket(pid: number, inode: string): boolean {
  const descriptors = tryOr(() => readdirSync(`/proc/${pid}/fd`), [])
  return descriptors.some((fd) => tryOr(() => readlinkSync(`/proc/${pid}/fd/${fd}`), '') === `socket:[${inode}]`)
}

/** `otherwise` when /proc refuses: processes end meanwhile, and some may not be looked into. */
function tryOr<T>(look: () => T, otherwise: T): T {
  try {
    return look()
  } catch {
    return otherwise
  }
}
