import dgram from 'node:dgram'
import { AF_INET, IpAddress, type Log } from '../base/index.ts'
import type { DatagramHandler, DatagramListener, ListenAddress, Peer } from './datagram-listener.ts'

/** Bytes asked for; the kernel gives no more than twice rmem_max, which is some 500 queries. */
const RECEIVE_BUFFER = 8 * 1024 * 1024
/** Bytes of room for replies that the handler writes at once. */
const ROOM = 4096

/** A UDP listener of plain Node, where the C library cannot be called. */
export class PlainUdp implements DatagramListener {
  readonly address: IpAddress
  readonly port: number
  readonly #socket: dgram.Socket
  readonly #log: Log
  #isClosed = false

  private constructor(socket: dgram.Socket, address: IpAddress, log: Log) {
    this.#socket = socket
    this.#log = log
    this.address = address
    this.port = socket.address().port
    socket.on('error', (error) => log.warning(`UDP listener ${address.text}: ${error.message}`))
  }

  /** @throws an error with the system's `code` */
  static async open({ address, port, ttl }: ListenAddress, log: Log): Promise<PlainUdp> {
    const isV4 = address.family === AF_INET
    const type = isV4 ? 'udp4' : 'udp6'
    const socket = dgram.createSocket({ type, ipv6Only: !isV4, recvBufferSize: RECEIVE_BUFFER })
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject)
        socket.bind({ address: address.text, port, exclusive: true }, resolve)
      })
      socket.removeAllListeners('error')
      if (ttl !== undefined) socket.setTTL(ttl)
      return new PlainUdp(socket, address, log)
    } catch (error) {
      socket.close()
      throw error
    }
  }

  serve(handler: DatagramHandler): void {
    const room = Buffer.alloc(ROOM)
    this.#socket.on('message', (packet, sender) => {
      const peer = new PlainPeer(sender)
      try {
        handler.onBatch()
        const size = handler.onDatagram(packet, peer, room)
        if (size > 0) this.send(room.subarray(0, size), peer)
      } catch (error) {
        this.#log.bug(error)
      }
    })
  }

  /** Node reads on. */
  pause(): void {}

  resume(): void {}

  send(reply: Buffer, peer: Peer): void {
    if (this.#isClosed || !(peer instanceof PlainPeer)) return
    // A copy: it is sent a tick later, when the caller may have reused its buffer.
    this.#socket.send(Buffer.from(reply), peer.port, peer.host, () => {})
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await new Promise<void>((resolve) => this.#socket.close(resolve))
  }
}

class PlainPeer implements Peer {
  /** With its zone, if any. */
  readonly host: string
  readonly port: number

  constructor(sender: dgram.RemoteInfo) {
    this.host = sender.address
    this.port = sender.port
  }

  get address(): IpAddress {
    const address = IpAddress.parse(this.host.split('%')[0] as string)
    if (address === undefined) throw new Error(`${this.host} is no address`)
    return address
  }

  get isLoopback(): boolean {
    return this.host.startsWith('127.') || this.host === '::1'
  }

  get key(): string {
    return `${this.host} ${this.port}`
  }

  keep(): Peer {
    return this
  }
}
