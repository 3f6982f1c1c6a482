import dgram from 'node:dgram'
import net from 'node:net'
import os from 'node:os'
import { AF_INET, type IfIndex, IpAddress, type Random } from '../base/index.ts'
import type { Libc } from './libc.ts'
import { encodeSockaddr } from './sockaddr.ts'
import { acknowledge, bindToLink, openSocket, reportErrors, SOCK_DGRAM, SOCK_STREAM } from './socket-options.ts'
import { SourcePorts } from './source-ports.ts'
import { SystemRandom } from './system-random.ts'
import type { TurnWatch } from './turn-watch.ts'
import { type ConnectedUdp, type UdpEvents, UdpWatch } from './udp-watch.ts'

/** The other end, and the link to it; ifindex 0 leaves the choice to the routing table. */
export interface Remote {
  readonly address: IpAddress
  readonly port: number
  readonly ifindex: IfIndex
}

/** A TCP connection to a server, perhaps still in the making. */
export interface TcpSocket extends net.Socket {
  /** As the option of this name. Without the C library the kernel does as it likes. */
  readonly acknowledge?: () => void
}

/** Without the C library a socket cannot be bound to this link; `code` as in errors of the system. */
export class LinkBindingError extends Error {
  readonly code = 'ENOTSUP'
}

/**
 * Opens sockets towards servers, through the link they must leave by. Without the C library only those can be opened
 * for which plain Node keeps to the link anyway; others fail rather than leak through another link.
 */
export class Outgoing implements Disposable {
  readonly #libc: Libc | undefined
  readonly #ports: SourcePorts
  readonly #turnWatch: TurnWatch | undefined
  #watch: UdpWatch | undefined

  constructor(libc: Libc | undefined, random: Random = new SystemRandom(libc), turnWatch?: TurnWatch) {
    this.#libc = libc
    this.#turnWatch = turnWatch
    this.#ports = new SourcePorts(random)
  }

  /** Called when most UDP ports of this machine have come to be taken, and questions go by TCP. */
  set onScarcePorts(told: () => void) {
    this.#ports.onScarce = told
  }

  /** More replies have come by UDP than could be read in this turn of the event loop. */
  get isBehind(): boolean {
    return this.#watch?.isBehind ?? false
  }

  /** Closes what is still open of UDP sockets; TCP ones are their owners'. */
  [Symbol.dispose](): void {
    this.#watch?.[Symbol.dispose]()
    this.#watch = undefined
  }

  /** From a fresh port that nobody can guess (R-SRV-7). @throws an error with the system's `code` */
  connectUdp(remote: Remote, events: UdpEvents): ConnectedUdp {
    if (this.#libc === undefined) return plainUdp(remote, events)
    this.#watch ??= new UdpWatch(this.#libc, this.#turnWatch)
    return boundUdp(this.#libc, this.#watch, this.#ports, remote, events)
  }

  /** Begins to connect; see 'connect' and 'error' of the socket. @throws an error with the system's `code` */
  connectTcp(remote: Remote): TcpSocket {
    const port = remote.port
    if (this.#libc === undefined) return net.connect({ host: zonedText(remote), port, noDelay: true })
    const libc = this.#libc
    const fd = openFor(libc, remote, SOCK_STREAM)
    const socket = new net.Socket({ fd }).connect({ host: remote.address.text, port, noDelay: true })
    return Object.assign(socket, { acknowledge: () => void (socket.destroyed || acknowledge(libc, fd)) })
  }
}

const ANY_V4 = IpAddress.of('0.0.0.0')
const ANY_V6 = IpAddress.of('::')
const EADDRINUSE = 98

function boundUdp(libc: Libc, watch: UdpWatch, ports: SourcePorts, remote: Remote, events: UdpEvents): ConnectedUdp {
  const fd = openFor(libc, remote, SOCK_DGRAM)
  try {
    reportErrors(libc, fd, remote.address.family)
    ports.bind((port) => bindTo(libc, fd, remote.address.family === AF_INET ? ANY_V4 : ANY_V6, port))
    const address = encodeSockaddr({ ...remote, scopeId: scopeOf(remote) })
    libc.call('connect', fd, address, address.length)
    return watch.add(fd, events)
  } catch (error) {
    libc.call('close', fd)
    throw error
  }
}

/** False when the port is taken. @throws {SysError} */
function bindTo(libc: Libc, fd: number, address: IpAddress, port: number): boolean {
  const own = encodeSockaddr({ address, port, scopeId: 0 })
  if (libc.function('bind')(fd, own, own.length) >= 0) return true
  const error = libc.lastError('bind')
  if (error.errno === EADDRINUSE) return false
  throw error
}

/** A socket bound to its link. */
function openFor(libc: Libc, { address, ifindex }: Remote, type: number): number {
  const fd = openSocket(libc, address.family, type)
  try {
    if (ifindex !== 0) bindToLink(libc, fd, ifindex)
    return fd
  } catch (error) {
    libc.call('close', fd)
    throw error
  }
}

function plainUdp(remote: Remote, { onMessage, onError }: UdpEvents): ConnectedUdp {
  const host = zonedText(remote)
  const socket = dgram.createSocket(remote.address.family === AF_INET ? 'udp4' : 'udp6')
  const connected = new Promise<void>((resolve) => socket.once('connect', resolve))
  let isOpen = true
  socket.on('message', onMessage).on('error', (error) => isOpen && onError(error))
  socket.connect(remote.port, host)
  return {
    send(bytes) {
      void connected.then(() => isOpen && socket.send(bytes, (error) => error !== null && isOpen && onError(error)))
    },
    close() {
      if (!isOpen) return
      isOpen = false
      socket.close()
    },
  }
}

/** The address with its zone, where plain Node can be held to the link. @throws {LinkBindingError} where it cannot */
function zonedText({ address, ifindex }: Remote): string {
  if (ifindex === 0) return address.text
  const name = address.family === AF_INET || !address.isLinkLocal ? undefined : nameOf(ifindex)
  if (name === undefined) throw new LinkBindingError('cannot bind a socket to a link without koffi')
  return `${address.text}%${name}`
}

/** Node tells a link's index only as the scope of its fe80 addresses. */
function nameOf(ifindex: IfIndex): string | undefined {
  for (const [name, addresses] of Object.entries(os.networkInterfaces())) {
    if (addresses?.some((own) => own.family === 'IPv6' && own.scopeid === ifindex)) return name
  }
  return undefined
}

function scopeOf({ address, ifindex }: Remote): number {
  return address.family !== AF_INET && address.isLinkLocal ? ifindex : 0
}
