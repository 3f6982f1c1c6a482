import { expect, test } from 'vitest'
import { IpAddress } from '../../../src/base/index.ts'
import type { ConnectedUdp, UdpEvents } from '../../../src/sys/index.ts'
import { MAX_USES, type PooledUdp } from '../../../src/transport/pooled-udp.ts'
import { BUSY, MAX_AGE, MAX_IDLE, UdpPool } from '../../../src/transport/udp-pool.ts'
import type { Endpoint } from '../../../src/upstream/index.ts'
import { FakeClock } from '../../kit/fake-clock.ts'
import { SeededRandom } from '../../kit/seeded-random.ts'

const SERVER = endpoint('192.0.2.1')
const WIRE = Buffer.from('question')
const ASKER: UdpEvents = { onMessage() {}, onError() {} }

test('R-SRV-7: a port carries so many questions and no more', () => {
  const { pool, opened } = poolOfFakes()
  const ports = Array.from({ length: 10 * MAX_USES }, () => askOnce(pool))
  expect(opened.length).toBe(10)
  expect(opened.every(({ sent }) => sent === MAX_USES)).toBe(true)
  expect(new Set(ports).size).toBe(10)
})

test('R-SRV-7: while few questions are out, each leaves from a fresh port', () => {
  const { pool, opened } = poolOfFakes()
  for (let i = 0; i < 20; i++) pool.giveBack(pool.send(SERVER, WIRE, ASKER), BUSY - 1)
  expect(opened.length).toBe(20)
  expect(opened.every(({ sent, isOpen }) => sent === 1 && !isOpen)).toBe(true)
})

test('R-SRV-7: questions that are out together never share a port', () => {
  const { pool, opened } = poolOfFakes()
  for (let round = 0; round < 100; round++) {
    const sockets = Array.from({ length: 50 }, () => pool.send(SERVER, WIRE, ASKER))
    expect(new Set(sockets).size).toBe(50)
    for (const socket of sockets) pool.giveBack(socket, BUSY)
  }
  expect(Math.max(...opened.map(({ sent }) => sent))).toBe(MAX_USES)
})

test('RFC 5452 §9.2: which of the idle ports comes next does not follow from the ports so far', () => {
  const { pool } = poolOfFakes()
  const wave = Array.from({ length: 64 }, () => pool.send(SERVER, WIRE, ASKER))
  for (const socket of wave) pool.giveBack(socket, BUSY)
  const order = Array.from({ length: 64 }, () => wave.indexOf(pool.send(SERVER, WIRE, ASKER)))
  expect(new Set(order).size).toBe(64)
  const rising = order.slice(1).filter((at, i) => at > (order[i] as number)).length
  expect(rising).toBeGreaterThan(20)
  expect(rising).toBeLessThan(43)
  const neighbours = order.slice(1).filter((at, i) => Math.abs(at - (order[i] as number)) === 1).length
  expect(neighbours).toBeLessThan(8)
  // The same pool under other chances takes another order.
  const other = poolOfFakes(2)
  const second = Array.from({ length: 64 }, () => other.pool.send(SERVER, WIRE, ASKER))
  for (const socket of second) other.pool.giveBack(socket, BUSY)
  expect(Array.from({ length: 64 }, () => second.indexOf(other.pool.send(SERVER, WIRE, ASKER)))).not.toEqual(order)
})

test('a port grows too old to be used, and is closed soon after', async () => {
  const { pool, opened, clock } = poolOfFakes()
  askOnce(pool)
  await clock.advance(MAX_AGE - 1)
  askOnce(pool)
  expect(opened.length).toBe(1)
  await clock.advance(1)
  expect(opened[0]?.isOpen).toBe(false)
  askOnce(pool)
  expect(opened.length).toBe(2)
  await clock.advance(2 * MAX_AGE)
  expect(opened.map(({ isOpen }) => isOpen)).toEqual([false, false])
  expect([pool.size, clock.pending]).toEqual([0, 0])
})

test('each server and link has ports of its own', () => {
  const { pool, opened } = poolOfFakes()
  for (const server of [SERVER, endpoint('192.0.2.2'), { ...SERVER, ifindex: 3 }]) {
    pool.giveBack(pool.send(server, WIRE, ASKER), BUSY)
  }
  expect(opened.map(({ to }) => `${to.address.text}%${to.ifindex}`)).toEqual([
    '192.0.2.1%0',
    '192.0.2.2%0',
    '192.0.2.1%3',
  ])
})

