import { AF_INET, IpAddress, type IpProtocol, type Log, reasonOf } from '../base/index.ts'
import type { Libc } from '../sys/index.ts'
import { decodeSockaddr, encodeSockaddr, openSocket, SOCK_DGRAM, SOCK_STREAM, SOCKADDR_SIZE } from '../sys/index.ts'
import { SockDiag, type SocketEnd, type SocketOwner } from './sock-diag.ts'

const HERE = IpAddress.of('127.0.0.1')
/** The discard port: nobody answers from there. */
const NOBODY: SocketEnd = { address: HERE, port: 9 }

/**
 * User and control group of the socket a packet on this machine came from, by SOCK_DIAG: cheap enough for every query
 * under load. (Which process that is costs far more: `ClientProcesses` in `sys/`.) Opens nothing before it is asked. A kernel
 * without SOCK_DIAG would look for a module at each request, so it is tested with a socket of our own first.
 */
export class SocketOwners implements Disposable {
  readonly #libc: Libc | undefined
  readonly #log: Log
  /** Whether the kernel can tell; undefined before the test. */
  readonly #isSupported = new Map<IpProtocol, boolean>()
  #diag: SockDiag | undefined

  constructor(libc: Libc | undefined, log: Log) {
    this.#libc = libc
    this.#log = log
  }

  [Symbol.dispose](): void {
    this.#diag?.[Symbol.dispose]()
    this.#diag = undefined
    for (const transport of ['udp', 'tcp'] as const) this.#isSupported.set(transport, false)
  }

  /**
   * `server`: where the packet was sent to, as a connected socket hears nobody else. Undefined when the client is not on
   * this machine or has closed its socket, and where the kernel cannot tell.
   */
  find(client: SocketEnd, server: SocketEnd, transport: IpProtocol): SocketOwner | undefined {
    let isSupported = this.#isSupported.get(transport)
    if (isSupported === undefined) {
      isSupported = this.#test(transport)
      this.#isSupported.set(transport, isSupported)
    }
    return isSupported ? this.#diag?.find(client, server, transport) : undefined
  }

  /** Whether the kernel finds a socket that exists. Says so once where it does not. */
  #test(transport: IpProtocol): boolean {
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
