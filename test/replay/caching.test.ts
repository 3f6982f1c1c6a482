import { expect, test } from 'vitest'
import { RCODE, TYPE } from '../../src/wire/index.ts'
import { addressesIn, replyFor, type ReplyParts } from '../kit/messages.ts'
import { World, type WorldScript } from '../kit/world.ts'

function worldSaying(parts: ReplyParts, script: WorldScript = {}): World {
  const world = new World({ links: [{ ifindex: 2, dns: ['10.2.0.1'] }], ...script })
  world.serve('*', () => parts)
  return world
}

const FOUND: ReplyParts = { answer: ['a.test 300 A 192.0.2.1'] }
const NXDOMAIN: ReplyParts = { rcode: RCODE.NXDOMAIN, authority: ['test 3600 SOA ns.test admin.test 1 2 3 4 60'] }
const NODATA: ReplyParts = { authority: NXDOMAIN.authority ?? [] }

/** rule, the server's answer, settings, seconds until asked again, how often the server is asked in all. */
const cases: readonly [string, ReplyParts, WorldScript, number, number][] = [
  ['R-CACHE-5: an answer is kept for its TTL', FOUND, {}, 299, 1],
  ['R-CACHE-5: and not a second longer', FOUND, {}, 301, 2],
  ['R-CACHE-5: two hours at most', { answer: ['a.test 86400 A 192.0.2.1'] }, {}, 7201, 2],
  ['R-CACHE-5: TTL 0 is not kept', { answer: ['a.test 0 A 192.0.2.1'] }, {}, 0, 2],
  ['R-CACHE-5: the least TTL of the whole message counts', { ...FOUND, authority: ['test 30 NS ns.test'] }, {}, 31, 2],
  ['R-CACHE-7: NXDOMAIN is kept for the SOA minimum', NXDOMAIN, {}, 59, 1],
  ['R-CACHE-7: and not longer', NXDOMAIN, {}, 61, 2],
  ['R-CACHE-7: NODATA likewise', NODATA, {}, 59, 1],
  ['R-CACHE-7: nothing negative is kept without an SOA', { rcode: RCODE.NXDOMAIN }, {}, 0, 2],
  ['R-CACHE-8: SERVFAIL is kept for ten seconds', { rcode: RCODE.SERVFAIL }, {}, 9, 1],
  ['R-CACHE-8: and not longer', { rcode: RCODE.SERVFAIL }, {}, 11, 2],
  ['R-CACHE-10: Cache=no keeps nothing', FOUND, { settings: { cache: 'no' } }, 0, 2],
  ['R-CACHE-10: Cache=no-negative keeps no NXDOMAIN', NXDOMAIN, { settings: { cache: 'no-negative' } }, 0, 2],
  ['R-CACHE-10: but positive answers', FOUND, { settings: { cache: 'no-negative' } }, 0, 1],
  ['R-CACHE-3: DNSCacheSize=0 keeps nothing', FOUND, { settings: { dnsCacheSize: 0 } }, 0, 2],
  [
    'R-CACHE-11: answers of loopback servers are not kept',
    FOUND,
    { dns: ['127.0.0.9'], links: [{ ifindex: 2 }] },
    0,
    2,
  ],
  [
    'R-CACHE-11: unless CacheFromLocalhost=yes',
    FOUND,
    { dns: ['127.0.0.9'], links: [{ ifindex: 2 }], settings: { cacheFromLocalhost: true } },
    0,
    1,
  ],
]

test.each(cases)('%s', async (_rule, parts, script, seconds, asked) => {
  const world = worldSaying(parts, script)
  const first = await world.ask('a.test')
  await world.advance(seconds * 1000)
  const second = await world.ask('a.test')
  expect(second.rcode).toBe(first.rcode)
  expect(addressesIn(second)).toEqual(addressesIn(first))
  expect(world.exchanges.length).toBe(asked)
})

test('R-CACHE-16: TTLs count down and never reach 0', async () => {
  const world = worldSaying(FOUND)
  await world.ask('a.test')
  await world.advance(100_500)
  expect((await world.ask('a.test')).answer[0]?.ttl).toBe(199)
  await world.advance(199_000)
  expect((await world.ask('a.test')).answer[0]?.ttl).toBe(1)
})

test('R-CACHE-2: NXDOMAIN of one type answers all types', async () => {
  const world = worldSaying(NXDOMAIN)
  await world.ask('a.test')
  expect((await world.ask('a.test', { type: 'MX' })).rcode).toBe(RCODE.NXDOMAIN)
  expect(world.exchanges.length).toBe(1)
})

