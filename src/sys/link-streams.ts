import net from 'node:net'
import { AF_INET, type Family, type IfIndex, IpAddress, type Millis } from '../base/index.ts'
import type { Libc } from './libc.ts'
import { encodeSockaddr } from './sockaddr.ts'
import * as options from './socket-options.ts'

/** No router forwards what has it (MC-SOCK-2). */
const HOP_LIMIT = 1
/** Connections that wait to be accepted. */
const BACKLOG = 16
/** How long a neighbour may take none of what was written to it before the connection was closed. */
const FLUSH_PATIENCE: Millis = 1000

/** One port on one link, over one IP version. */
export interface LinkPort {
  readonly family: Family
  readonly ifindex: IfIndex
  readonly port: number
}

/** A TCP connection to or from a neighbour on one link. */
export interface LinkStream {
  write(bytes: Buffer): void
  /** Harmless when repeated; no event comes after it. What was written before is still sent. */
  close(): void
}

export interface LinkStreamEvents {
  /** The other end is there; of one that we connected. */
  onOpen(): void
  onData(chunk: Buffer): void
  /** Once: the other end has closed, or cannot be reached. */
  onClose(error: Error | undefined): void
}

/** What a program does with a connection that it was given. */
export type OnLinkConnection = (stream: LinkStream, from: IpAddress) => LinkStreamEvents

/**
 * Begins to connect to a neighbour; what a router says of it ends the attempt at once. @throws an error with the system's
 * `code`
 */
export function connectOnLink(libc: Libc, at: LinkPort, address: IpAddress, events: LinkStreamEvents): LinkStream {
  const fd = openOnLink(libc, at, (opened) => options.reportErrors(libc, opened, at.family))
  const socket = new net.Socket({ fd })
  const stream = new SocketStream(socket, events)
  socket.once('connect', () => stream.onOpen())
  socket.connect({ host: address.text, port: at.port, noDelay: true })
  return stream
}

/** Listens on one link only, to be ended by the caller. @throws an error with the system's `code`, such as EADDRINUSE */
export function listenOnLink(libc: Libc, at: LinkPort, onConnection: OnLinkConnection): Disposable {
  const fd = openOnLink(libc, at, (opened) => {
    options.setReuseAddress(libc, opened)
    if (at.family !== AF_INET) options.setV6Only(libc, opened)
    const unspecified = IpAddress.of(at.family === AF_INET ? '0.0.0.0' : '::')
    const name = encodeSockaddr({ address: unspecified, port: at.port, scopeId: 0 })
    libc.call('bind', opened, name, name.length)
    libc.call('listen', opened, BACKLOG)
  })
  const server = net.createServer({ noDelay: true }, (socket) => accept(socket, onConnection))
  server.on('error', () => {}) // what can go wrong has been found out above
  server.listen({ fd, backlog: BACKLOG })
  return { [Symbol.dispose]: () => void server.close() }
}

function accept(socket: net.Socket, onConnection: OnLinkConnection): void {
  const from = IpAddress.parse((socket.remoteAddress ?? '').replace(/%.*$/, ''))
  if (from === undefined) return void socket.destroy() // it has gone already
  const stream = new SocketStream(socket)
  stream.events = onConnection(stream, from)
}

class SocketStream implements LinkStream {
  events: LinkStreamEvents | undefined
  readonly #socket: net.Socket
  #isClosed = false
  #error: Error | undefined

  constructor(socket: net.Socket, events?: LinkStreamEvents) {
    this.events = events
    this.#socket = socket
    socket.on('data', (chunk) => !this.#isClosed && this.events?.onData(chunk))
    socket.on('error', (error) => (this.#error = error))
    socket.once('close', () => this.#onClose())
  }

  onOpen(): void {
    if (!this.#isClosed) this.events?.onOpen()
  }

  write(bytes: Buffer): void {
    if (!this.#isClosed) this.#socket.write(bytes)
  }

  close(): void {
    this.#isClosed = true
    if (this.#socket.connecting) return void this.#socket.destroy()
    this.#socket.destroySoon()
    this.#socket.setTimeout(FLUSH_PATIENCE, () => this.#socket.destroy())
  }

  #onClose(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.events?.onClose(this.#error)
  }
}

/** A TCP socket whose traffic leaves by the link and comes from it, and goes no further. @throws {SysError} */
function openOnLink(libc: Libc, { family, ifindex }: LinkPort, prepare: (fd: number) => void): number {
  const fd = options.openSocket(libc, family, options.SOCK_STREAM)
  try {
    options.bindToLink(libc, fd, ifindex)
    options.setTtl(libc, fd, family, HOP_LIMIT)
    prepare(fd)
    return fd
  } catch (error) {
    libc.call('close', fd)
    throw error
  }
}
