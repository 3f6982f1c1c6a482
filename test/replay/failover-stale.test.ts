import { describe, expect, test, vi } from 'vitest'
import { FLAG } from '../../src/resolve/index.ts'
import type { Message } from '../../src/wire/index.ts'
import { CLASS, nameOf, RCODE, TYPE } from '../../src/wire/index.ts'
import { addressesIn, type ReplyParts } from '../kit/messages.ts'
import { World, type WorldScript } from '../kit/world.ts'

vi.setConfig({ testTimeout: 60_000 })

const FOUND: ReplyParts = { answer: ['a.test 60 A 192.0.2.1'] }
const NEWER: ReplyParts = { answer: ['a.test 60 A 192.0.2.2'] }
const SOA = ['test 60 SOA ns.test admin.test 1 2 3 4 60']

/** A world that has learnt a.test, and whose answer has run out. */
async function expired(script: WorldScript = {}, after = 61_000): Promise<World> {
  const { settings, ...rest } = script
  const world = new World({
    links: [{ ifindex: 2, dns: ['10.2.0.1'] }],
    settings: { staleRetention: 3600, ...settings },
    ...rest,
  })
  world.serve('*', () => FOUND)
  await world.ask('a.test')
  await world.advance(after)
  return world
}

async function timed(world: World, edns = 1232): Promise<{ reply: Message; took: number }> {
  const startedAt = world.clock.now()
  const reply = await world.ask('a.test', { edns })
  return { reply, took: world.clock.now() - startedAt }
}

