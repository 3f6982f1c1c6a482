import { copyOf } from './copy.ts'
import { type Epoll, EPOLLERR, EPOLLHUP, EPOLLIN, EPOLLOUT, type Watched } from './epoll.ts'
import type { Libc } from './libc.ts'
import { peerGroups } from './socket-options.ts'

/** Called by a connection. `onClose` comes once, and last. */
export interface UnixStreamEvents {
  /** The bytes are the receiver's to keep. */
  onData(bytes: Buffer): void
  /** The other end sends no more; it may still read. */
  onEnd(): void
  /** Some of the unsent bytes were sent. */
  onTaken(): void
  /** With the system's error, if that is why. */
  onClose(error: Error | undefined): void
}

const EAGAIN = 11
const MSG_NOSIGNAL = 0x4000
/** Unsent bytes from which on `isFull`; the kernel has buffered some 200 KiB by then. */
const HIGH_WATER = 16 * 1024
const NOTHING = Buffer.alloc(0)

/**
 * A unix stream connection by system calls alone. What is written is sent at once if the kernel takes it, so that a call
 * whose answer is known is accepted, read and answered within one turn of the event loop. Owns the descriptor.
 */
export class UnixStream {
  readonly #libc: Libc
  readonly #epoll: Epoll
  readonly #fd: number
  /** Read buffer shared by all connections; what is read is copied out of it. */
  readonly #scratch: Buffer
  #events: UnixStreamEvents | undefined
  /** Undefined before the start and after the end. */
  #watched: Watched | undefined
  #interest = EPOLLIN
  /** Bytes the kernel did not take yet, in order. */
  readonly #waiting: Buffer[] = []
  #unsent = 0
  #isPaused = false
  #hasEnded = false
  #isEnding = false
  #isClosed = false

  constructor(libc: Libc, epoll: Epoll, fd: number, scratch: Buffer) {
    this.#libc = libc
    this.#epoll = epoll
    this.#fd = fd
    this.#scratch = scratch
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Groups of the peer when it connected; none after closing, when the descriptor may belong to another socket. */
  groups(): readonly number[] {
    return this.#isClosed ? [] : peerGroups(this.#libc, this.#fd)
  }

  /** Bytes written that the kernel did not take yet. */
  get unsent(): number {
    return this.#unsent
  }

  /** True while it is better not to write more; `onTaken` tells when that is over. */
  get isFull(): boolean {
    return this.#unsent >= HIGH_WATER
  }

  /** Begins to read, at once. To be called once. */
  start(events: UnixStreamEvents): void {
    this.#events = events
    this.#read()
    if (this.#isClosed) return
    this.#interest = this.#wanted()
    try {
      this.#watched = this.#epoll.add(this.#fd, this.#interest, (bits) => this.#onReady(bits))
    } catch (error) {
      this.#close(error as Error)
    }
  }

  /** Keeps the bytes until they are sent: they must not change. */
  write(bytes: Buffer): void {
    if (this.#isClosed) return
    let sent = 0
    if (this.#unsent === 0) sent = this.#send(bytes)
    if (sent < 0 || sent === bytes.length) return
    this.#waiting.push(bytes.subarray(sent))
    this.#unsent += bytes.length - sent
    this.#update()
  }

  pause(): void {
    this.#isPaused = true
    this.#update()
  }

  resume(): void {
    this.#isPaused = false
    this.#update()
  }

  /** Closes when all that was written is sent. */
  end(): void {
    this.#isEnding = true
    if (this.#unsent === 0) this.#close(undefined)
  }

  /** Closes at once. */
  destroy(): void {
    this.#close(undefined)
  }

  /** Closes (EPIPE) if the peer has closed altogether and not only its sending half. */
  probe(): void {
    if (!this.#isClosed && this.#unsent === 0) this.#send(NOTHING)
  }

  #onReady(bits: number): void {
    if ((bits & EPOLLOUT) !== 0) this.#flush()
    if (this.#isClosed) return
    if ((this.#interest & EPOLLIN) !== 0) return this.#read()
    // HUP and ERR come without being asked for and stay: the peer is gone.
    if ((bits & (EPOLLHUP | EPOLLERR)) !== 0) this.#close(undefined)
  }

  /** One buffer at a time, so that a client that sends without end does not hold up others. */
  #read(): void {
    const length = this.#libc.function('recv')(this.#fd, this.#scratch, this.#scratch.length, 0)
    if (length > 0) return this.#events?.onData(copyOf(this.#scratch, length))
    if (length < 0) return this.#onFailure('recv')
    this.#hasEnded = true
    this.#update() // or epoll would report the end again and again
    this.#events?.onEnd()
  }

  #flush(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const sent = this.#send(next)
      if (sent < 0) return
      this.#unsent -= sent
      if (sent < next.length) {
        this.#waiting[0] = next.subarray(sent)
        break
      }
      this.#waiting.shift()
    }
    this.#update()
    this.#events?.onTaken()
    if (this.#isEnding && this.#unsent === 0) this.#close(undefined)
  }

  /** Bytes the kernel took; −1 when sending failed and closed the connection. */
  #send(bytes: Buffer): number {
    const sent = this.#libc.function('send')(this.#fd, bytes, bytes.length, MSG_NOSIGNAL)
    if (sent >= 0) return sent
    this.#onFailure('send')
    return this.#isClosed ? -1 : 0
  }

  #onFailure(call: string): void {
    if (this.#libc.koffi.errno() !== EAGAIN) this.#close(this.#libc.lastError(call))
  }

  /** The EPOLL* bits of interest now. */
  #wanted(): number {
    return (this.#isPaused || this.#hasEnded ? 0 : EPOLLIN) | (this.#unsent > 0 ? EPOLLOUT : 0)
  }

  #update(): void {
    if (this.#watched === undefined || this.#wanted() === this.#interest) return
    this.#interest = this.#wanted()
    this.#epoll.change(this.#watched, this.#interest)
  }

  #close(error: Error | undefined): void {
    if (this.#isClosed) return
    this.#isClosed = true
    if (this.#watched === undefined) this.#libc.call('close', this.#fd)
    else this.#epoll.close(this.#watched)
    this.#waiting.length = 0
    this.#unsent = 0
    this.#events?.onClose(error)
  }
}
