import { AF_INET, IpAddress, type IpProtocol, type Log, reasonOf } from '../base/index.ts'
import type { Libc } from '../sys/index.ts'
import { decodeSockaddr, encodeSockaddr, openSocket, SOCK_DGRAM, SOCK_STREAM, SOCKADDR_SIZE } from '../sys/index.ts'
import { SockDiag, type SocketEnd, type SocketOwner } from './sock-diag.ts'

const HERE = IpAddress.of('127.0.0.1')
const NOBODY: SocketEnd = { address: HERE, port: 9 }

/**
 * Whose socket a packet on this machine came from, at once and without reading any table: 5 µs each. Opens nothing
 * before it is asked. A kernel that cannot tell would look for a module each time, so it is tried out first, and not
 * asked again when it fails.
 */
export class SocketOwners implements Disposable {
  readonly #libc: Libc | undefined
  readonly #log: Log
  readonly #isTelling = new Map<IpProtocol, boolean>()
  #diag: SockDiag | undefined

  constructor(libc: Libc | undefined, log: Log) {
    this.#libc = libc
    this.#log = log
  }

  [Symbol.dispose](): void {
    this.#diag?.[Symbol.dispose]()
    this.#diag = undefined
    for (const transport of ['udp', 'tcp'] as const) this.#isTelling.set(transport, false)
  }

  /**
   * `server`: where the packet was sent to, as a connected socket hears nobody else. Undefined when the client is not on
   * this machine or has closed its socket, and where the kernel cannot tell.
   */
  find(client: SocketEnd, server: SocketEnd, transport: IpProtocol): SocketOwner | undefined {
    let isTelling = this.#isTelling.get(transport)
    if (isTelling === undefined) {
      isTelling = this.#tryOut(transport)
      this.#isTelling.set(transport, isTelling)
    }
    return isTelling ? this.#diag?.find(client, server, transport) : undefined
  }

  #tryOut(transport: IpProtocol): boolean {
    if (this.#libc === undefined) return false
    try {
      this.#diag ??= new SockDiag(this.#libc)
      const diag = this.#diag
      const isKnown = withSocket(this.#libc, transport, (own) => diag.find(own, NOBODY, transport) !== undefined)
      if (!isKnown) throw new Error(`it does not know of a ${transport} socket that there is`)
      return true
    } catch (error) {
      this.#log.notice(`The kernel cannot tell whose sockets are (${reasonOf(error)}): under load, users share alike`)
      return false
    }
  }
}

/** A socket of our own, for as long as `use` takes. @throws {SysError} */
function withSocket<T>(libc: Libc, transport: IpProtocol, use: (own: SocketEnd) => T): T {
  const fd = openSocket(libc, AF_INET, transport === 'udp' ? SOCK_DGRAM : SOCK_STREAM)
  try {
    const any = encodeSockaddr({ address: HERE, port: 0, scopeId: 0 })
    libc.call('bind', fd, any, any.length)
    if (transport === 'tcp') libc.call('listen', fd, 1)
    const name = Buffer.alloc(SOCKADDR_SIZE)
    libc.call('getsockname', fd, name, Buffer.from(Int32Array.of(name.length).buffer))
    return use(decodeSockaddr(name) ?? NOBODY)
  } finally {
    libc.call('close', fd)
  }
}
