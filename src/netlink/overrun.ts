import type { Libc } from '../sys/index.ts'
import { readU16, readU32 } from './message.ts'

const AF_NETLINK = 16
const SOL_SOCKET = 1
const SO_RCVBUFFORCE = 33
/** Linux 4.12. */
const SO_MEMINFO = 55
/** Where the count is among the nine numbers of SO_MEMINFO. */
const SK_MEMINFO_DROPS = 8
const MEMINFO_SIZE = 36
const SOL_NETLINK = 270
const NETLINK_NO_ENOBUFS = 5
const ON = Buffer.from(Int32Array.of(1).buffer)
/** Bytes of struct sockaddr_nl, which begins with the family and has the port at 4. */
const ADDRESS_SIZE = 12
/** Descriptors looked at, once for each socket: the kernel gives out the lowest that is free. */
const MOST_DESCRIPTORS = 65_536

/**
 * Tells whether the kernel dropped events for want of room in a netlink socket, by its count. It would also make the socket fail
 * with ENOBUFS, which is turned off: epoll reports that as an error, of which the netlink package makes an exception in native
 * code that ends the process.
 */
export class Overrun {
  readonly #getsockopt: (...args: unknown[]) => number
  readonly #fd: number
  readonly #memory = Buffer.alloc(MEMINFO_SIZE)
  readonly #size = Buffer.from(Int32Array.of(MEMINFO_SIZE).buffer)

  private constructor(libc: Libc, fd: number) {
    this.#getsockopt = libc.function('getsockopt')
    this.#fd = fd
  }

  /** `room`: bytes for events, beyond rmem_max where this process may. Undefined where the kernel does not count. */
  static watch(libc: Libc | undefined, port: number, room: number): Overrun | undefined {
    const fd = libc && descriptorOf(libc, port)
    if (libc === undefined || fd === undefined) return undefined
    const overrun = new Overrun(libc, fd)
    if (overrun.#dropped === undefined) return undefined
    const set = libc.function('setsockopt')
    set(fd, SOL_SOCKET, SO_RCVBUFFORCE, Buffer.from(Int32Array.of(room).buffer), ON.length)
    return set(fd, SOL_NETLINK, NETLINK_NO_ENOBUFS, ON, ON.length) < 0 ? undefined : overrun
  }

  /** Any since the socket was opened. What was dropped is known once what was queued before it has been read. */
  get hasHappened(): boolean {
    return (this.#dropped ?? 0) > 0
  }

  /** Undefined where the kernel does not tell. */
  get #dropped(): number | undefined {
    const result = this.#getsockopt(this.#fd, SOL_SOCKET, SO_MEMINFO, this.#memory, this.#size)
    return result < 0 ? undefined : readU32(this.#memory, 4 * SK_MEMINFO_DROPS)
  }
}

/** The package keeps it to itself. */
function descriptorOf(libc: Libc, port: number): number | undefined {
  const getsockname = libc.function('getsockname')
  const [address, size] = [Buffer.alloc(ADDRESS_SIZE), Int32Array.of(ADDRESS_SIZE)]
  const sizeBytes = Buffer.from(size.buffer)
  for (let fd = 3; fd < MOST_DESCRIPTORS; fd++) {
    size[0] = ADDRESS_SIZE
    const isSocket = getsockname(fd, address, sizeBytes) >= 0
    if (isSocket && readU16(address, 0) === AF_NETLINK && readU32(address, 4) === port) return fd
  }
  return undefined
}