describe('R-CACHE-18, RFC 8767: StaleRetentionSec=', () => {
  test('a silent server: the stale answer after 1.8 s, with TTL 30 and EDE 3', async () => {
    const world = await expired()
    world.serve('*', () => 'silence')
    const { reply, took } = await timed(world)
    expect(took).toBe(1800)
    expect(addressesIn(reply)).toEqual(['192.0.2.1'])
    expect(reply.answer[0]?.ttl).toBe(30)
    expect(reply.extendedError?.code).toBe(3)
  })

  test('StaleAnswerAfterSec=0: at once, refreshed behind', async () => {
    const world = await expired({ settings: { staleAnswerAfter: 0 } })
    world.serve('*', () => ({ after: 20, reply: NEWER }))
    expect((await timed(world)).took).toBe(0)
    await world.advance(20)
    const { reply, took } = await timed(world)
    expect(took).toBe(0)
    expect(addressesIn(reply)).toEqual(['192.0.2.2'])
    expect(reply.extendedError).toBeUndefined()
  })

  test('fresh data in time: no stale answer', async () => {
    const world = await expired()
    world.serve('*', () => ({ after: 1700, reply: NEWER }))
    const { reply } = await timed(world)
    expect(addressesIn(reply)).toEqual(['192.0.2.2'])
    expect(reply.extendedError).toBeUndefined()
  })

  test.each([
    ['SERVFAIL', RCODE.SERVFAIL],
    ['REFUSED', RCODE.REFUSED],
  ])('%s: the stale answer at once, and no server is asked again for 30 s', async (_text, rcode) => {
    const world = await expired()
    world.serve('*', () => ({ rcode }))
    expect((await timed(world)).reply.extendedError?.code).toBe(3)
    world.clearExchanges()
    for (let i = 0; i < 20; i++) {
      expect(addressesIn((await timed(world)).reply)).toEqual(['192.0.2.1'])
      await world.advance(1000)
    }
    expect(world.exchanges.length).toBeLessThanOrEqual(1)
    await world.advance(20_000)
    world.serve('*', () => NEWER)
    expect(addressesIn((await timed(world)).reply)).toEqual(['192.0.2.2'])
  })

  test('bogus data is bogus: what was learnt before does not hide it', async () => {
    const world = await expired()
    const opt = {
      payloadSize: 1232,
      extendedRcode: 0,
      version: 0,
      dnssecOk: false,
      options: [{ code: 15, data: Buffer.from([0, 6]) }],
    }
    world.serve('*', () => ({ rcode: RCODE.SERVFAIL, opt }))
    for (let i = 0; i < 3; i++) {
      const { reply } = await timed(world)
      expect([i, reply.rcode, reply.extendedError?.code]).toEqual([i, RCODE.SERVFAIL, 6])
      await world.advance(8000)
    }
  })

  test('a TTL shorter than 30 s went out as it was', async () => {
    const world = new World({ links: [{ ifindex: 2, dns: ['10.2.0.1'] }], settings: { staleRetention: 3600 } })
    world.serve('*', () => ({ answer: ['a.test 3 A 192.0.2.1'] }))
    await world.ask('a.test')
    await world.advance(4000)
    world.serve('*', () => 'silence')
    expect((await timed(world)).reply.answer[0]?.ttl).toBe(30)
  })

  test('each question waited 1.8 s until the first had been given up', async () => {
    const world = await expired()
    world.serve('*', () => ({ after: 3000, reply: NEWER }))
    expect((await timed(world)).took).toBe(1800)
    expect((await timed(world)).took).toBe(0)
    await world.advance(1200)
    expect(addressesIn((await timed(world)).reply)).toEqual(['192.0.2.2'])
  })

  test('a stale answer went out for 30 s after the server had come back', async () => {
    const world = await expired()
    world.serve('*', () => 'silence')
    await timed(world)
    await world.advance(5000)
    world.serve('*', () => NEWER)
    await world.advance(1000)
    expect(addressesIn((await timed(world)).reply)).toEqual(['192.0.2.2'])
  })

  test('NXDOMAIN is fresh data', async () => {
    const world = await expired()
    world.serve('*', () => ({ rcode: RCODE.NXDOMAIN, authority: SOA }))
    expect((await timed(world)).reply.rcode).toBe(RCODE.NXDOMAIN)
  })

  test('not without the setting, not after the retention, not after a flush', async () => {
    const worlds = [
      await expired({ settings: { staleRetention: 0 } }),
      await expired({ settings: { staleRetention: 100 } }, 161_000),
      await expired(),
    ]
    worlds[2]?.flush()
    for (const world of worlds) {
      world.serve('*', () => 'silence')
      expect((await timed(world)).reply.rcode).toBe(RCODE.SERVFAIL)
    }
  })

  test('a flush while it waits', async () => {
    const world = await expired()
    world.serve('*', () => 'silence')
    const reply = timed(world)
    world.flush()
    expect((await reply).reply.rcode).toBe(RCODE.SERVFAIL)
  })

  test('never over a routing change: the name belongs to another link now', async () => {
    const world = await expired()
    world.serve('*', () => 'silence')
    const reply = timed(world)
    world.changeLink({ ifindex: 3, dns: ['10.3.0.1'], domains: ['~a.test'] })
    world.serve('10.3.0.1', () => NEWER)
    expect(addressesIn((await reply).reply)).toEqual(['192.0.2.2'])
    expect(addressesIn((await timed(world)).reply)).toEqual(['192.0.2.2'])
  })

  test('nothing negative is ever stale', async () => {
    const world = new World({ links: [{ ifindex: 2, dns: ['10.2.0.1'] }], settings: { staleRetention: 3600 } })
    world.serve('*', () => ({ rcode: RCODE.NXDOMAIN, authority: SOA }))
    await world.ask('a.test')
    await world.advance(61_000)
    world.serve('*', () => 'silence')
    expect((await timed(world)).reply.rcode).toBe(RCODE.SERVFAIL)
  })

  test.each([
    ['FROM_CACHE', 0, 'success'],
    ['NO_STALE is respected', FLAG.NO_STALE, 'timeout'],
    ['NO_CACHE too', FLAG.NO_CACHE, 'timeout'],
  ])('lookups of programs: %s', async (_text, flags, state) => {
    const world = await expired()
    world.serve('*', () => 'silence')
    const query = { name: nameOf('a.test'), types: [TYPE.A], class: CLASS.IN, flags, ifindex: 0 }
    const resolution = await world.resolve({ ...query, relayed: undefined, patienceForRest: undefined })
    expect(resolution.answer.state).toBe(state)
    if (state !== 'success') return
    expect(resolution.answer.flags & (FLAG.FROM_CACHE | FLAG.FROM_NETWORK)).toBe(FLAG.FROM_CACHE)
    expect(resolution.answer.source).toBe('stale')
  })

  test('an outage of an hour costs the servers little', async () => {
    const world = await expired({ settings: { staleRetention: 86_400 } })
    world.serve('*', () => 'silence')
    world.clearExchanges()
    for (let i = 0; i < 360; i++) {
      expect(addressesIn((await timed(world)).reply)).toEqual(['192.0.2.1'])
      await world.advance(10_000)
    }
    expect(world.asked('10.2.0.1').length).toBeLessThan(360 * 10)
  })
})

async function asking(times: readonly number[], script: WorldScript = {}): Promise<World> {
  const world = new World({ links: [{ ifindex: 2, dns: ['10.2.0.1'] }], ...script })
  world.serve('*', () => ({ answer: ['a.test 100 A 192.0.2.1'] }))
  await world.ask('a.test')
  for (const at of times) {
    await world.advance(at * 1000 - world.clock.now())
    await world.ask('a.test')
  }
  return world
}

describe('prefetch', () => {
  test.each([
    ['asked twice in the last tenth: refreshed once', [91, 93, 94, 95], 2],
    ['and then not before it is due again', [91, 93, 120, 150], 2],
    ['asked once in the last tenth: not in demand', [20, 50, 95], 1],
    ['asked before only', [20, 50, 70, 80, 89], 1],
  ])('%s', async (_text, times, asked) => {
    for (const memo of [true, false]) expect((await asking(times, { memo })).exchanges.length).toBe(asked)
  })

  test('Prefetch=no', async () => {
    expect((await asking([91, 93, 95], { settings: { prefetch: false } })).exchanges.length).toBe(1)
  })

  test('an error on the way takes nothing away', async () => {
    const world = await asking([91])
    world.serve('*', () => ({ rcode: RCODE.SERVFAIL }))
    await world.ask('a.test')
    await world.advance(1000)
    expect(addressesIn(await world.ask('a.test'))).toEqual(['192.0.2.1'])
  })
})
