import { closeSync, readSync, writeSync } from 'node:fs'
import type { Libc } from './libc.ts'
import { encodeUnixSockaddr } from './sockaddr.ts'

const AF_UNIX = 1
const SOCK_STREAM = 1
const SOCK_CLOEXEC = 0o2000000
const SOL_SOCKET = 1
const SO_RCVTIMEO = 20
const SO_SNDTIMEO = 21

/**
 * A connection to a unix socket for a program that does nothing else meanwhile: each call stops the thread until it is done.
 * Node's own sockets are loaded and told of what happens for longer than a short exchange takes. Errors have `code` and
 * `syscall`, as Node's; one that waited too long is EAGAIN.
 */
export class BlockingSocket implements Disposable {
  readonly #libc: Libc
  readonly #fd: number

  private constructor(libc: Libc, fd: number) {
    this.#libc = libc
    this.#fd = fd
  }

  /** Waits for a place in the listener's queue, for at most `patience` milliseconds. @throws {SysError} */
  static connect(libc: Libc, path: string, patience: number): BlockingSocket {
    const name = encodeUnixSockaddr(path)
    if (name === undefined) throw new RangeError(`${path} is no path for a socket`)
    const socket = new BlockingSocket(libc, libc.call('socket', AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0))
    try {
      socket.waitAtMost(patience)
      uninterrupted(() => libc.call('connect', socket.#fd, name, name.length))
      return socket
    } catch (error) {
      socket[Symbol.dispose]()
      throw error
    }
  }

  /** Milliseconds for each of the calls to come, above 0. @throws {SysError} */
  waitAtMost(patience: number): void {
    const time = Buffer.from(BigInt64Array.of(BigInt(Math.floor(patience / 1000)), microseconds(patience)).buffer)
    for (const option of [SO_RCVTIMEO, SO_SNDTIMEO]) {
      this.#libc.call('setsockopt', this.#fd, SOL_SOCKET, option, time, time.length)
    }
  }

  /** All of it. @throws {Error} */
  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) at += uninterrupted(() => writeSync(this.#fd, bytes, at))
  }

  /** Waits until something has come; its length, 0 when the peer has closed. @throws {Error} */
  read(into: Uint8Array): number {
    return uninterrupted(() => readSync(this.#fd, into))
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd)
  }
}

/** Begins again what a signal has ended before it did anything: also Control-Z and `fg` do, where a wait has an end (signal(7)). */
function uninterrupted<T>(call: () => T): T {
  for (;;) {
    try {
      return call()
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EINTR') throw error
    }
  }
}

/** The part below a second of what is given in milliseconds; all zero would mean to wait for ever. */
function microseconds(time: number): bigint {
  return BigInt(Math.max(1, Math.floor((time % 1000) * 1000)))
}
