import { type Libc, SysError } from './libc.ts'
import { hostInt } from './sockaddr.ts'

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

const EPOLL_CLOEXEC = 0o2000000
const EPOLL_CTL_ADD = 1
const EPOLLIN = 1
const EBADF = 9
const EAGAIN = 11
const MSG_ERRQUEUE = 0x2000
/** struct epoll_event is packed on x86 alone; the descriptor goes where the caller's data may. */
const IS_PACKED = process.arch === 'x64' || process.arch === 'ia32'
const EVENT = IS_PACKED ? 12 : 16
const EVENT_DATA = IS_PACKED ? 4 : 8
const MAX_EVENTS = 64
/** Rounds of events before the rest of the daemon has its turn. */
const MAX_ROUNDS = 8

/**
 * Watches many short-lived sockets through one epoll descriptor, which libuv watches in turn. A question over a socket
 * of its own costs some 30 µs of CPU this way and 65 through `dgram`; the difference is what Node sets up and
 * takes down around each socket.
 */
export class UdpWatch implements Disposable {
  readonly #libc: Libc
  readonly #epoll: number
  readonly #poll: { close(): void; ref(): void; unref(): void }
  readonly #watched = new Map<number, UdpEvents>()
  readonly #events = Buffer.alloc(EVENT * MAX_EVENTS)
  readonly #bytes = Buffer.alloc(0x1_0000)
  #isClosed = false

  constructor(libc: Libc) {
    this.#libc = libc
    this.#epoll = libc.call('epoll_create1', EPOLL_CLOEXEC)
    this.#poll = libc.koffi.node.poll(this.#epoll, { readable: true }, () => this.#onReadable())
    this.#poll.unref() // only open sockets are a reason to go on living
  }

  /** Takes over a connected, non-blocking socket. @throws {SysError}; the socket is still the caller's then */
  add(fd: number, events: UdpEvents): ConnectedUdp {
    const event = Buffer.alloc(EVENT)
    hostInt(EPOLLIN).copy(event)
    event.writeInt32LE(fd, EVENT_DATA)
    this.#libc.call('epoll_ctl', this.#epoll, EPOLL_CTL_ADD, fd, event)
    if (this.#watched.size === 0) this.#poll.ref()
    this.#watched.set(fd, events)
    return { send: (bytes) => this.#send(fd, events, bytes), close: () => this.#close(fd, events) }
  }

  /** Closes all sockets without a word. */
  [Symbol.dispose](): void {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const [fd, events] of this.#watched) this.#close(fd, events)
    this.#poll.close()
    this.#libc.call('close', this.#epoll)
  }

  #send(fd: number, events: UdpEvents, bytes: Buffer): void {
    if (this.#watched.get(fd) !== events) throw new SysError(EBADF, 'send')
    this.#libc.call('send', fd, bytes, bytes.length, 0)
  }

  /** Closing takes it out of the epoll set too. The number may be another's by the second time. */
  #close(fd: number, events: UdpEvents): void {
    if (this.#watched.get(fd) !== events) return
    this.#watched.delete(fd)
    this.#libc.call('close', fd)
    if (this.#watched.size === 0 && !this.#isClosed) this.#poll.unref()
  }

  #onReadable(): void {
    const wait = this.#libc.function('epoll_wait')
    for (let round = 0; round < MAX_ROUNDS && !this.#isClosed; round++) {
      const count = wait(this.#epoll, this.#events, MAX_EVENTS, 0)
      for (let i = 0; i < count; i++) this.#read(this.#events.readInt32LE(i * EVENT + EVENT_DATA))
      if (count < MAX_EVENTS) return
    }
  }

  /** One datagram or one error; epoll tells again while there is more. */
  #read(fd: number): void {
    const events = this.#watched.get(fd)
    if (events === undefined) return // closed by what an earlier event of this round set in motion
    const length = this.#libc.function('recv')(fd, this.#bytes, this.#bytes.length, 0)
    if (length >= 0) return events.onMessage(copyOf(this.#bytes, length))
    if (this.#libc.koffi.errno() !== EAGAIN) return events.onError(this.#libc.lastError('recv'))
    // Nothing to read and no error to tell: what is left is the record of an error told already.
    this.#libc.function('recv')(fd, this.#bytes, this.#bytes.length, MSG_ERRQUEUE)
  }
}

/** Memory of its own: answers live long in caches, and would keep a whole slab of Node's pool alive. */
function copyOf(bytes: Buffer, length: number): Buffer {
  const copy = Buffer.allocUnsafeSlow(length)
  bytes.copy(copy, 0, 0, length)
  return copy
}
