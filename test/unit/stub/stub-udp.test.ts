import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { IpAddress, Logger } from '../../../src/base/index.ts'
import type { Responder } from '../../../src/stub/index.ts'
import { ClientAccess } from '../../../src/stub/access.ts'
import { StubUdp } from '../../../src/stub/stub-udp.ts'
import { type DatagramHandler, type Peer, WorkTurns } from '../../../src/sys/index.ts'
import { TurnDown } from '../../../src/stub/turn-down.ts'
import { extendedErrorOf, parseMessage, RCODE, rcodeOf, TYPE } from '../../../src/wire/index.ts'
import { FakeClock, hurrying } from '../../kit/fake-clock.ts'
import { queryFor } from '../../kit/messages.ts'

const KNOWN = Buffer.from('known')
const ROOM = Buffer.alloc(512)

/** A stub between a socket and a responder that only take notes; packets are what they say. */
class Scene implements AsyncDisposable {
  readonly begun: string[] = []
  readonly sent: string[] = []
  isPaused = false
  readonly clock = new FakeClock()
  #handler: DatagramHandler | undefined
  readonly #stub: StubUdp

  constructor() {
    const listener = {
      address: IpAddress.of('127.0.0.53'),
      port: 53,
      serve: (handler: DatagramHandler) => {
        this.#handler = handler
      },
      pause: () => void (this.isPaused = true),
      resume: () => void (this.isPaused = false),
      send: (reply: Buffer) => this.sent.push(reply.toString()),
      [Symbol.asyncDispose]: async () => {},
    }
    const responder = {
      replay: (packet: Buffer) => (packet.equals(KNOWN) ? KNOWN.length : 0),
      groupsOf: ({ key }: Peer) => [key.split(' ')[0] as string, key],
      respond: async (packet: Buffer) => {
        this.begun.push(packet.toString())
        return packet
      },
    }
    const services = {
      responder: responder as unknown as Responder,
      clock: this.clock,
      log: new Logger('emerg', () => {}),
      access: new ClientAccess(() => []),
      turns: new WorkTurns(hurrying()),
    }
    this.#stub = new StubUdp(listener, services, { kind: 'main', transport: 'udp' })
  }

