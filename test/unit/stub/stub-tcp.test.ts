import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { expect, test } from 'vitest'
import { Logger } from '../../../src/base/index.ts'
import { WorkTurns } from '../../../src/sys/index.ts'
import { hurrying } from '../../kit/fake-clock.ts'
import { ClientAccess } from '../../../src/stub/access.ts'
import { StubTcp } from '../../../src/stub/stub-tcp.ts'
import { frame, parseMessage } from '../../../src/wire/index.ts'
import { addressesIn, queryFor } from '../../kit/messages.ts'
import { World } from '../../kit/world.ts'

/** The stub of a world with a silent server, at a port of this machine, and what connects to it. */
async function tcpStub() {
  const world = new World({ links: [{ ifindex: 2, dns: ['10.2.0.1'] }] })
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const { responder, clock } = world
  const listener = { kind: 'main', transport: 'tcp' } as const
  const stub = new StubTcp(server, {
    responder,
    listener,
    clock,
    log: new Logger('debug', () => undefined),
    access: new ClientAccess(() => []),
    turns: new WorkTurns(hurrying()),
  })
  const arrived = async (): Promise<Socket> => {
    const [client] = await Promise.all([connected(port), once(server, 'connection')])
    return client
  }
  /** A client whose connection takes what it is sent only when told so. */
  const clogged = () => {
    const client = new Clogged()
    server.emit('connection', client)
    return client
  }
  return { world, stub, arrived, clogged }
}

class Clogged extends Duplex {
  readonly remoteAddress = '127.0.0.1'
  readonly remotePort = 4000
  readonly taken: Buffer[] = []
  #isOpen = false
  #pending: (() => void) | undefined

  constructor() {
    super({ allowHalfOpen: true })
  }

  override _read(): void {
    // `push` alone says what there is
  }

  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.taken.push(chunk)
    if (this.#isOpen) done()
    else this.#pending = done
  }

  unclog(): void {
    this.#isOpen = true
    this.#pending?.()
  }
}

/** Turns of the event loop. */
async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve))
}

function pipeline(name: string, count: number): Buffer {
  return Buffer.concat(Array.from({ length: count }, () => frame(queryFor(name))))
}

async function connected(port: number): Promise<Socket> {
  const client = connect(port, '127.0.0.1')
  client.on('error', () => undefined)
  await once(client, 'connect')
  return client
}

async function answerTo(client: Socket, name: string): Promise<string[]> {
  const reply = once(client, 'data')
  client.write(frame(queryFor(name)))
  const [bytes] = (await reply) as [Buffer]
  return addressesIn(parseMessage(bytes.subarray(2)))
}

test('R-STUB-17: a client with all connections there are and nothing to ask kept everybody else out', async () => {
  const { stub, arrived } = await tcpStub()
  const silent: Socket[] = []
  for (let i = 0; i < 128; i++) silent.push(await arrived())
  const closed = once(silent[0] as Socket, 'close')
  silent[0]?.resume()
  expect(await answerTo(await arrived(), 'localhost')).toEqual(['127.0.0.1'])
  await closed
  expect(silent.slice(1).every((client) => !client.closed)).toBe(true)
  await stub[Symbol.asyncDispose]()
})

test('R-STUB-17: whoever waits for an answer keeps the connection', async () => {
  const { world, stub, arrived } = await tcpStub()
  const waiting: Socket[] = []
  for (let i = 0; i < 128; i++) {
    const client = await arrived()
    waiting.push(client.resume())
    client.write(frame(queryFor(`n${i}.test`)))
    while (world.exchanges.length <= i) await new Promise((resolve) => setImmediate(resolve))
  }
  const late = await arrived()
  late.resume()
  await once(late, 'close')
  expect(waiting.some((client) => client.closed)).toBe(false)
  await stub[Symbol.asyncDispose]()
})

/** Replies in bytes that were sent. */
function repliesIn(bytes: Buffer): number {
  let count = 0
  for (let at = 0; at < bytes.length; at += 2 + bytes.readUInt16BE(at)) count++
  return count
}

test('a client that pipelines and never reads is answered no further, and all of it once it reads', async () => {
  const { stub, clogged } = await tcpStub()
  const client = clogged()
  for (let i = 0; i < 10; i++) client.push(pipeline('localhost', 500))
  await turns(2000)
  expect(client.destroyed).toBe(false)
  expect(client.writableLength).toBeGreaterThan(60_000)
  expect(client.writableLength).toBeLessThan(80_000)
  expect(client.isPaused()).toBe(true)
  client.unclog()
  await turns(2000)
  expect(repliesIn(Buffer.concat(client.taken))).toBe(5000)
  await stub[Symbol.asyncDispose]()
})

test('a pipeline takes its turn: in one turn of the event loop no more than 64 requests are looked at', async () => {
  const { world, stub, clogged } = await tcpStub()
  const looks: number[] = []
  let turn = 0
  const replay = world.responder.replay.bind(world.responder)
  world.responder.replay = (...words) => {
    looks[turn] = (looks[turn] ?? 0) + 1
    return replay(...words)
  }
  const client = clogged()
  client.unclog()
  client.push(pipeline('localhost', 1000))
  for (; turn < 400; turn++) await turns(1)
  expect(looks.reduce((sum, each) => sum + each, 0)).toBe(1000)
  expect(Math.max(...looks.filter((each) => each !== undefined))).toBeLessThanOrEqual(128)
  await stub[Symbol.asyncDispose]()
})

test('clients that do not read keep nobody out', async () => {
  const { stub, arrived, clogged } = await tcpStub()
  const all = Array.from({ length: 128 }, () => Object.defineProperty(clogged(), 'writableLength', { value: 70_000 }))
  for (const client of all) client.push(pipeline('localhost', 1))
  await turns(10)
  expect(await answerTo(await arrived(), 'localhost')).toEqual(['127.0.0.1'])
  expect(all.filter(({ destroyed }) => destroyed)).toHaveLength(1)
  await stub[Symbol.asyncDispose]()
})
