import { describe, expect, test } from 'vitest'
import type { UnicastScope } from '../../src/scope/index.ts'
import { AD, CD, isWithin, nameOf, TYPE } from '../../src/wire/index.ts'
import type { ZoneScript } from '../kit/signed-zone.ts'
import { SERVER, told, validating } from '../kit/validating-world.ts'

const DATA = [
  'a A 192.0.2.1',
  'm A 192.0.2.2',
  '*.wild A 192.0.2.9',
  '*.walias CNAME a',
  'x.ent A 192.0.2.3',
  'cut NS ns.invalid.',
]
const ZONES: readonly ZoneScript[] = [
  { apex: 'test' },
  { apex: 'nsec.test', records: DATA },
  { apex: 'nsec3.test', records: DATA, denial: 'nsec3' },
  { apex: 'optout.test', records: DATA, denial: 'opt-out' },
  { apex: 'compact.test', records: DATA, denial: 'compact' },
  { apex: 'plain.test', records: DATA, algorithm: 'unsigned' },
]
const proving = () => validating(undefined, ZONES).world
type Asked = readonly [name: string, type?: string]

/** What is asked first, then what follows from that. */
const follows: readonly [what: string, first: readonly Asked[], then: Asked, expected: string][] = [
  ['the span of an NSEC', [['c.nsec.test']], ['ca.nsec.test'], 'NXDOMAIN AD '],
  ['names below a name in the span', [['c.nsec.test']], ['a.b.bb.nsec.test'], 'NXDOMAIN AD '],
  ['types that an NSEC does not list', [['a.nsec.test', 'AAAA']], ['a.nsec.test', 'MX'], 'NOERROR AD '],
  ['an empty non-terminal', [['ent.nsec.test']], ['ent.nsec.test', 'TXT'], 'NOERROR AD '],
  ['a wildcard', [['p.wild.nsec.test']], ['q.wild.nsec.test'], 'NOERROR AD A'],
  ['a wildcard without the type', [['p.wild.nsec.test', 'TXT']], ['q.wild.nsec.test', 'MX'], 'NOERROR AD '],
  [
    'a wildcard that is an alias',
    [['p.walias.nsec.test'], ['a.nsec.test']],
    ['q.walias.nsec.test'],
    'NOERROR AD CNAME A',
  ],
  ['a name without DS', [['a.nsec.test', 'AAAA']], ['a.nsec.test', 'DS'], 'NOERROR AD '],
  ['types that an NSEC3 does not list', [['a.nsec3.test', 'AAAA']], ['a.nsec3.test', 'MX'], 'NOERROR AD '],
  [
    'a wildcard of an NSEC3 zone',
    [['p.wild.nsec3.test'], ['wild.nsec3.test']],
    ['p.wild.nsec3.test', 'A'],
    'NOERROR AD A',
  ],
  ['one name, by compact denial', [['none.compact.test']], ['none.compact.test', 'MX'], 'NXDOMAIN AD '],
]