  /** What the stub says at once: the length of a reply, or 0. */
  ask(packet: Buffer, key = 'peer', isLoopback = true): number {
    const address = IpAddress.of(isLoopback ? '127.0.0.1' : '192.0.2.9')
    const peer: Peer = { address, port: 4000, isLoopback, key, keep: () => peer }
    return (this.#handler as DatagramHandler).onDatagram(packet, peer, ROOM)
  }

  flood(from: number, count: number): void {
    for (let i = from; i < from + count; i++) this.ask(Buffer.from(`miss ${i}`))
  }

  /** As many as one turn of the real socket reads. */
  readSome(from: number): number {
    for (let round = 0; round < 4; round++) {
      this.#handler?.onBatch()
      this.flood(from + round * 64, 64)
    }
    return 256
  }

  drain(): Promise<void> {
    return this.#stub.drain()
  }

  idle(): Promise<void> {
    return this.#stub.idle()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stub[Symbol.asyncDispose]()
  }
}

test('remembered replies waited behind a flood of misses in the socket: those are begun a few at a time', async () => {
  await using scene = new Scene()
  scene.flood(0, 200)
  expect(scene.begun).toEqual([])
  expect(scene.ask(KNOWN)).toBe(KNOWN.length)
  await nextTurn()
  expect(scene.begun.length).toBeGreaterThan(0)
  expect(scene.begun.length).toBeLessThan(200)
  expect(scene.ask(KNOWN)).toBe(KNOWN.length)
  for (let turn = 0; turn < 100; turn++) await nextTurn()
  expect(new Set(scene.begun)).toEqual(new Set(Array.from({ length: 200 }, (_, i) => `miss ${i}`)))
  expect(scene.sent).toEqual(scene.begun)
})

test('an upgrade lost what one client had asked meanwhile, as if it were a flood: it is read as fast as it is answered', async () => {
  await using scene = new Scene()
  let read = 0
  for (let turn = 0; turn < 5000 && read < 3072; turn++) {
    if (!scene.isPaused) read += scene.readSome(read)
    await nextTurn()
  }
  await scene.idle()
  while (scene.sent.length < read) await nextTurn()
  expect([read, new Set(scene.sent).size, scene.isPaused]).toEqual([3072, 3072, false])
})

test('two seconds after the start what comes is no backlog any more', async () => {
  await using scene = new Scene()
  scene.readSome(0)
  expect(scene.isPaused).toBe(true)
  await scene.clock.advance(2000)
  expect(scene.isPaused).toBe(false)
  scene.readSome(256)
  expect(scene.isPaused).toBe(false)
})

test('a burst of one client is answered, all of it', async () => {
  await using scene = new Scene()
  scene.flood(0, 500)
  for (let turn = 0; turn < 500; turn++) await nextTurn()
  expect(new Set(scene.sent)).toEqual(new Set(Array.from({ length: 500 }, (_, i) => `miss ${i}`)))
})

test('a flood had all places where questions wait: one user has a share of them, some beyond it are told so, and others take turns', async () => {
  await using scene = new Scene()
  const flood = (i: number) => scene.ask(queryFor(`n${i}.flood.test`), `mallory ${i % 500}`)
  const sizes = Array.from({ length: 6000 }, (_, i) => flood(i))
  expect(sizes.slice(0, 500).every((size) => size === 0)).toBe(true)
  expect(sizes.filter((size) => size > 0)).toHaveLength(8) // of what was read together
  expect(rcodeOf(ROOM)).toBe(RCODE.SERVFAIL)
  const polite = queryFor('polite.test')
  expect(scene.ask(polite, 'alice 1')).toBe(0)
  for (let turn = 0; turn < 100; turn++) await nextTurn()
  expect(scene.begun).toContain(polite.toString())
  expect(scene.begun.indexOf(polite.toString())).toBeLessThan(80)
})

test('R-STUB-10: who is turned down gets his question back, and with EDNS the reason', () => {
  const turnDown = new TurnDown({ kind: 'main', transport: 'udp' })
  const said = (packet: Buffer) => parseMessage(ROOM.subarray(0, turnDown.write(packet, ROOM)))
  const plain = said(queryFor('www.test', { type: 'AAAA', id: 77 }))
  expect(plain).toMatchObject({ id: 77, rcode: RCODE.SERVFAIL, question: { name: 'www.test', type: TYPE.AAAA } })
  expect(plain.opt).toBeUndefined()
  expect(extendedErrorOf(said(queryFor('www.test', { edns: 1232 })).opt)?.code).toBe(14)
})

test('who is turned down with what is no plain question gets nothing, wherever it is cut off', () => {
  const turnDown = new TurnDown({ kind: 'main', transport: 'udp' })
  const query = queryFor('www.test')
  for (let end = 0; end < query.length; end++) expect(turnDown.write(query.subarray(0, end), ROOM)).toBe(0)
  for (const at of [2, 5, 7, 9, 12]) {
    const other = Buffer.from(query)
    other[at] = 0xff
    expect(turnDown.write(other, ROOM)).toBe(0)
  }
})

test('R-STUB-6: the repetition of a request that is not answered yet is ignored, also before it is begun', async () => {
  await using scene = new Scene()
  scene.flood(0, 1)
  scene.flood(0, 1)
  scene.ask(Buffer.from('miss 0'), 'another peer')
  for (let turn = 0; turn < 3; turn++) await nextTurn()
  expect(scene.begun).toEqual(['miss 0', 'miss 0'])
  scene.flood(0, 1)
  for (let turn = 0; turn < 3; turn++) await nextTurn()
  expect(scene.begun.length).toBe(3)
})

test('requests that wait to be begun when the stub closes are not begun', async () => {
  const scene = new Scene()
  scene.flood(0, 10)
  await scene[Symbol.asyncDispose]()
  await nextTurn()
  expect(scene.begun).toEqual([])
})

test('while it waits for what is under way, a server that is silent does not keep others from being answered', async () => {
  await using scene = new Scene()
  scene.flood(0, 1)
  await nextTurn()
  const idle = scene.idle()
  expect(scene.ask(KNOWN, 'another peer')).toBeGreaterThan(0)
  await idle
  expect([scene.isPaused, scene.sent.length]).toEqual([false, 1])
})

test('before the end it reads no more, and answers all that it has read', async () => {
  await using scene = new Scene()
  scene.flood(0, 200)
  expect(scene.begun).toHaveLength(0)
  await scene.drain()
  expect(scene.isPaused).toBe(true)
  expect(scene.sent).toHaveLength(200)
})

test('R-STUB-3: whoever does not come from this machine gets nothing from the main stub, not even what is known', async () => {
  await using scene = new Scene()
  expect(scene.ask(KNOWN, 'near')).toBeGreaterThan(0)
  expect(scene.ask(KNOWN, 'far', false)).toBe(0)
  scene.ask(Buffer.from('miss'), 'far', false)
  await nextTurn()
  await nextTurn()
  expect([scene.begun, scene.sent]).toEqual([[], []])
})
