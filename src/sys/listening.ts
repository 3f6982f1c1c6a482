import net from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { AF_INET, type IpProtocol, type Log, type Millis, reasonOf } from '../base/index.ts'
import { BatchedUdp } from './batched-udp.ts'
import type { DatagramListener, ListenAddress } from './datagram-listener.ts'
import type { KeptSockets } from './kept-sockets.ts'
import type { Libc } from './libc.ts'
import { PacketBatch } from './packet-batch.ts'
import { PlainUdp } from './plain-udp.ts'
import { decodeSockaddr, encodeSockaddr, SOCKADDR_SIZE, type SocketAddress } from './sockaddr.ts'
import * as options from './socket-options.ts'

/** Bytes for a burst of some thousand queries; the kernel counts more than their payload. */
const RECEIVE_BUFFER = 8 * 1024 * 1024
const BACKLOG = 1024
/** R-STUB-17. */
const FAST_OPEN_QUEUE = 5
/** How often, and for how long, an address is tried again that the resolver we replace still has. */
const RETRY_INTERVAL: Millis = 50
const MAX_RETRIES = 1200

/** Opens the listening sockets of the stub; with plain Node where the C library cannot be called. */
export class Listening {
  readonly #libc: Libc | undefined
  readonly #log: Log
  readonly #kept: KeptSockets | undefined
  readonly #replaces: boolean

  /**
   * @param kept where sockets of an earlier run are found, and those of this one kept for the next
   * @param replaces addresses are taken from a resolver that still runs: UDP at once, if it has set SO_REUSEADDR, as Linux
   *   gives datagrams to the socket bound last; TCP as soon as it ends
   */
  constructor(libc: Libc | undefined, log: Log, kept?: KeptSockets, replaces = false) {
    this.#libc = libc
    this.#log = log
    this.#kept = kept
    this.#replaces = replaces
  }

  /** @throws an error with the system's `code`: EADDRINUSE, EACCES, EADDRNOTAVAIL … */
  async udp(at: ListenAddress): Promise<DatagramListener> {
    const libc = this.#libc
    if (libc === undefined || !PacketBatch.isSupported(libc)) return PlainUdp.open(at, this.#log)
    const fd =
      this.#kept?.take(placeOf('udp', at)) ??
      openBound(libc, at, options.SOCK_DGRAM, (opened) => {
        options.setReuseAddress(libc, opened, this.#replaces)
        options.setReceiveBuffer(libc, opened, RECEIVE_BUFFER)
        if (at.address.isUnspecified) options.tellAddressAsked(libc, opened, at.address.family)
      })
    // With SO_REUSEADDR a second daemon could share the port unnoticed, and take our queries. Whoever replaces another may be
    // replaced as well, until it is started anew.
    if (!this.#replaces) options.setReuseAddress(libc, fd, false)
    this.#kept?.keep(placeOf('udp', at), fd)
    return new BatchedUdp(libc, this.#log, fd, localAddress(libc, fd))
  }

  /**
   * Loads what Node needs for TCP, which takes it some milliseconds the first time, piece by piece: datagrams that wait are answered
   * in between. The first immediate may run in the turn under way, which looks at no sockets any more.
   */
  async prepareTcp(): Promise<void> {
    await nextTurn()
    for (const load of [() => import('node:stream'), () => import('node:net')]) {
      await nextTurn()
      await load()
    }
    await nextTurn()
  }

  /** A server that listens, or will when the resolver we replace has ended; the caller adds 'connection'. @throws as `udp` */
  async tcp(at: ListenAddress): Promise<net.Server> {
    // A client that has closed its sending half still waits for answers.
    const server = net.createServer({ noDelay: true, allowHalfOpen: true })
    try {
      await this.#listen(server, at)
    } catch (error) {
      if (!this.#replaces || !isTaken(error)) throw error
      this.#listenLater(server, at)
    }
    return server
  }

  #listenLater(server: net.Server, at: ListenAddress): void {
    let retries = 0
    const retry = () => {
      this.#listen(server, at).then(stop, (error: unknown) => {
        if (isTaken(error) && ++retries < MAX_RETRIES) return
        stop()
        this.#log.warning(`${at.address.text} port ${at.port} (tcp) stays closed until a restart: ${reasonOf(error)}`)
      })
    }
    const timer = setInterval(retry, RETRY_INTERVAL)
    const stop = () => clearInterval(timer)
    server.once('close', stop)
  }

  async #listen(server: net.Server, at: ListenAddress): Promise<void> {
    const libc = this.#libc
    const host = at.address.text
    if (libc === undefined) return listening(server, { host, port: at.port, ipv6Only: true, backlog: BACKLOG })
    const fd =
      this.#kept?.take(placeOf('tcp', at)) ??
      openBound(libc, at, options.SOCK_STREAM, (opened) => {
        options.setReuseAddress(libc, opened)
        options.allowFastOpen(libc, opened, FAST_OPEN_QUEUE)
      })
    await listening(server, { fd, backlog: BACKLOG })
    this.#kept?.keep(placeOf('tcp', at), fd)
  }
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
}

function placeOf(transport: string, { address, port }: ListenAddress): string {
  return `${transport}-${address.text}-${port}`
}

/** Whether the address could be bound now, found out by binding it for a moment; false when that cannot be tested. */
export function isFree(libc: Libc | undefined, at: ListenAddress, transport: IpProtocol): boolean {
  if (libc === undefined) return false
  const [type, prepare] =
    transport === 'udp'
      ? [options.SOCK_DGRAM, () => {}]
      : [options.SOCK_STREAM, (opened: number) => options.setReuseAddress(libc, opened)]
  try {
    libc.call('close', openBound(libc, at, type, prepare))
    return true
  } catch {
    return false
  }
}

/** A bound socket, for the caller to close; `prepare` sets what must be set before. */
function openBound(libc: Libc, at: ListenAddress, type: number, prepare: (fd: number) => void): number {
  const { family } = at.address
  const fd = options.openSocket(libc, family, type)
  try {
    if (family !== AF_INET) options.setV6Only(libc, fd)
    if (at.onlyLoopback === true) options.bindToLoopback(libc, fd)
    if (at.ttl !== undefined) options.setTtl(libc, fd, family, at.ttl)
    if (at.freebind === true) options.setFreebind(libc, fd, family)
    prepare(fd)
    const name = encodeSockaddr({ address: at.address, port: at.port, scopeId: 0 })
    libc.call('bind', fd, name, name.length)
    return fd
  } catch (error) {
    libc.call('close', fd)
    throw error
  }
}

function localAddress(libc: Libc, fd: number): SocketAddress {
  const name = Buffer.alloc(SOCKADDR_SIZE)
  libc.call('getsockname', fd, name, Uint32Array.of(name.length))
  const address = decodeSockaddr(name)
  if (address === undefined) throw new Error('a socket without an address')
  return address
}

function listening(server: net.Server, at: net.ListenOptions | { fd: number; backlog: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(at, () => {
      server.off('error', reject)
      resolve()
    })
  })
}
