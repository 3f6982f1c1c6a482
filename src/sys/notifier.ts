import { type Log, reasonOf } from '../base/index.ts'
import type { Libc } from './libc.ts'
import { encodeUnixSockaddr } from './sockaddr.ts'

const AF_UNIX = 1
const SOCK_DGRAM = 2
const SOCK_CLOEXEC = 0o2000000
const MSG_NOSIGNAL = 0x4000

/** Reports state to the service manager by the protocol of sd_notify(3). Does nothing without $NOTIFY_SOCKET. */
export class Notifier {
  readonly #libc: Libc | undefined
  readonly #log: Log
  readonly #address: Buffer | undefined

  /** @param socket the value of $NOTIFY_SOCKET, a path or '@' and an abstract name */
  constructor(libc: Libc | undefined, socket: string | undefined, log: Log) {
    this.#libc = libc
    this.#log = log
    if (socket === undefined || socket === '') return
    this.#address = encodeUnixSockaddr(socket)
    if (this.#address === undefined) log.warning(`NOTIFY_SOCKET=${socket} is no socket we can reach`)
    else if (libc === undefined) log.warning('The service manager waits for readiness, but cannot be told')
  }

  /** Sends lines such as `READY=1`, `STATUS=…`. True when they were handed over; failing is logged, not thrown. */
  notify(...lines: string[]): boolean {
    if (this.#address === undefined || this.#libc === undefined) return false
    try {
      this.#send(this.#libc, Buffer.from(lines.join('\n')), this.#address)
      return true
    } catch (error) {
      this.#log.warning(`Cannot notify the service manager: ${reasonOf(error)}`)
      return false
    }
  }

  /** A new socket each time, as this happens rarely. */
  #send(libc: Libc, text: Buffer, address: Buffer): void {
    const fd = libc.call('socket', AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)
    try {
      libc.call('sendto', fd, text, text.length, MSG_NOSIGNAL, address, address.length)
    } finally {
      libc.call('close', fd)
    }
  }
}
