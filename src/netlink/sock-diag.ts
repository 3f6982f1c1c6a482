import type { IpAddress, IpProtocol } from '../base/index.ts'
import type { Libc } from '../sys/index.ts'
import { ANSWER_SIZE, MSG_DONTWAIT, NETLINK_SOCK_DIAG, openKernelSocket } from './kernel-socket.ts'
import { composeRequest, NLM_F_REQUEST, readU16, readU32, splitAttributes, writeU32 } from './message.ts'

/** One end of a UDP or TCP conversation. */
export interface SocketEnd {
  readonly address: IpAddress
  readonly port: number
}

/** The owner of a socket as the kernel tells it. */
export interface SocketOwner {
  readonly uid: number
  /** ID of the control group it was made in, as hex: tells services of one user apart. Undefined on old kernels. */
  readonly cgroup: string | undefined
}

/** linux/sock_diag.h, linux/inet_diag.h */
const SOCK_DIAG_BY_FAMILY = 20
const INET_DIAG_CGROUP_ID = 21
const PROTOCOL = { tcp: 6, udp: 17 } as const
/** Interface index of the loopback device. */
const LO = 1

/** Where the request has what differs: struct inet_diag_req_v2 begins at 16, its struct inet_diag_sockid at 24. */
const SEQ = 8
const FAMILY = 16
const STATES = 20
const SOCKET = 24
const COOKIE = SOCKET + 40
const REQUEST_SIZE = 56
/** Where the answer has what counts: struct inet_diag_msg begins at 16 and ends at 88, where attributes follow. */
const UID = 16 + 64
const ATTRIBUTES = 16 + 72
/** Answers to earlier requests that may still be in the queue. */
const MAX_STRAY = 4

/** A SOCK_DIAG socket (sock_diag(7)). */
export class SockDiag implements Disposable {
  readonly #libc: Libc
  readonly #fd: number
  readonly #send: (...args: unknown[]) => number
  readonly #receive: (...args: unknown[]) => number
  readonly #request = composeRequest(SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST, 0, 0, Buffer.alloc(REQUEST_SIZE))
  readonly #answer = Buffer.alloc(ANSWER_SIZE)
  #seq = 0

  /** @throws {SysError} */
  constructor(libc: Libc) {
    this.#libc = libc
    this.#fd = openKernelSocket(libc, NETLINK_SOCK_DIAG)
    this.#send = libc.function('send')
    this.#receive = libc.function('recv')
    writeU32(this.#request, 0xffffffff, STATES)
    writeU32(this.#request, LO, SOCKET + 36) // for sockets that are bound to a link
    this.#request.fill(0xff, COOKIE, COOKIE + 8) // any
  }

  [Symbol.dispose](): void {
    this.#libc.call('close', this.#fd)
  }

  /**
   * The socket at `near` that hears what comes from `far`, as the kernel itself would find it for a packet; undefined
   * where there is none, and when the kernel cannot say.
   */
  find(near: SocketEnd, far: SocketEnd, transport: IpProtocol): SocketOwner | undefined {
    const request = this.#request
    writeU32(request, (this.#seq = (this.#seq + 1) >>> 0), SEQ)
    request[FAMILY] = near.address.family
    request[FAMILY + 1] = PROTOCOL[transport]
    // A UDP socket is looked for as the receiver of a packet: its own end is the destination there.
    const [source, destination] = transport === 'udp' ? [far, near] : [near, far]
    request.writeUInt16BE(source.port, SOCKET)
    request.writeUInt16BE(destination.port, SOCKET + 2)
    request.fill(0, SOCKET + 4, SOCKET + 36)
    request.set(source.address.bytes, SOCKET + 4)
    request.set(destination.address.bytes, SOCKET + 20)
    return this.#send(this.#fd, request, request.length, MSG_DONTWAIT) < 0 ? undefined : this.#owner()
  }

  /** Reads the answer to the last request. */
  #owner(): SocketOwner | undefined {
    for (let stray = 0; stray < MAX_STRAY; stray++) {
      const length = this.#receive(this.#fd, this.#answer, ANSWER_SIZE, MSG_DONTWAIT)
      if (length < 16) return undefined
      const message = this.#answer.subarray(0, length)
      if (readU32(message, SEQ) === this.#seq) return ownerIn(message)
    }
    return undefined
  }
}

/** Undefined for an error, ENOENT in most cases. */
function ownerIn(message: Buffer): SocketOwner | undefined {
  if (message.length < ATTRIBUTES || readU16(message, 4) !== SOCK_DIAG_BY_FAMILY) return undefined
  const cgroup = splitAttributes(message, ATTRIBUTES).get(INET_DIAG_CGROUP_ID)
  return { uid: readU32(message, UID), cgroup: cgroup?.toString('hex') }
}
