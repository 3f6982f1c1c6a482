import { Epoll, EPOLLIN, type Watched } from './epoll.ts'
import { type Libc, SysError } from './libc.ts'

export interface UdpEvents {
  /** The bytes are the receiver's to keep. */
  readonly onMessage: (bytes: Buffer) => void
  /** An ICMP error or worse, with the system's `code`; the socket is of no more use. */
  readonly onError: (error: Error) => void
}

/** A UDP socket of a port of its own that hears one peer only. */
export interface ConnectedUdp {
  /** Takes the bytes at once, or fails at once. @throws an error with the system's `code` */
  send(bytes: Buffer): void
  /** Nothing is told afterwards. */
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

  constructor(libc: Libc) {
    this.#libc = libc
    this.#send = libc.function('send')
    this.#recv = libc.function('recv')
    this.#epoll = new Epoll(libc)
  }

  /** Takes over a connected, non-blocking socket. @throws {SysError}; the socket is still the caller's then */
  add(fd: number, events: UdpEvents): ConnectedUdp {
    const watched = this.#epoll.add(fd, EPOLLIN, () => this.#read(fd, events))
    return { send: (bytes) => this.#sendTo(watched, bytes), close: () => void this.#epoll.close(watched) }
  }

  /** Closes all sockets without a word. */
  [Symbol.dispose](): void {
    this.#epoll[Symbol.dispose]()
  }

  #sendTo(watched: Watched, bytes: Buffer): void {
    if (!this.#epoll.has(watched)) throw new SysError(EBADF, 'send')
    if (this.#send(watched.fd, bytes, bytes.length, 0) < 0) throw this.#libc.lastError('send')
  }

  /** One datagram or one error; epoll tells again while there is more. */
  #read(fd: number, events: UdpEvents): void {
    const length = this.#recv(fd, this.#bytes, this.#bytes.length, 0)
    if (length >= 0) return events.onMessage(copyOf(this.#bytes, length))
    if (this.#libc.koffi.errno() !== EAGAIN) return events.onError(this.#libc.lastError('recv'))
    // Nothing to read and no error to tell: what is left is the record of an error told already.
    this.#recv(fd, this.#bytes, this.#bytes.length, MSG_ERRQUEUE)
  }
}

/** Out of Node's pool, as memory of its own costs the collector more: what is kept for long is copied by who keeps it. */
function copyOf(bytes: Buffer, length: number): Buffer {
  const copy = Buffer.allocUnsafe(length)
  bytes.copy(copy, 0, 0, length)
  return copy
}