test('addresses or routes have changed: no port from before is used again, not even one that was in use', async () => {
  const { pool, opened, clock } = poolOfFakes()
  const inUse = pool.send(SERVER, WIRE, ASKER)
  pool.giveBack(pool.send(SERVER, WIRE, ASKER), BUSY)
  pool.renew()
  await clock.advance(0)
  expect(opened.map(({ isOpen }) => isOpen)).toEqual([true, false])
  expect(clock.pending).toBe(0)
  pool.giveBack(inUse, BUSY)
  expect(opened[0]?.isOpen).toBe(false)
  askOnce(pool)
  expect(opened.length).toBe(3)
})

test('R-SRV-7: ports of another network are closed by and by, and none of them is drawn meanwhile', async () => {
  const { pool, opened, clock } = poolOfFakes()
  const wave = Array.from({ length: 100 }, () => pool.send(SERVER, WIRE, ASKER))
  for (const socket of wave) pool.giveBack(socket, BUSY)
  pool.renew()
  const openOnes = () => opened.slice(0, 100).filter(({ isOpen }) => isOpen).length
  expect([pool.size, openOnes()]).toEqual([0, 100])
  askOnce(pool)
  opened[0]?.events.onMessage(Buffer.from('late'))
  expect([opened.length, openOnes()]).toEqual([101, 99])
  pool.renew()
  await clock.advance(1000)
  expect([openOnes(), opened[100]?.isOpen, clock.pending]).toEqual([0, false, 0])
})

test('an idle port that hears anything is closed: somebody may be trying answers on it', () => {
  const { pool, opened } = poolOfFakes()
  askOnce(pool)
  opened[0]?.events.onMessage(Buffer.from('forged'))
  expect([opened[0]?.isOpen, pool.size]).toEqual([false, 0])
  askOnce(pool)
  opened[1]?.events.onError(new Error('ECONNREFUSED'))
  expect([opened[1]?.isOpen, pool.size]).toEqual([false, 0])
})

test('a used port that cannot send gives way to a fresh one, whose failure counts', () => {
  const { pool, opened } = poolOfFakes()
  askOnce(pool)
  if (opened[0] !== undefined) opened[0].failure = new Error('ECONNREFUSED, of the question before')
  askOnce(pool)
  expect(opened.map(({ isOpen, sent }) => [isOpen, sent])).toEqual([
    [false, 1],
    [true, 1],
  ])
  const { pool: broken, opened: sockets } = poolOfFakes(1, new Error('ENETUNREACH'))
  expect(() => askOnce(broken)).toThrow('ENETUNREACH')
  expect(sockets.map(({ isOpen }) => isOpen)).toEqual([false])
})

test('idle ports are bounded, and closed with the pool', () => {
  const { pool, opened, clock } = poolOfFakes()
  const sockets = Array.from({ length: MAX_IDLE + 50 }, () => pool.send(SERVER, WIRE, ASKER))
  for (const socket of sockets) pool.giveBack(socket, BUSY)
  expect([pool.size, opened.filter(({ isOpen }) => isOpen).length]).toEqual([MAX_IDLE, MAX_IDLE])
  pool.renew()
  pool[Symbol.dispose]()
  expect([pool.size, opened.filter(({ isOpen }) => isOpen).length, clock.pending]).toEqual([0, 0, 0])
})

function endpoint(address: string): Endpoint {
  return { address: IpAddress.of(address), port: 53, ifindex: 0, serverName: undefined }
}

interface Fake extends ConnectedUdp {
  readonly to: Endpoint
  readonly events: UdpEvents
  failure: Error | undefined
  sent: number
  isOpen: boolean
}

function poolOfFakes(seed = 1, failure?: Error): { pool: UdpPool; opened: Fake[]; clock: FakeClock } {
  const opened: Fake[] = []
  const clock = new FakeClock()
  const open = (to: Endpoint, events: UdpEvents): Fake => {
    const fake: Fake = {
      to,
      events,
      failure,
      sent: 0,
      isOpen: true,
      send() {
        if (fake.failure !== undefined) throw fake.failure
        fake.sent++
      },
      close() {
        fake.isOpen = false
      },
    }
    opened.push(fake)
    return fake
  }
  return { pool: new UdpPool(open, clock, new SeededRandom(seed)), opened, clock }
}

function askOnce(pool: UdpPool): PooledUdp {
  const socket = pool.send(SERVER, WIRE, ASKER)
  pool.giveBack(socket, BUSY)
  return socket
}
