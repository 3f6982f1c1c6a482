import { type Log, reasonOf } from '../base/index.ts'
import { Epoll, EPOLLIN, type Watched } from './epoll.ts'
import type { Libc } from './libc.ts'
import { encodeUnixSockaddr } from './sockaddr.ts'
import { credentialsReader, type PeerCredentials, SOCK_STREAM } from './socket-options.ts'
import type { TurnWatch } from './turn-watch.ts'
import { UnixStream } from './unix-stream.ts'

const AF_UNIX = 1
const SOCK_NONBLOCK = 0o4000
const SOCK_CLOEXEC = 0o2000000
const EAGAIN = 11
/** Milliseconds after a failed accept() before the next: descriptors may be free again by then. */
const PAUSE = 100
/** Bytes read from a client at a time. */
const SCRATCH_SIZE = 0x1_0000

/** `groups` asks the kernel each time. */
export type OnUnixConnection = (stream: UnixStream, peer: PeerCredentials & { groups(): readonly number[] }) => void

/** fcntl(2) on Linux. */
const F_SETFD = 2
const FD_CLOEXEC = 1
const F_SETFL = 4

/**
 * A unix stream listener that tells the credentials of its clients (SO_PEERCRED), which Node cannot. The listening socket
 * and all connections share one epoll descriptor, so that arrivals and departures are served in one turn.
 */
export class UnixListener implements Disposable {
  readonly #libc: Libc
  readonly #log: Log
  readonly #epoll: Epoll
  readonly #scratch = Buffer.alloc(SCRATCH_SIZE)
  readonly #credentialsOf: (fd: number) => PeerCredentials
  readonly #watched: Watched

  private constructor(libc: Libc, log: Log, fd: number, onConnection: OnUnixConnection, turnWatch?: TurnWatch) {
    this.#libc = libc
    this.#log = log
    this.#epoll = new Epoll(libc, 'varlink', turnWatch)
    this.#credentialsOf = credentialsReader(libc)
    try {
      this.#watched = this.#epoll.add(fd, EPOLLIN, () => this.#accept(fd, onConnection))
    } catch (error) {
      this.#epoll[Symbol.dispose]()
      throw error
    }
  }

  /** Makes the socket at `path`, which must not exist, with these permissions from the start. @throws {SysError} */
  static listen(
    libc: Libc,
    log: Log,
    path: string,
    mode: number,
    backlog: number,
    onConnection: OnUnixConnection,
    turnWatch?: TurnWatch,
  ): UnixListener {
    const name = encodeUnixSockaddr(path)
    if (name === undefined) throw new RangeError(`${path} is no path for a socket`)
    const fd = libc.call('socket', AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)
    try {
      libc.call('bind', fd, name, name.length)
      libc.call('chmod', path, mode) // nobody can connect before listen()
      libc.call('listen', fd, backlog)
      return new UnixListener(libc, log, fd, onConnection, turnWatch)
    } catch (error) {
      libc.call('close', fd)
      throw error
    }
  }

  /** Takes ownership of a socket that listens already (socket activation). @throws {SysError} */
  static adopt(libc: Libc, log: Log, fd: number, onConnection: OnUnixConnection, turnWatch?: TurnWatch): UnixListener {
    libc.call('fcntl', fd, F_SETFD, FD_CLOEXEC)
    libc.call('fcntl', fd, F_SETFL, SOCK_NONBLOCK) // who has connected may be gone again before accept()
    return new UnixListener(libc, log, fd, onConnection, turnWatch)
  }

  /** Stops listening. The file stays, for the owner of its folder to remove; connections go on until they are closed. */
  [Symbol.dispose](): void {
    this.#epoll.close(this.#watched)
    this.#epoll.retire()
  }

  /** One client per call, so that departures are noticed between arrivals and few fast clients are not counted as many. */
  #accept(listener: number, onConnection: OnUnixConnection): void {
    const fd = this.#libc.function('accept4')(listener, null, null, SOCK_NONBLOCK | SOCK_CLOEXEC)
    if (fd >= 0) this.#onAccepted(fd, onConnection)
    else this.#onAcceptFailed()
  }

  #onAccepted(fd: number, onConnection: OnUnixConnection): void {
    const stream = new UnixStream(this.#libc, this.#epoll, fd, this.#scratch)
    try {
      const { pid, uid, gid } = this.#credentialsOf(fd)
      onConnection(stream, { pid, uid, gid, groups: () => [gid, ...stream.groups()] })
    } catch (error) {
      this.#log.bug(error)
      stream.destroy()
    }
  }

  /** The reason, such as too many open files, would still hold at once: accepting pauses, and the others are served. */
  #onAcceptFailed(): void {
    if (this.#libc.koffi.errno() === EAGAIN) return
    this.#log.warning(`Cannot accept a client: ${reasonOf(this.#libc.lastError('accept4'))}`)
    this.#epoll.change(this.#watched, 0)
    const goOn = () => this.#epoll.has(this.#watched) && this.#epoll.change(this.#watched, EPOLLIN)
    setTimeout(goOn, PAUSE).unref()
  }
}
