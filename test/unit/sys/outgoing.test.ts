import dgram from 'node:dgram'
import net from 'node:net'
import { expect, test, vi } from 'vitest'
import { IpAddress, Logger } from '../../../src/base/index.ts'
import { type ConnectedUdp, Libc, Outgoing } from '../../../src/sys/index.ts'
import { FIRST_PORT } from '../../../src/sys/source-ports.ts'

const libc = Libc.load(new Logger('err', () => {})) as Libc
const address = IpAddress.parse('127.0.0.1') as IpAddress

interface Echo {
  readonly port: number
  close(): void
  /** Tells the port that a message came from. */
  onPeer(tell: (port: number) => void): void
}

async function echo(): Promise<Echo> {
  const server = dgram.createSocket('udp4')
  server.on('message', (bytes, peer) => server.send(bytes, peer.port, peer.address))
  await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve))
  const onPeer = (tell: (port: number) => void) => void server.on('message', (_bytes, peer) => tell(peer.port))
  return { port: server.address().port, close: () => server.close(), onPeer }
}

test('sockets may be closed, twice too, and opened by what one of them hears', async () => {
  using outgoing = new Outgoing(libc)
  const server = await echo()
  const heard: string[] = []
  const sockets: ConnectedUdp[] = []
  await new Promise<void>((resolve) => {
    const open = (text: string): ConnectedUdp =>
      outgoing.connectUdp(
        { address, port: server.port, ifindex: 0 },
        {
          onMessage(bytes) {
            heard.push(`${text} ${bytes.toString()}`)
            if (text === 'late') return resolve()
            for (const socket of sockets) socket.close()
            const late = open('late')
            late.send(Buffer.from('too'))
            sockets[0]?.close() // its number may be the new one's by now
          },
          onError: (error) => heard.push(error.message),
        },
      )
    for (let i = 0; i < 10; i++) sockets.push(open('early'))
    for (const socket of sockets) socket.send(Buffer.from('hello'))
  })
  server.close()
  expect(heard).toEqual(['early hello', 'late too'])
})

test('replies that are left when the time of a turn is over are told of, as long as anybody waits for one', async () => {
  using outgoing = new Outgoing(libc)
  const server = await echo()
  const told: boolean[] = []
  const spend = (milliseconds: number) => {
    for (const end = performance.now() + milliseconds; performance.now() < end; );
  }
  const sockets: ConnectedUdp[] = []
  await new Promise<void>((resolve) => {
    const onMessage = () => {
      spend(1)
      if (told.push(outgoing.isBehind) === SOCKETS) resolve()
    }
    const SOCKETS = 30
    for (let i = 0; i < SOCKETS; i++) {
      sockets.push(outgoing.connectUdp({ address, port: server.port, ifindex: 0 }, { onMessage, onError: () => {} }))
    }
    for (const socket of sockets) socket.send(Buffer.from('hello'))
  })
  expect(told).toContain(true)
  server.close()
  for (const socket of sockets) socket.close()
  expect(outgoing.isBehind).toBe(false)
})

test('an empty datagram is one too', async () => {
  using outgoing = new Outgoing(libc)
  const server = await echo()
  const length = await new Promise((resolve, reject) => {
    const onMessage = (bytes: Buffer) => resolve(bytes.length)
    outgoing
      .connectUdp({ address, port: server.port, ifindex: 0 }, { onMessage, onError: reject })
      .send(Buffer.alloc(0))
  })
  server.close()
  expect(length).toBe(0)
})

test('nothing is told, and nothing can be sent, once all is closed', () => {
  const outgoing = new Outgoing(libc)
  const socket = outgoing.connectUdp({ address, port: 9, ifindex: 0 }, { onMessage() {}, onError() {} })
  outgoing[Symbol.dispose]()
  outgoing[Symbol.dispose]()
  socket.close()
  expect(() => socket.send(Buffer.from('x'))).toThrow('send: EBADF')
})

test('R-SRV-7: the port is our choice, and another where that one is taken', async () => {
  const server = await echo()
  const holder = dgram.createSocket('udp4')
  const taken = await new Promise<number>((resolve) => {
    holder.bind(0, '0.0.0.0', () => resolve(holder.address().port))
  })
  const drawn = [taken - FIRST_PORT, 21_000 - FIRST_PORT]
  using outgoing = new Outgoing(libc, { below: () => drawn.shift() ?? 0 })
  const port = await new Promise((resolve, reject) => {
    server.onPeer((peer) => resolve(peer))
    const events = { onMessage: () => {}, onError: reject }
    outgoing.connectUdp({ address, port: server.port, ifindex: 0 }, events).send(Buffer.from('x'))
  })
  holder.close()
  server.close()
  expect(port).toBe(21_000)
})

test('TCP: what has come may be acknowledged at any time, and a socket that is gone is left alone', async () => {
  using outgoing = new Outgoing(libc)
  const server = net.createServer((peer) => peer.on('error', () => undefined).end('hello'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const options = vi.spyOn(libc, 'function')
  const socket = outgoing.connectTcp({ address, port: (server.address() as net.AddressInfo).port, ifindex: 0 })
  const acknowledged = () => {
    options.mockClear()
    socket.acknowledge?.()
    return options.mock.calls.length
  }
  expect(acknowledged()).toBe(1)
  await new Promise((resolve) => socket.once('data', resolve))
  expect(acknowledged()).toBe(1)
  socket.destroy()
  expect(acknowledged()).toBe(0) // its number may be another's by now
  server.close()
  vi.restoreAllMocks()
})
