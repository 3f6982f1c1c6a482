import { copyOf } from './copy.ts'
import { Epoll, EPOLLIN, type Watched } from './epoll.ts'
import { type Libc, SysError } from './libc.ts'
import type { TurnWatch } from './turn-watch.ts'

export interface UdpEvents {
  /** The bytes are the receiver's to keep. */
  readonly onMessage: (bytes: Buffer) => void
  /** An ICMP error or worse, with the system's `code`; the socket is of no more use. */
  readonly onError: (error: Error) => void
}

/** A UDP socket with a port of its own that receives from one peer only. */
export interface ConnectedUdp {
  /** Takes the bytes at once, or fails at once. @throws an error with the system's `code` */
  send(bytes: Buffer): void
  /** No event follows. */
  close(): void
}

const EBADF = 9
const EAGAIN = 11
const MSG_ERRQUEUE = 0x2000

/** Many short-lived sockets, each with a port of its own (R-SRV-7), behind one epoll descriptor. */
export class UdpWatch implements Disposable {
  readonly #libc: Libc
  readonly #send: ReturnType<Libc['function']>
  readonly #recv: ReturnType<Libc['function']>
  readonly #epoll: Epoll
  readonly #bytes = Buffer.alloc(0x1_0000)

  constructor(libc: Libc, turnWatch?: TurnWatch) {
    this.#libc = libc
    this.#send = libc.function('send')
    this.#recv = libc.function('recv')
    this.#epoll = new Epoll(libc, 'replies of servers', turnWatch)
  }

  /** More has come than could be read in this turn of the event loop. */
  get isBehind(): boolean {
    return this.#epoll.isBehind
  }

  /** Takes over a connected, non-blocking socket. @throws {SysError}; the socket is still the caller's then */
  add(fd: number, events: UdpEvents): ConnectedUdp {
    const watched = this.#epoll.add(fd, EPOLLIN, () => this.#read(fd, events))
    return { send: (bytes) => this.#sendTo(watched, bytes), close: () => void this.#epoll.close(watched) }
  }

  /** Closes all sockets; no event follows. */
  [Symbol.dispose](): void {
    this.#epoll[Symbol.dispose]()
  }

  #sendTo(watched: Watched, bytes: Buffer): void {
    if (!this.#epoll.has(watched)) throw new SysError(EBADF, 'send')
    if (this.#send(watched.fd, bytes, bytes.length, 0) < 0) throw this.#libc.lastError('send')
  }

  /** Reads one datagram or error; epoll (level-triggered) calls again while there is more. */
  #read(fd: number, events: UdpEvents): void {
    const length = this.#recv(fd, this.#bytes, this.#bytes.length, 0)
    if (length >= 0) return events.onMessage(copyOf(this.#bytes, length))
    if (this.#libc.koffi.errno() !== EAGAIN) return events.onError(this.#libc.lastError('recv'))
    // Neither data nor a new error: what wakes epoll is the error queue, with a copy of an error already reported.
    this.#recv(fd, this.#bytes, this.#bytes.length, MSG_ERRQUEUE)
  }
}