test('an answer brought a record of another name along, which was then served', async () => {
  const world = new World({ links: [{ ifindex: 2, dns: ['10.2.0.1'] }] })
  world.serve('*', ({ question }) =>
    question.name === 'a.test'
      ? { answer: ['a.test 300 CNAME b.test', 'b.test 300 A 192.0.2.1', 'bank.test 300 A 192.0.2.66'] }
      : { answer: [`${question.name} 300 A 192.0.2.2`] },
  )
  await world.ask('a.test')
  expect(addressesIn(await world.ask('b.test'))).toEqual(['192.0.2.2'])
  expect(addressesIn(await world.ask('bank.test'))).toEqual(['192.0.2.2'])
})

test.each([
  [1, 'the answer'],
  [2, 'the authority section'],
])('a router that puts its OPT record into section %s, %s, was taken for broken', async (section) => {
  const world = new World({ links: [{ ifindex: 2, dns: ['10.2.0.1'] }] })
  world.serve('*', ({ wire }) => {
    const opt = { payloadSize: 1280, extendedRcode: 0, version: 0, dnssecOk: false, options: [] }
    const reply = replyFor(wire, { answer: ['a.test 300 A 192.0.2.1'], opt })
    reply[2 * (section + 2) + 3]! += 1
    reply[11]! -= 1
    return reply
  })
  for (const options of [{}, { edns: 1232 }, { edns: 1232 }, {}]) {
    const reply = await world.ask('a.test', options)
    expect(addressesIn(reply)).toEqual(['192.0.2.1'])
    expect(reply.hasBadOpt).toBe(false)
    expect(reply.opt === undefined).toBe(options.edns === undefined)
  }
})

test('R-CACHE-13: a CNAME that came with the answer to one type says nothing to another', async () => {
  const world = new World({ links: [{ ifindex: 2, dns: ['10.2.0.1'] }] })
  const cname = 'a.test 300 CNAME b.test'
  world.serve('*', ({ question }) =>
    question.type === TYPE.A
      ? { answer: [cname, 'b.test 300 A 192.0.2.1'] }
      : { answer: [cname, 'b.test 300 AAAA 2001:db8::1'] },
  )
  await world.ask('a.test')
  expect(addressesIn(await world.ask('a.test', { type: 'AAAA' }))).toEqual(['2001:db8::1'])
  expect(world.asked('10.2.0.1')).toEqual(['a.test A', 'a.test AAAA'])
})

test('R-CACHE-13: one forged DNAME took all names below it', async () => {
  const world = new World({ links: [{ ifindex: 2, dns: ['10.2.0.1'] }] })
  world.serve('*', ({ question: { name, type } }) => {
    const isForged = name === 'x.test' || type === TYPE.DNAME
    return isForged ? { answer: ['test 300 DNAME evil.example'] } : { answer: [`${name} 300 A 192.0.2.1`] }
  })
  await world.ask('x.test')
  await world.ask('test', { type: 'DNAME' })
  expect(addressesIn(await world.ask('bank.test'))).toEqual(['192.0.2.1'])
  expect(world.asked('10.2.0.1').at(-1)).toBe('bank.test A')
})

test('R-CACHE-2: letter case makes no difference, and comes back as it was asked', async () => {
  const world = worldSaying(FOUND)
  await world.ask('a.test')
  const reply = await world.ask('A.TeSt')
  expect(addressesIn(reply)).toEqual(['192.0.2.1'])
  expect(world.exchanges.length).toBe(1)
})

test.each([
  ['addresses', true],
  ['addresses', false],
  ['NXDOMAIN', true],
  ['NXDOMAIN', false],
])('R-CACHE-3: a flood of new names with %s pushes out nothing that is in use (memo: %s)', async (kind, memo) => {
  const world = new World({
    links: [{ ifindex: 2, dns: ['10.2.0.1'] }],
    settings: { dnsCacheSize: 400, prefetch: false },
    memo,
  })
  world.serve('*', ({ question: { name } }) =>
    name.endsWith('.flood.test') && kind === 'NXDOMAIN' ? NXDOMAIN : { answer: [`${name} 300 A 192.0.2.1`] },
  )
  const inUse = Array.from({ length: 100 }, (_, i) => `n${i}.used.test`)
  const askAll = async () => {
    for (const name of inUse) expect(addressesIn(await world.ask(name))).toEqual(['192.0.2.1'])
  }
  const askedOf = (suffix: string) => world.asked('10.2.0.1').filter((line) => line.endsWith(suffix)).length
  await askAll()
  await world.advance(2000)
  await askAll()
  for (let i = 0; i < 2000; i++) await world.ask(`x${i}.flood.test`)
  await askAll()
  expect([askedOf('.used.test A'), askedOf('.flood.test A')]).toEqual([100, 2000])
})