describe('S-CACHE-4: what earlier answers prove is not asked', () => {
  test.each(follows)('%s', async (_what, first, [name, type = 'A'], expected) => {
    const world = proving()
    for (const [each, as = 'A'] of first) await world.ask(each, { type: as })
    world.clearExchanges()
    expect(told(await world.ask(name, { type, flags: AD }))).toBe(expected)
    expect(world.asked(SERVER)).toEqual([])
  })

  test('the span of NSEC3 records', async () => {
    const world = proving()
    const names = Array.from({ length: 60 }, (_none, i) => `n${i}.nsec3.test`)
    for (const name of names) expect(told(await world.ask(name, { flags: AD }))).toBe('NXDOMAIN AD ')
    expect(world.asked(SERVER).filter((line) => /^n\d+/.test(line)).length).toBeLessThan(30)
  })

  test.each([
    ['names outside of the span', ['c.nsec.test'], 'n.nsec.test', 'NXDOMAIN AD '],
    ['opt-out spans', ['c.optout.test'], 'd.optout.test', 'NXDOMAIN '],
    ['unsigned zones', ['c.plain.test'], 'd.plain.test', 'NXDOMAIN '],
    ['names below a delegation', ['cut.nsec.test DS'], 'x.cut.nsec.test', 'NXDOMAIN AD '],
    ['compact denial, which covers one name', ['none.compact.test'], 'nonf.compact.test', 'NXDOMAIN AD '],
    ['a name nearer than the wildcard', ['p.wild.nsec.test'], 'p.ent.nsec.test', 'NXDOMAIN AD '],
  ])('nothing follows for %s', async (_what, first, then) => {
    const world = proving()
    for (const each of first) {
      const [name = '', type = 'A'] = each.split(' ')
      await world.ask(name, { type })
    }
    world.clearExchanges()
    const [name = '', type = 'A'] = then.split(' ')
    await world.ask(name, { type })
    expect(world.asked(SERVER)).toContain(`${name} ${type}`)
  })

  test('who sets CD is told what the server says', async () => {
    const world = proving()
    await world.ask('c.nsec.test')
    world.clearExchanges()
    await world.ask('ca.nsec.test', { flags: CD })
    expect(world.asked(SERVER)).toEqual(['ca.nsec.test A'])
  })

  test('who sets DO gets the records that prove it', async () => {
    const world = proving()
    await world.ask('c.nsec.test')
    const reply = await world.ask('ca.nsec.test', { dnssecOk: true })
    expect(told(reply)).toBe('NXDOMAIN AD ')
    expect(reply.opt?.dnssecOk).toBe(true)
    expect(reply.authority.map(({ type }) => type).toSorted((a, b) => a - b)).toEqual(
      [TYPE.SOA, TYPE.RRSIG, TYPE.RRSIG, TYPE.NSEC, TYPE.RRSIG, TYPE.NSEC].toSorted((a, b) => a - b),
    )
  })

  test('RFC 9077: no longer than the SOA allows, and TTLs count down', async () => {
    const world = proving()
    await world.ask('c.nsec.test')
    await world.advance(100_000)
    world.clearExchanges()
    const reply = await world.ask('ca.nsec.test', { dnssecOk: true })
    expect([...new Set(reply.authority.map(({ ttl }) => ttl))]).toEqual([200])
    await world.advance(201_000)
    await world.ask('ca.nsec.test')
    expect(world.asked(SERVER)).toContain('ca.nsec.test A')
  })

  test('nothing is left of it after a flush', async () => {
    const world = proving()
    await world.ask('c.nsec.test')
    world.flush()
    world.clearExchanges()
    await world.ask('ca.nsec.test')
    expect(world.asked(SERVER)).toContain('ca.nsec.test A')
  })

  test('a flood of names takes no room in the cache', async () => {
    const world = proving()
    await world.ask('c.nsec.test')
    const size = () => world.scopes.all.map((scope) => (scope as UnicastScope).cache.size)
    const before = size()
    for (let i = 0; i < 100; i++) await world.ask(`c${i}.nsec.test`)
    expect(size()).toEqual(before)
  })
})

describe('S-CACHE-2: a failure is remembered for a while', () => {
  test('and the broken zone is not asked again', async () => {
    let isBroken = true
    const { world } = validating((message, { name }) =>
      isBroken && isWithin(name, nameOf('signed.test'))
        ? { ...message, answer: message.answer.filter(({ type }) => type !== TYPE.RRSIG) }
        : message,
    )
    expect(told(await world.ask('www.signed.test'))).toBe('SERVFAIL ')
    world.clearExchanges()
    const again = await world.ask('www.signed.test', { edns: 1232 })
    expect([again.rcode, again.extendedError?.code]).toEqual([2, 10])
    expect(world.asked(SERVER)).toEqual([])
    isBroken = false
    await world.advance(10_000)
    expect(told(await world.ask('www.signed.test', { flags: AD }))).toBe('NOERROR AD A')
  })
})
