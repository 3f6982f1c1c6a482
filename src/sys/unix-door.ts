import net from 'node:net'
import type { Log } from '../base/index.ts'
import type { Libc } from './libc.ts'
import { encodeUnixSockaddr } from './sockaddr.ts'
import { type PeerCredentials, peerCredentials, SOCK_STREAM } from './socket-options.ts'

const AF_UNIX = 1
const SOCK_NONBLOCK = 0o4000
const SOCK_CLOEXEC = 0o2000000
const EAGAIN = 11
/** Connections taken before the rest of the daemon has its turn. */
const MAX_ROUNDS = 64

export type UnixVisitor = (socket: net.Socket, peer: PeerCredentials) => void

/**
 * A unix-domain stream listener that knows who comes in: it accepts by itself, because Node tells nobody the descriptor
 * of a connection, which SO_PEERCRED needs. Clients may shut down their half first and still be answered.
 */
export class UnixDoor implements Disposable {
  readonly #libc: Libc
  readonly #log: Log
  readonly #fd: number
  readonly #watch: { close(): void }
  #isClosed = false

  private constructor(libc: Libc, log: Log, fd: number, onVisitor: UnixVisitor) {
    this.#libc = libc
    this.#log = log
    this.#fd = fd
    this.#watch = libc.koffi.node.poll(fd, { readable: true }, () => this.#accept(onVisitor))
  }

  /** Makes the socket at `path`, which must not exist, with these permissions from the start. @throws {SysError} */
  static listen(libc: Libc, log: Log, path: string, mode: number, backlog: number, onVisitor: UnixVisitor): UnixDoor {
    const name = encodeUnixSockaddr(path)
    if (name === undefined) throw new RangeError(`${path} is no path for a socket`)
    const fd = libc.call('socket', AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)
    try {
      libc.call('bind', fd, name, name.length)
      libc.call('chmod', path, mode) // nobody can connect before listen()
      libc.call('listen', fd, backlog)
      return new UnixDoor(libc, log, fd, onVisitor)
    } catch (error) {
      libc.call('close', fd)
      throw error
    }
  }

  /** Takes over a socket the service manager listens on already, and which is ours to close. */
  static adopt(libc: Libc, log: Log, fd: number, onVisitor: UnixVisitor): UnixDoor {
    return new UnixDoor(libc, log, fd, onVisitor)
  }

  /** The file stays; who made its folder removes it. Connections live on. */
  [Symbol.dispose](): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#watch.close()
    this.#libc.call('close', this.#fd)
  }

  #accept(onVisitor: UnixVisitor): void {
    const accept = this.#libc.function('accept4')
    for (let round = 0; round < MAX_ROUNDS && !this.#isClosed; round++) {
      const fd = accept(this.#fd, null, null, SOCK_NONBLOCK | SOCK_CLOEXEC)
      if (fd < 0) return this.#onRefused()
      this.#welcome(fd, onVisitor)
    }
  }

  #welcome(fd: number, onVisitor: UnixVisitor): void {
    try {
      const peer = peerCredentials(this.#libc, fd)
      onVisitor(new net.Socket({ fd, readable: true, writable: true, allowHalfOpen: true }), peer)
    } catch (error) {
      this.#log.bug(error)
    }
  }

  #onRefused(): void {
    if (this.#libc.koffi.errno() !== EAGAIN)
      this.#log.warning(`Cannot accept a client: ${this.#libc.lastError('accept4').code}`)
  }
}
