import { describe, expect, test, vi } from 'vitest'
import { parseMessage } from '../../src/wire/index.ts'
import { addressesIn, queryFor, type ReplyParts } from '../kit/messages.ts'
import { type Server, World } from '../kit/world.ts'

vi.setConfig({ testTimeout: 60_000 })

const NIGHT = 8 * 3_600_000
const found: Server = ({ question }) => ({ after: 20, reply: answerTo(question.name, 60) })

function answerTo(name: string, ttl: number): ReplyParts {
  return { answer: [`${name} ${ttl} A 192.0.2.1`] }
}

function worldOf(...dns: string[]): World {
  const world = new World({ links: [{ ifindex: 2, dns }] })
  world.serve('*', found)
  return world
}

/** What the daemon does when the machine wakes up. */
async function sleep(world: World, duration: number): Promise<void> {
  await world.clock.suspend(duration)
  world.scopes.wake()
  await world.advance(0)
}

const states = (world: World) => world.scopes.unicast.at(-1)?.upstreams.all.map(({ liveness }) => liveness.state)

describe('what is remembered counts the time asleep', () => {
  test('expired answers are not served after it, those with time left are', async () => {
    const world = worldOf('10.2.0.1')
    await world.ask('short.test')
    world.serve('*', ({ question }) => answerTo(question.name, 7200))
    await world.ask('long.test')
    await sleep(world, 3_600_000)
    world.clearExchanges()
    expect((await world.ask('long.test')).answer[0]?.ttl).toBe(3600)
    expect(world.asked('10.2.0.1').filter((line) => line.startsWith('long'))).toEqual([])
    world.serve('*', ({ question }) => ({ answer: [`${question.name} 60 A 192.0.2.2`] }))
    expect(addressesIn(await world.ask('short.test'))).toEqual(['192.0.2.2'])
  })

  test('an answer that waited in the socket all night is asked for again', async () => {
    const world = worldOf('10.2.0.1')
    const reply = world.send(queryFor('a.test'))
    await world.advance(10)
    world.serve('*', ({ question }) => ({ answer: [`${question.name} 60 A 192.0.2.2`] }))
    await world.clock.suspend(NIGHT)
    expect(addressesIn(parseMessage((await world.run(reply)) as Buffer))).toEqual(['192.0.2.2'])
  })
})

describe('nobody is blamed for what was not heard asleep', () => {
  test('questions and probes under way do not make a server silent, and are asked anew', async () => {
    const world = worldOf('10.2.0.1', '10.2.0.2')
    for (let i = 0; i < 20; i++) await world.ask(`n${i}.test`)
    world.serve('*', () => 'silence')
    const replies = Array.from({ length: 20 }, (_, i) => world.send(queryFor(`sleepy${i}.test`)))
    await world.advance(5)
    world.serve('*', found)
    await world.clock.suspend(NIGHT)
    expect(states(world)).toEqual(['up', 'up'])
    for (const reply of await world.run(Promise.all(replies))) {
      expect(addressesIn(parseMessage(reply as Buffer))).toEqual(['192.0.2.1'])
    }
    expect(world.scopes.unicast.at(-1)?.upstreams.isOffline(world.clock.now())).toBe(false)
  })

  test('a round trip is not taken for eight hours', async () => {
    const world = worldOf('10.2.0.1')
    for (let i = 0; i < 20; i++) await world.ask(`n${i}.test`)
    const [upstream] = world.scopes.unicast.at(-1)?.upstreams.all ?? []
    const before = upstream?.patience
    upstream?.onDatagram(NIGHT, 100, world.clock.now())
    expect(upstream?.patience).toBe(before)
  })
})

describe('R-SRV-16: awake again', () => {
  test('each server is probed at once, without a question; the one that answers is trusted', async () => {
    const world = worldOf('10.2.0.1', '10.2.0.2')
    await world.ask('a.test')
    world.clearExchanges()
    await sleep(world, NIGHT)
    expect(world.exchanges.filter(({ isProbe }) => isProbe).map(({ server }) => server)).toContain('10.2.0.1')
    await world.advance(100)
    expect(states(world)?.[0]).toBe('up')
  })

  test('a network that comes back a few seconds later is noticed within one, and first asks whom it should', async () => {
    const world = worldOf('10.2.0.1', '10.2.0.2')
    await world.ask('a.test')
    world.serve('*', () => 'silence')
    await sleep(world, NIGHT)
    await world.advance(5000)
    world.serve('*', found)
    await world.advance(1000)
    world.clearExchanges()
    const startedAt = world.clock.now()
    expect(addressesIn(await world.ask('b.test'))).toEqual(['192.0.2.1'])
    expect(world.clock.now() - startedAt).toBe(20)
    expect(world.asked('10.2.0.2')).toEqual([])
  })

  test('without questions the probes become few', async () => {
    const world = worldOf('10.2.0.1')
    world.serve('*', () => 'silence')
    await sleep(world, NIGHT)
    await world.advance(30_000)
    world.clearExchanges()
    await world.advance(3_600_000)
    expect(world.exchanges.length).toBeLessThan(25)
  })
})
