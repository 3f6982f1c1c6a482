import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { AF_INET, type IpAddress } from '../base/index.ts'

/** A process that has a socket. */
export interface Holder {
  readonly pid: number
  readonly name: string
}

/** Who listens on a port of an address, or of all addresses; undefined when nobody does or it may not be known. */
export function portHolder(address: IpAddress, port: number, transport: 'udp' | 'tcp'): Holder | undefined {
  const family = address.family === AF_INET ? '' : '6'
  const inodes = socketInodes(`/proc/net/${transport}${family}`, address, port)
  return inodes.size === 0 ? undefined : ownerOf(inodes)
}

/** Lines of /proc/net/udp and its kin: local address in column 1, inode in column 9 (proc_net_tcp.txt). */
function socketInodes(path: string, address: IpAddress, port: number): Set<string> {
  const wanted = new Set([hexAddress(address), '0'.repeat(address.bytes.length * 2)])
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0')
  const rows = tryOr(() => readFileSync(path, 'latin1'), '')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
  const held = rows.filter(([, local = '']) => {
    const [host = '', at] = local.split(':')
    return at === hexPort && wanted.has(host)
  })
  return new Set(held.map((columns) => columns[9] ?? ''))
}

/** 32-bit words in host byte order, as the kernel prints them. */
function hexAddress({ bytes }: IpAddress): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 4)
    text += Buffer.from(bytes.subarray(at, at + 4).toReversed()).toString('hex')
  return text.toUpperCase()
}

function ownerOf(inodes: ReadonlySet<string>): Holder | undefined {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const descriptors = tryOr(() => readdirSync(`/proc/${pid}/fd`), [])
    const isHolder = descriptors.some((fd) => {
      const target = tryOr(() => readlinkSync(`/proc/${pid}/fd/${fd}`), '')
      return inodes.has(/^socket:\[(\d+)\]$/.exec(target)?.[1] ?? '')
    })
    if (isHolder) return { pid: Number(pid), name: tryOr(() => readFileSync(`/proc/${pid}/comm`, 'utf8').trim(), '?') }
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
