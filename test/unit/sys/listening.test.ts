import dgram from 'node:dgram'
import net from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { IpAddress, Lifetime, Logger } from '../../../src/base/index.ts'
import { type DatagramListener, Libc, Listening, type ListenAddress, type Peer } from '../../../src/sys/index.ts'

const lines: string[] = []
const log = new Logger('debug', (_level, line) => lines.push(line))
const libc = Libc.load(log)
const ip = (text: string) => IpAddress.parse(text) as IpAddress

function serve(listener: DatagramListener, handler: (packet: Buffer, peer: Peer) => void): void {
  listener.serve({
    onBatch() {},
    onDatagram(packet, peer) {
      handler(packet, peer)
      return 0
    },
  })
}

let life = new Lifetime()
afterEach(async () => {
  await life[Symbol.asyncDispose]()
  life = new Lifetime()
})

describe.each([
  ['batched', libc],
  ['plain', undefined],
])('%s UDP listener', (kind, source) => {
  const open = async (change: Partial<ListenAddress> = {}): Promise<DatagramListener> =>
    life.adopt(await new Listening(source, log).udp({ address: ip('127.0.0.1'), port: 0, ...change }))

  test('answers at once, many at a time, each to its own client', async () => {
    const listener = await open({ onlyLoopback: true, ttl: 1 })
    serve(listener, (packet, peer) => {
      expect(peer.isLoopback).toBe(true)
      expect(peer.address.text).toBe('127.0.0.1')
      packet[0] = 33
      listener.send(packet, peer)
    })
    const clients = await Promise.all([openClient(), openClient(), openClient()])
    const got = await Promise.all(
      clients.map((client, c) =>
        client.ask(
          listener.port,
          '127.0.0.1',
          many(40, (i) => `_${c} ${i}`),
        ),
      ),
    )
    expect(got).toEqual(clients.map((_, c) => many(40, (i) => `!${c} ${i}`)))
  })

  test('answers later, to a peer that was kept, from a packet that was copied', async () => {
    const listener = await open()
    const kept: [Buffer, Peer][] = []
    const keys = new Set<string>()
    serve(listener, (packet, peer) => {
      kept.push([Buffer.from(packet), peer.keep()])
      keys.add(peer.key)
      if (kept.length < 100) return
      setImmediate(() => {
        for (const [reply, client] of kept.toReversed()) listener.send(reply, client)
      })
    })
    const [one, two] = await Promise.all([openClient(), openClient()])
    const got = await Promise.all([
      one.ask(
        listener.port,
        '127.0.0.1',
        many(50, (i) => `a${i}`),
      ),
      two.ask(
        listener.port,
        '127.0.0.1',
        many(50, (i) => `b${i}`),
      ),
    ])
    expect(keys).toEqual(new Set(kept.map(([, client]) => client.key)))
    expect(keys.size).toBe(2)
    expect(got.map((texts) => texts.toSorted())).toEqual([
      many(50, (i) => `a${i}`).toSorted(),
      many(50, (i) => `b${i}`).toSorted(),
    ])
  })

  test('sends replies of any size, also between small ones', async () => {
    const listener = await open()
    const sizes = [10, 4096, 4097, 60_000, 5]
    serve(listener, (_packet, peer) => {
      for (const size of sizes) listener.send(Buffer.alloc(size, 'x'), peer)
    })
    const client = await openClient()
    const got = await client.ask(listener.port, '127.0.0.1', ['go'], sizes.length)
    expect(got.map((text) => text.length)).toEqual(sizes)
  })

  test('a peer of another listener, an oversized reply and a closed listener are no reason to throw', async () => {
    const [listener, other] = [await open(), await open()]
    const peers: Peer[] = []
    serve(listener, (_packet, peer) => {
      peers.push(peer.keep())
      listener.send(Buffer.alloc(70_000), peer)
      listener.send(Buffer.from('fine'), peer)
    })
    const client = await openClient()
    expect(await client.ask(listener.port, '127.0.0.1', ['go'])).toEqual(['fine'])
    await listener[Symbol.asyncDispose]()
    await listener[Symbol.asyncDispose]()
    listener.send(Buffer.from('late'), peers[0] as Peer)
    other.send(Buffer.from('strange'), { ...peers[0], keep: () => peers[0] } as Peer)
  })

  test('a handler that throws is logged, and the next packet is served', async () => {
    const listener = await open()
    lines.length = 0
    serve(listener, (packet, peer) => {
      if (packet.toString() === 'bad') throw new Error('as a bug would')
      listener.send(packet, peer)
    })
    const client = await openClient()
    expect(await client.ask(listener.port, '127.0.0.1', ['bad', 'good'], 1)).toEqual(['good'])
    expect(lines.join()).toContain('as a bug would')
  })

  test('R-STUB-1: an address in use is EADDRINUSE', async () => {
    const listener = await open()
    await expect(open({ port: listener.port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })

  test('IPv6', async () => {
    const listener = await open({ address: ip('::1') })
    serve(listener, (packet, peer) => {
      listener.send(Buffer.from(`${packet.toString()} ${peer.address.text} ${peer.isLoopback}`), peer)
    })
    const client = await openClient('udp6')
    expect(await client.ask(listener.port, '::1', ['hi'])).toEqual(['hi ::1 true'])
  })

  test.skipIf(kind === 'plain')('R-STUB-2: on all addresses, replies come from the one that was asked', async () => {
    for (const [any, asked, type] of [
      ['0.0.0.0', '127.0.0.7', 'udp4'],
      ['::', '::1', 'udp6'],
    ] as const) {
      const listener = await open({ address: ip(any) })
      serve(listener, (packet, peer) => listener.send(packet, peer))
      const client = await openClient(type)
      await client.ask(listener.port, asked, ['hi'])
      expect(client.sources).toEqual([asked])
    }
  })

  test.skipIf(kind === 'plain')(
    'takes over the datagrams of a resolver that lets others in, and lets a successor do so',
    async () => {
      const former = dgram.createSocket({ type: 'udp4', reuseAddr: true })
      life.defer(() => void former.close())
      await new Promise<void>((resolve) => former.bind(0, '127.0.0.1', resolve))
      const at = { address: ip('127.0.0.1'), port: former.address().port }
      await expect(open(at)).rejects.toMatchObject({ code: 'EADDRINUSE' })
      const listener = life.adopt(await new Listening(source, log, undefined, true).udp(at))
      serve(listener, (packet, peer) => listener.send(packet, peer))
      const client = await openClient()
      expect(await client.ask(at.port, '127.0.0.1', ['a', 'b'])).toEqual(['a', 'b'])
      const successor = life.adopt(await new Listening(source, log, undefined, true).udp(at))
      serve(successor, (_packet, peer) => successor.send(Buffer.from('successor'), peer))
      expect(await client.ask(at.port, '127.0.0.1', ['c'])).toEqual(['successor'])
      const usual = await open()
      const third = dgram.createSocket({ type: 'udp4', reuseAddr: true })
      life.defer(() => void third.close())
      const refused = new Promise<NodeJS.ErrnoException>((resolve) => third.once('error', resolve))
      third.bind(usual.port, '127.0.0.1')
      expect(await refused).toMatchObject({ code: 'EADDRINUSE' })
    },
  )
})

describe.each([
  ['libc', libc],
  ['plain', undefined],
])('TCP listener by %s', (_kind, source) => {
  test('accepts, and refuses an address in use', async () => {
    const listening = new Listening(source, log)
    const server = await listening.tcp({ address: ip('127.0.0.1'), port: 0, onlyLoopback: true, ttl: 1 })
    life.defer(() => void server.close())
    server.on('connection', (socket) => socket.end('hello'))
    const { port } = server.address() as net.AddressInfo
    const text = await new Promise<string>((resolve) => {
      net.connect(port, '127.0.0.1').on('data', (chunk) => resolve(chunk.toString()))
    })
    expect(text).toBe('hello')
    await expect(listening.tcp({ address: ip('127.0.0.1'), port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })

  test('takes over an address when the resolver that is replaced has closed it', async () => {
    const former = await new Listening(source, log).tcp({ address: ip('127.0.0.1'), port: 0 })
    const { port } = former.address() as net.AddressInfo
    const server = await new Listening(source, log, undefined, true).tcp({ address: ip('127.0.0.1'), port })
    life.defer(() => void server.close())
    expect(server.listening).toBe(false)
    const listens = new Promise((resolve) => server.once('listening', resolve))
    former.close()
    await listens
    expect((server.address() as net.AddressInfo).port).toBe(port)
  })
})

const many = (count: number, text: (i: number) => string) => Array.from({ length: count }, (_, i) => text(i))

/** A client that sends all texts at once and waits for as many answers. */
async function openClient(type: 'udp4' | 'udp6' = 'udp4') {
  const socket = dgram.createSocket(type)
  const sources: string[] = []
  life.defer(() => void socket.close())
  await new Promise<void>((resolve) => socket.bind(0, resolve))
  const ask = (port: number, address: string, texts: readonly string[], count = texts.length) =>
    new Promise<string[]>((resolve) => {
      const got: string[] = []
      socket.on('message', (packet, from) => {
        sources.push(from.address)
        if (got.push(packet.toString()) === count) resolve(got)
      })
      for (const text of texts) socket.send(text, port, address)
    })
  return { ask, sources }
}
