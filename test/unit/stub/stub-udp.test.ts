import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { IpAddress, Logger } from '../../../src/base/index.ts'
import type { Responder } from '../../../src/stub/index.ts'
import { ClientAccess } from '../../../src/stub/access.ts'
import { StubUdp } from '../../../src/stub/stub-udp.ts'
import type { DatagramHandler, Peer } from '../../../src/sys/index.ts'
import { FakeClock } from '../../kit/fake-clock.ts'

const KNOWN = Buffer.from('known')
const ROOM = Buffer.alloc(512)

/** A stub between a socket and a responder that only take notes; packets are what they say. */
class Scene implements AsyncDisposable {
  readonly begun: string[] = []
  readonly sent: string[] = []
  isPaused = false
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
      send: (reply: Buffer) => this.sent.push(reply.toString()),
      [Symbol.asyncDispose]: async () => {},
    }
    const responder = {
      replay: (packet: Buffer) => (packet.equals(KNOWN) ? KNOWN.length : 0),
      respond: async (packet: Buffer) => {
        this.begun.push(packet.toString())
        return packet
      },
    }
    const services = {
      responder: responder as unknown as Responder,
      clock: new FakeClock(),
      log: new Logger('emerg', () => {}),
      access: new ClientAccess(() => []),
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

  drain(): Promise<void> {
    return this.#stub.drain()
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
  for (let turn = 0; turn < 10; turn++) await nextTurn()
  expect(scene.begun).toEqual(Array.from({ length: 200 }, (_, i) => `miss ${i}`))
  expect(scene.sent).toEqual(scene.begun)
})

test('a flood beyond what may wait is not lost, and keeps its order', async () => {
  await using scene = new Scene()
  scene.flood(0, 5000)
  expect(scene.begun.length).toBe(5000 - 4096)
  for (let turn = 0; turn < 100; turn++) await nextTurn()
  expect(scene.sent).toEqual(Array.from({ length: 5000 }, (_, i) => `miss ${i}`))
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
