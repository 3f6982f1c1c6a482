import { type Log, reasonOf } from '../base/index.ts'
import type { Libc } from './libc.ts'
import { PacketBatch } from './packet-batch.ts'
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

  /**
   * Gives the service manager a copy of a descriptor, to be passed to the next process by this name (`FDSTORE=1`). It is not
   * watched: a socket that hangs up stays (`FDPOLL=0`). True when it was handed over, which is not to say that it is kept.
   */
  store(fd: number, name: string): boolean {
    if (this.#address === undefined || this.#libc === undefined || !PacketBatch.isSupported(this.#libc)) return false
    try {
      const text = Buffer.from(`FDSTORE=1\nFDPOLL=0\nFDNAME=${name}`)
      sendWithDescriptor(this.#libc, text, this.#address, fd)
      return true
    } catch (error) {
      this.#log.debug(`The service manager does not keep ${name}: ${reasonOf(error)}`)
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

const SOL_SOCKET = 1
const SCM_RIGHTS = 1
/** struct msghdr, iovec and cmsghdr of 64-bit machines, one after the other; then what they point to. */
const [MSGHDR, IOVEC, CMSGHDR] = [56, 16, 16]
const CONTROL_SPACE = CMSGHDR + 8

function sendWithDescriptor(libc: Libc, text: Buffer, address: Buffer, passed: number): void {
  const control = MSGHDR + IOVEC
  const name = control + CONTROL_SPACE
  const payload = name + address.length
  const memory = Buffer.from(new ArrayBuffer(payload + text.length)) // never moves: not in V8's heap
  const pointer = (offset: number) => libc.addressOf(memory) + BigInt(offset)
  memory.writeBigUInt64LE(pointer(name), 0)
  memory.writeUInt32LE(address.length, 8)
  memory.writeBigUInt64LE(pointer(MSGHDR), 16)
  memory.writeBigUInt64LE(1n, 24)
  memory.writeBigUInt64LE(pointer(control), 32)
  memory.writeBigUInt64LE(BigInt(CONTROL_SPACE), 40)
  memory.writeBigUInt64LE(pointer(payload), MSGHDR)
  memory.writeBigUInt64LE(BigInt(text.length), MSGHDR + 8)
  memory.writeBigUInt64LE(BigInt(CMSGHDR + 4), control)
  memory.writeInt32LE(SOL_SOCKET, control + 8)
  memory.writeInt32LE(SCM_RIGHTS, control + 12)
  memory.writeInt32LE(passed, control + CMSGHDR)
  address.copy(memory, name)
  text.copy(memory, payload)
  const fd = libc.call('socket', AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)
  try {
    libc.call('sendmsg', fd, memory, MSG_NOSIGNAL)
  } finally {
    libc.call('close', fd)
  }
}
