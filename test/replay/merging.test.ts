import { describe, expect, test } from 'vitest'
import { AF_UNSPEC } from '../../src/base/index.ts'
import { queryFor } from '../../src/lookup/index.ts'
import { nameOf, RCODE, TYPE } from '../../src/wire/index.ts'
import { addressesIn, type ReplyParts } from '../kit/messages.ts'
import { type Server, World } from '../kit/world.ts'

const SOA = ['test 60 SOA ns.test admin.test 1 2 3 4 60']
const NODATA: ReplyParts = { authority: SOA }
const NXDOMAIN: ReplyParts = { rcode: RCODE.NXDOMAIN, authority: SOA }
const FOUND: ReplyParts = { answer: ['a.test 60 A 192.0.2.1'] }
const SERVFAIL: ReplyParts = { rcode: RCODE.SERVFAIL }

/** rule, what the first link says and after how long, the second, expected rcode, addresses, and time taken. */
const cases: readonly [string, ReplyParts, number, ReplyParts, number, number, string[], number][] = [
  ['R-MERGE-3: the first positive answer wins', FOUND, 20, NODATA, 500, 0, ['192.0.2.1'], 20],
  ['R-MERGE-3: a quick NODATA hides no positive answer', NODATA, 5, FOUND, 300, 0, ['192.0.2.1'], 300],
  ['R-MERGE-3: nor does a quick NXDOMAIN', NXDOMAIN, 5, FOUND, 300, 0, ['192.0.2.1'], 300],
  ['R-MERGE-2: NODATA is a success and beats NXDOMAIN', NXDOMAIN, 5, NODATA, 30, RCODE.NOERROR, [], 30],
  ['R-MERGE-4: the last conclusive failure is told', NXDOMAIN, 5, SERVFAIL, 30, RCODE.SERVFAIL, [], 30],
  ['R-MERGE-3: a negative answer waits a second at most', NXDOMAIN, 5, FOUND, 3000, RCODE.NXDOMAIN, [], 1005],
]

test.each(cases)('%s', async (_rule, first, firstAfter, second, secondAfter, rcode, addresses, took) => {
  const world = new World({
    links: [
      { ifindex: 2, dns: ['10.2.0.1'] },
      { ifindex: 3, dns: ['10.3.0.1'] },
    ],
  })
  world.serve('10.2.0.1', ({ sentAt }) => (sentAt === 0 ? { after: firstAfter, reply: first } : 'silence'))
  world.serve('10.3.0.1', ({ sentAt }) => (sentAt === 0 ? { after: secondAfter, reply: second } : 'silence'))
  const reply = await world.ask('a.test')
  expect({ rcode: reply.rcode, addresses: addressesIn(reply), took: world.clock.now() }).toEqual({
    rcode,
    addresses,
    took,
  })
})

test('R-MERGE-3: the slower scope goes on and fills its cache', async () => {
  const world = new World({
    links: [
      { ifindex: 2, dns: ['10.2.0.1'] },
      { ifindex: 3, dns: ['10.3.0.1'] },
    ],
  })
  world.serve('10.2.0.1', () => FOUND)
  world.serve('10.3.0.1', () => ({ after: 100, reply: FOUND }))
  await world.ask('a.test')
  await world.advance(200)
  expect(world.scopes.ofLink(3)?.cache.size).toBe(1)
})

test.each<[string, ReplyParts, string[]]>([
  ['what failed on all tells the attempts of all', SERVFAIL, ['10.2.0.1', '10.3.0.1']],
  ['so does what nobody has', NODATA, ['10.2.0.1', '10.3.0.1']],
  ['what was found tells those that led to it', FOUND, ['10.3.0.1']],
])('%s', async (_what, second, servers) => {
  const world = new World({
    links: [
      { ifindex: 2, dns: ['10.2.0.1'] },
      { ifindex: 3, dns: ['10.3.0.1'] },
    ],
  })
  world.serve('10.2.0.1', () => NXDOMAIN)
  world.serve('10.3.0.1', () => ({ after: 30, reply: second }))
  const { answer } = await world.resolve(queryFor({ name: nameOf('a.test'), spelling: undefined }, [TYPE.A], 0, 0))
  const asked = answer.attempts.map(({ server }) => server.replace(/%.*/, ''))
  expect([...new Set(asked)]).toEqual(servers)
})

describe('an outage does not read as a name without addresses', () => {
  const request = { name: 'a.test', family: AF_UNSPEC, ifindex: 0, flags: 0 }
  const NOWHERE: Server = () => 'silence'

  test.each<[string, Server, Server, string]>([
    ['A dropped, AAAA answered with NODATA', NOWHERE, () => NODATA, 'timeout'],
    ['A with an error, AAAA answered with NODATA', () => SERVFAIL, () => NODATA, 'rcode-failure'],
    ['the error comes first', () => SERVFAIL, () => ({ after: 30, reply: NODATA }), 'rcode-failure'],
    ['the other way round', () => NODATA, NOWHERE, 'timeout'],
    ['NODATA for both is one', () => NODATA, () => NODATA, 'no-such-rr'],
    ['addresses of one family are enough', () => FOUND, NOWHERE, '192.0.2.1'],
  ])('R-MERGE-2: %s', async (_what, first, second, expected) => {
    const world = new World({ links: [{ ifindex: 2, dns: ['10.2.0.1'] }] })
    world.serve('*', (asked) => (asked.question.type === TYPE.A ? first(asked) : second(asked)))
    const found = await world.run(world.lookups.hostname(request, new AbortController().signal))
    expect(found.ok ? found.value.addresses.map(({ address }) => address.text).join() : found.failure.kind).toBe(
      expected,
    )
  })
})
