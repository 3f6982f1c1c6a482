import { describe, expect, test } from 'vitest'
import { AD, RCODE, TYPE } from '../../src/wire/index.ts'
import type { Tamper } from '../kit/signed-tree.ts'
import { ROUND_TRIP, SERVER, told, validating } from '../kit/validating-world.ts'

type Setting = ReturnType<typeof validating>

const RECORDS = ['a', 'b', 'c', 'd', 'www'].map((label) => `${label} A 192.0.2.1`)
const ZONES = [
  { apex: 'test' },
  { apex: 'signed.test', records: RECORDS },
  { apex: 'other.test', records: RECORDS },
  { apex: 'plain.test', records: RECORDS, algorithm: 'unsigned' },
] as const
const KEEP: Tamper = (message) => message

/** Questions to servers that went out one after the other, as each round trip takes the same time. */
async function rounds({ world }: Setting, name: string): Promise<number> {
  const begin = world.clock.now()
  await world.ask(name)
  return (world.clock.now() - begin) / ROUND_TRIP
}

describe('how long a miss takes, in round trips', () => {
  test('once the chain is known, no longer than one that is not validated', async () => {
    const validated = validating(KEEP, ZONES)
    await validated.world.ask('www.signed.test')
    const plain = validating(KEEP, ZONES)
    plain.world.change({ settings: { dnssec: 'no' } })
    for (const name of ['a.signed.test', 'b.signed.test', 'none.signed.test']) {
      expect([await rounds(validated, name), await rounds(plain, name)]).toEqual([1, 1])
    }
  })

  test('S-ASK-3: a chain of three zones of which nothing is known takes one more', async () => {
    const cold = validating(KEEP, ZONES)
    expect(await rounds(cold, 'www.signed.test')).toBe(2)
    expect(cold.world.asked(SERVER).toSorted()).toEqual([
      '. DNSKEY',
      'signed.test DNSKEY',
      'signed.test DS',
      'test DNSKEY',
      'test DS',
      'www.signed.test A',
    ])
  })

  test('a zone below one that is known takes one more', async () => {
    const { world, tree } = validating(KEEP, ZONES)
    await world.ask('www.signed.test')
    expect(await rounds({ world, tree }, 'www.other.test')).toBe(2)
  })
})

test('names between two zones were asked about with each zone below them', async () => {
  const labels = ['a', 'b', 'c']
  const deep = labels.map((label) => ({ apex: `${label}.of.signed.test`, records: RECORDS }))
  const { world } = validating(KEEP, [...ZONES, ...deep])
  await world.ask('www.signed.test')
  await world.ask('www.a.of.signed.test')
  world.clearExchanges()
  expect(told(await world.ask('www.b.of.signed.test', { flags: AD }))).toBe('NOERROR AD A')
  expect(world.asked(SERVER).toSorted()).toEqual([
    'b.of.signed.test DNSKEY',
    'b.of.signed.test DS',
    'www.b.of.signed.test A',
  ])
})

describe('S-WALK-6: links in demand are renewed before they expire', () => {
  /** Two different names late in the life of the links, one after it. */
  async function late(
    tamper: Tamper = (message) => message,
    zone = 'signed.test',
  ): Promise<Setting & { asked: string[] }> {
    const setting = validating(tamper, ZONES)
    const { world } = setting
    await world.ask(`www.${zone}`)
    await world.advance(280_000)
    await world.ask(`a.${zone}`)
    await world.ask(`b.${zone}`)
    await world.advance(25_000)
    const asked = world.asked(SERVER)
    world.clearExchanges()
    return { ...setting, asked }
  }

  test('so that nobody waits for them', async () => {
    const { world, tree, asked } = await late()
    expect(asked.filter((each) => each === 'signed.test DNSKEY')).toHaveLength(2)
    expect(await rounds({ world, tree }, 'c.signed.test')).toBe(1)
    expect(world.asked(SERVER)).toEqual(['c.signed.test A'])
  })

  test('also where they say that a zone is not signed', async () => {
    const { world, tree } = await late(undefined, 'plain.test')
    expect(await rounds({ world, tree }, 'c.plain.test')).toBe(1)
  })

  test('not those that nobody wants', async () => {
    const { world } = validating(KEEP, ZONES)
    await world.ask('www.signed.test')
    await world.advance(280_000)
    world.clearExchanges()
    await world.ask('a.signed.test')
    await world.advance(40_000)
    expect(world.asked(SERVER)).toEqual(['a.signed.test A'])
  })

  test('not with Prefetch=no', async () => {
    const { world, tree } = validating(KEEP, ZONES)
    world.change({ settings: { dnssec: 'yes', ...tree.settings, prefetch: false } })
    await world.ask('www.signed.test')
    await world.advance(280_000)
    world.clearExchanges()
    for (const name of ['a', 'b', 'c']) await world.ask(`${name}.signed.test`)
    expect(world.asked(SERVER)).toEqual(['a.signed.test A', 'b.signed.test A', 'c.signed.test A'])
  })

  test('one that cannot be renewed holds until it expires, and not longer', async () => {
    let isBroken = false
    const { world } = validating(
      (message, { type }) =>
        isBroken && type === TYPE.DNSKEY ? { ...message, rcode: RCODE.REFUSED, answer: [], authority: [] } : message,
      ZONES,
    )
    await world.ask('www.signed.test')
    await world.advance(280_000)
    isBroken = true
    for (const name of ['a', 'b']) await world.ask(`${name}.signed.test`)
    await world.advance(1000)
    expect(told(await world.ask('c.signed.test', { flags: AD }))).toBe('NOERROR AD A')
    await world.advance(30_000)
    expect(told(await world.ask('d.signed.test', { flags: AD }))).toBe('SERVFAIL ')
  })
})
