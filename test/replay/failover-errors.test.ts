import { describe, expect, test } from 'vitest'
import { RCODE, TYPE } from '../../src/wire/index.ts'
import { addressesIn } from '../kit/messages.ts'
import { World } from '../kit/world.ts'

const [FIRST, SECOND] = ['10.2.0.1', '10.2.0.2']

/** The first server gives an error to these types, and the second knows everything. */
function worldFailingAt(...types: number[]): World {
  const world = new World({ links: [{ ifindex: 2, dns: [FIRST, SECOND] }] })
  const known = (name: string, type: number) => ({ answer: [`${name} 0 ${type === TYPE.A ? 'A 192.0.2.1' : 'TXT x'}`] })
  world.serve(FIRST, ({ question: { name, type } }) =>
    types.includes(type) ? { rcode: RCODE.SERVFAIL } : known(name, type),
  )
  world.serve(SECOND, ({ question: { name, type } }) => known(name, type))
  return world
}

async function askedFirst(world: World, name: string, type: string): Promise<string | undefined> {
  world.clearExchanges()
  await world.ask(name, { type })
  return world.exchanges[0]?.server
}

describe('R-SRV-4: errors are counted by the type asked', () => {
  test('HTTPS alone failed, and all lookups moved to the second server', async () => {
    const world = worldFailingAt(TYPE.HTTPS)
    for (let i = 0; i < 3; i++) expect(await askedFirst(world, `h${i}.test`, 'HTTPS')).toBe(FIRST)
    expect(await askedFirst(world, 'h4.test', 'HTTPS')).toBe(SECOND)
    expect(await askedFirst(world, 'a.test', 'A')).toBe(FIRST)
    expect(await askedFirst(world, 't.test', 'TXT')).toBe(FIRST)
    expect(await askedFirst(world, 'h5.test', 'HTTPS')).toBe(SECOND)
    await world.advance(4000)
    expect(await askedFirst(world, 'h6.test', 'HTTPS')).toBe(FIRST)
  })

  test('AAAA alone says nothing about the server either', async () => {
    const world = worldFailingAt(TYPE.AAAA)
    for (let i = 0; i < 4; i++) await world.ask(`h${i}.test`, { type: 'AAAA' })
    expect(await askedFirst(world, 'a.test', 'A')).toBe(FIRST)
  })

  test('errors to several types, addresses among them, do', async () => {
    const world = worldFailingAt(TYPE.A, TYPE.AAAA, TYPE.TXT)
    await world.ask('a.test')
    await world.ask('b.test', { type: 'AAAA' })
    await world.ask('c.test')
    expect(await askedFirst(world, 'd.test', 'TXT')).toBe(SECOND)
    expect(await askedFirst(world, 'd.test', 'A')).toBe(SECOND)
  })
})

describe('a preferred server healed while nobody asked', () => {
  test('it was shown as silent until the next question', async () => {
    const world = new World({ links: [{ ifindex: 2, dns: [FIRST, SECOND] }] })
    const answer = { answer: ['a.test 0 A 192.0.2.1'] }
    world.serve(SECOND, () => answer)
    await world.ask('a.test')
    await world.ask('a.test')
    const first = world.scopes.ofLink(2)?.upstreams.all[0]
    await world.advance(60_000)
    expect(first?.liveness.state).toBe('out')
    world.serve(FIRST, () => answer)
    await world.advance(30_000)
    expect(first?.liveness.state).toBe('up')
    expect(world.timersLeft).toBe(0)
    world.clearExchanges()
    expect(addressesIn(await world.ask('a.test'))).toEqual(['192.0.2.1'])
    expect(world.asked(SECOND)).toEqual([])
  })

  test('pauses between probes grow to five minutes: a dead server costs a day no more than 300 messages', async () => {
    const world = new World({ links: [{ ifindex: 2, dns: [FIRST, SECOND] }] })
    world.serve(SECOND, () => ({ answer: ['a.test 0 A 192.0.2.1'] }))
    await world.ask('a.test')
    await world.ask('a.test')
    await world.advance(60_000)
    world.clearExchanges()
    await world.advance(86_400_000)
    const times = world.exchanges.map(({ sentAt }) => sentAt)
    expect(times.length).toBeLessThan(320)
    expect(times.length).toBeGreaterThan(280)
    expect(Math.max(...times.slice(1).map((at, i) => at - (times[i] ?? 0)))).toBeLessThan(301_000)
  })
})
