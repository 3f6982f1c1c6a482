import { describe, expect, test } from 'vitest'
import { IpAddress, Logger } from '../../../src/base/index.ts'
import { ClientAccess } from '../../../src/stub/access.ts'
import type { Listener } from '../../../src/stub/index.ts'
import { StubUdp } from '../../../src/stub/stub-udp.ts'
import { type DatagramHandler, type Peer, WorkTurns } from '../../../src/sys/index.ts'
import { parseMessage, QR, TC } from '../../../src/wire/index.ts'
import { queryFor } from '../../kit/messages.ts'
import { World } from '../../kit/world.ts'

const LAN = [{ network: IpAddress.of('192.0.2.1'), prefixLength: 24 }]
const AT = { address: IpAddress.of('192.0.2.1'), port: 53 }
const LISTENER: Listener = { kind: 'extra', transport: 'udp', at: AT }
const access = (networks = LAN) => new ClientAccess(() => networks)

describe('R-STUB-15: whom an extra listener answers', () => {
  test.each([
    ['a host of the own network', '192.0.2.77', true],
    ['this machine', '127.0.0.1', true],
    ['a host of another network', '198.51.100.7', false],
    ['another family', '2001:db8::1', false],
    ['no address', '0.0.0.0', false],
    ['the network of no address', '0.1.2.3', false],
    ['multicast', '224.0.0.251', false],
    ['broadcast', '255.255.255.255', false],
    ['no address, IPv6', '::', false],
    ['multicast, IPv6', 'ff02::fb', false],
  ])('%s', (_title, address, expected) => {
    expect(access().mayAsk(IpAddress.of(address), 4000)).toBe(expected)
  })

  test('martians are not answered although everybody is allowed, nor is port 0', () => {
    const all = [{ network: IpAddress.of('0.0.0.0'), prefixLength: 0 }]
    expect(access(all).mayAsk(IpAddress.of('198.51.100.7'), 53)).toBe(true)
    expect(access(all).mayAsk(IpAddress.of('255.255.255.255'), 53)).toBe(false)
    expect(access(all).mayAsk(IpAddress.of('198.51.100.7'), 0)).toBe(false)
  })
})

describe('R-STUB-15: how many replies a network gets', () => {
  const flood = (gate: ClientAccess, count: number, now: number, host = '192.0.2.9') => {
    const seen = { answer: 0, truncate: 0, drop: 0 }
    for (let i = 0; i < count; i++) seen[gate.admit(IpAddress.of(host), 4000, now)]++
    return seen
  }

  test('2000 in a row, then a thousand a second; of the rest every other one is told to come by TCP', () => {
    const gate = access()
    expect(flood(gate, 3000, 0)).toEqual({ answer: 2000, truncate: 500, drop: 500 })
    expect(flood(gate, 3000, 1000).answer).toBe(1000)
    expect(flood(gate, 10, 1000, '192.0.2.10').answer).toBe(0)
  })

  test('this machine and other networks are not concerned', () => {
    const gate = access([{ network: IpAddress.of('0.0.0.0'), prefixLength: 0 }])
    flood(gate, 5000, 0)
    expect(flood(gate, 5000, 0, '127.0.0.1').answer).toBe(5000)
    expect(flood(gate, 100, 0, '198.51.100.1').answer).toBe(100)
  })
})

/** What the listener says to each datagram at once or later. */
function stub(world: World, listener: Listener) {
  let handler: DatagramHandler | undefined
  const sent: Buffer[] = []
  const socket = {
    ...AT,
    serve: (served: DatagramHandler) => void (handler = served),
    pause: () => undefined,
    resume: () => undefined,
    send: (reply: Buffer) => void sent.push(Buffer.from(reply)),
    [Symbol.asyncDispose]: async () => undefined,
  }
  const services = { responder: world.responder, clock: world.clock, log: new Logger('emerg', () => undefined) }
  const opened = new StubUdp(socket, { ...services, access: access(), turns: new WorkTurns(world.clock) }, listener)
  const room = Buffer.alloc(65_535)
  const ask = async (packet: Buffer, from: string): Promise<Buffer | undefined> => {
    const address = IpAddress.of(from)
    const peer: Peer = { address, port: 4000, isLoopback: address.isLoopback, key: from, keep: () => peer }
    const before = sent.length
    const size = handler?.onDatagram(packet, peer, room) ?? 0
    if (size > 0) return Buffer.from(room.subarray(0, size))
    await world.run(opened.drain())
    return sent[before]
  }
  return ask
}

test('61 KB to a question of 39 bytes: no more than 1232, with TC, from memory too', async () => {
  const world = new World({ links: [{ ifindex: 2, dns: ['10.2.0.1'] }] })
  world.serve('*', () => ({ answer: Array.from({ length: 200 }, (_, i) => `big.test 60 A 192.0.2.${i}`) }))
  const query = queryFor('big.test', { edns: 65_000 })
  const tcp = { ...LISTENER, transport: 'tcp' } as const
  for (let i = 0; i < 2; i++) expect((await world.run(world.send(query, tcp)))?.length).toBeGreaterThan(3000)
  const ask = stub(world, LISTENER)
  for (let i = 0; i < 3; i++) {
    const reply = (await ask(query, '192.0.2.9')) as Buffer
    expect(reply.length).toBeLessThanOrEqual(1232)
    expect(parseMessage(reply).flags & TC).toBe(TC)
  }
  expect(await ask(query, '198.51.100.7')).toBeUndefined()
})

test('beyond its share a network is sent the bare question with TC', async () => {
  const world = new World({ links: [{ ifindex: 2, dns: ['10.2.0.1'] }] })
  world.serve('*', () => ({ answer: ['a.test 60 A 192.0.2.1'] }))
  const ask = stub(world, LISTENER)
  const query = queryFor('a.test')
  await ask(query, '192.0.2.9')
  for (let i = 0; i < 2000; i++) await ask(query, '192.0.2.9')
  const reply = (await ask(query, '192.0.2.9')) as Buffer
  expect(reply.length).toBe(query.length)
  expect(reply.readUInt16BE(2) & (QR | TC)).toBe(QR | TC)
})
