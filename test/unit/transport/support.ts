import dgram from 'node:dgram'
import net from 'node:net'
import tls from 'node:tls'
import { type Channel, CHANNELS, type Clock, IpAddress, Logger } from '../../../src/base/index.ts'
import { Libc, Outgoing, SystemRandom } from '../../../src/sys/index.ts'
import { type ChannelContext, ChannelTransports } from '../../../src/transport/index.ts'
import { openTcpTransport } from '../../../src/transport/tcp-transport.ts'
import { TlsTransport } from '../../../src/transport/tls-transport.ts'
import { UdpTransport } from '../../../src/transport/udp-transport.ts'
import type { Endpoint, OutgoingQuery, Transport } from '../../../src/upstream/index.ts'
import { frame, StreamFramer } from '../../../src/wire/index.ts'
import { TestAuthority } from '../../kit/certificates.ts'

export const libc = Libc.load(new Logger('err', () => {}))
export const LOOPBACK = IpAddress.parse('127.0.0.1') as IpAddress

const KIND_NAMES = [
  'udp',
  'tcp',
  'tls',
  'all, udp',
  'all, tcp',
  'all, tls',
  'udp without koffi',
  'tcp without koffi',
] as const
export type Kind = (typeof KIND_NAMES)[number]
export const KINDS: readonly Kind[] = KIND_NAMES

/** For servers whose certificate nobody looks at. The texts are enough: a process of tests may end without a last word. */
const { credentials, roots } = withAuthority((authority) => ({
  credentials: authority.certificate({ san: 'DNS:dns.test,IP:127.0.0.1' }),
  roots: { path: authority.caFile, text: authority.ca },
}))

function withAuthority<T>(make: (authority: TestAuthority) => T): T {
  using authority = new TestAuthority()
  return make(authority)
}

export function openTransport(kind: Kind, clock: Clock): Transport & AsyncDisposable {
  const outgoing = new Outgoing(kind.endsWith('koffi') ? undefined : libc)
  const context = contextOf(outgoing, clock)
  if (kind.startsWith('all')) return new ChannelTransports(context)
  if (kind === 'tls') return new TlsTransport(context)
  return kind.startsWith('udp') ? new UdpTransport(context) : openTcpTransport(context)
}

export function contextOf(outgoing: Outgoing, clock: Clock): ChannelContext {
  return { outgoing, clock, random: new SystemRandom(), roots: () => roots }
}

export const channelOf = (kind: Kind): Channel => CHANNELS.find((channel) => kind.includes(channel)) ?? 'udp'

/** A message of twelve header bytes and some text. */
export function message(id: number, text: string): Buffer {
  const wire = Buffer.alloc(12 + text.length)
  wire.writeUInt16BE(id)
  wire.write(text, 12)
  return wire
}
export const textOf = (wire: Buffer): string => wire.toString('latin1', 12)

export function queryTo(
  port: number,
  channel: Channel,
  id: number,
  text: string,
  change: Partial<OutgoingQuery & Endpoint> = {},
): OutgoingQuery {
  const endpoint = { address: LOOPBACK, port, ifindex: 0, serverName: undefined, ...change }
  const isAnsweredBy = (reply: Buffer) => reply.readUInt16BE(0) === id && textOf(reply) === `re ${text}`
  return { endpoint, channel, wire: message(id, text), patience: 5000, earlier: 0, isAnsweredBy, ...change }
}

export type Send = (reply: Buffer) => void
export interface Upstream extends AsyncDisposable {
  readonly port: number
  readonly ports: number[]
  connections: number
  /** Of these, those that are open now. */
  readonly open: number
  /** Ends or resets all TCP connections. */
  hangUp(): void
}

/** A server that hands every message and a way to answer it to `serve`. */
export async function openUpstream(
  channel: Channel,
  serve: (query: Buffer, send: Send, number: number) => void,
): Promise<Upstream> {
  return channel === 'udp' ? openUdpUpstream(serve) : openStreamUpstream(serve, channel)
}

type Serve = (query: Buffer, send: Send, number: number) => void

async function openUdpUpstream(serve: Serve): Promise<Upstream> {
  const socket = dgram.createSocket('udp4')
  const ports: number[] = []
  socket.on('message', (query, peer) => {
    ports.push(peer.port)
    serve(query, (reply) => socket.send(reply, peer.port, peer.address), ports.length)
  })
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  const close = () => new Promise<void>((resolve) => socket.close(() => resolve()))
  return { port: socket.address().port, ports, connections: 0, open: 0, hangUp() {}, [Symbol.asyncDispose]: close }
}

async function openStreamUpstream(serve: Serve, channel: Channel): Promise<Upstream> {
  const sockets = new Set<net.Socket>()
  let count = 0
  const server = channel === 'tls' ? tls.createServer(credentials) : net.createServer()
  server.on(channel === 'tls' ? 'secureConnection' : 'connection', (socket: net.Socket) => {
    const framer = new StreamFramer()
    sockets.add(socket)
    upstream.connections++
    upstream.ports.push(socket.remotePort ?? 0)
    socket.on('close', () => sockets.delete(socket)).on('error', () => {})
    socket.on('data', (chunk) => {
      for (const query of framer.push(chunk)) serve(query, (reply) => socket.write(frame(reply)), ++count)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve))
  const hangUp = () => {
    for (const socket of sockets) socket.end()
  }
  const upstream: Upstream = {
    port: (server.address() as net.AddressInfo).port,
    ports: [],
    connections: 0,
    get open() {
      return sockets.size
    },
    hangUp,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
  return upstream
}

/** Waits, in real time, until something holds. */
export async function until(holds: () => boolean): Promise<void> {
  for (let left = 4000; left > 0; left--) {
    if (holds()) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error('waited in vain')
}

/** The code of the TransportError a promise is rejected with. */
export async function failureOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
    return 'no failure'
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  }
}
