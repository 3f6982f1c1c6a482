import { describe, expect, test } from 'vitest'
import { FLAG, type Resolution } from '../../../src/resolve/index.ts'
import { CLASS, nameOf, parseType, RCODE, type ResourceRecord, TYPE, typeText } from '../../../src/wire/index.ts'
import { settle } from '../../kit/fake-clock.ts'
import { queryFor, type ReplyParts } from '../../kit/messages.ts'
import { type Server, World, type WorldScript } from '../../kit/world.ts'

const SOA = ['test 60 SOA ns.test admin.test 1 2 3 4 60']

function worldOf(server: Server | Readonly<Record<string, ReplyParts>>, script: WorldScript = {}): World {
  const world = new World({ links: [{ ifindex: 2, dns: ['10.2.0.1'] }], ...script })
  world.serve(
    '*',
    typeof server === 'function'
      ? server
      : ({ question }) => server[`${question.name} ${typeText(question.type)}`] ?? { authority: SOA },
  )
  return world
}

interface Ask {
  readonly types?: string
  readonly flags?: number
  readonly class?: number
}

function resolve(world: World, name: string, ask: Ask = {}): Promise<Resolution> {
  return world.resolve({
    name: nameOf(name),
    types: (ask.types ?? 'A').split(' ').map((type) => parseType(type) as number),
    class: ask.class ?? CLASS.IN,
    flags: FLAG.NO_SEARCH | (ask.flags ?? 0),
    ifindex: 0,
    relayed: undefined,
    patienceForRest: undefined,
  })
}

const lines = (records: readonly { readonly record: ResourceRecord }[]) =>
  records.map(({ record }) => `${record.name} ${typeText(record.type)}`)

/** A chain of `length` CNAMEs, one per message, to an address. */
const chain =
  (length: number): Server =>
  ({ question }) => {
    const step = Number(question.name.split('.')[0]?.slice(1))
    return step === length
      ? { answer: [`${question.name} 60 A 192.0.2.1`] }
      : { answer: [`${question.name} 60 CNAME n${step + 1}.test`] }
  }

describe('CNAMEs', () => {
  test('monitor named the end of a chain as the question when it came in one message', async () => {
    const whole = { answer: ['a.test 60 CNAME b.test', 'b.test 60 CNAME c.test', 'c.test 60 A 192.0.2.1'] }
    const { collected, name } = await resolve(
      worldOf(() => whole),
      'a.test',
    )
    expect([...collected.map((question) => question.name), name]).toEqual(['a.test', 'b.test', 'c.test'])
    const { collected: inParts } = await resolve(worldOf(chain(2)), 'n0.test')
    expect(inParts.map((question) => question.name)).toEqual(['n0.test', 'n1.test'])
  })

  test.each([
    ['R-ORDER-5: sixteen redirects are followed', 16, 'success', 17],
    ['R-CNAME-3: seventeen are not', 17, 'cname-loop', 16],
  ])('%s', async (_rule, length, state, records) => {
    const resolution = await resolve(worldOf(chain(length)), 'n0.test')
    expect([resolution.answer.state, resolution.answer.records.length]).toEqual([state, records])
  })

  test.each<[string, string, Readonly<Record<string, ReplyParts>>, Ask, string, string[], string[]]>([
    [
      'R-CNAME-2: what the message holds is walked without asking',
      'a.test',
      { 'a.test A': { answer: ['a.test 60 CNAME b.test', 'b.test 60 CNAME c.test', 'c.test 60 A 192.0.2.1'] } },
      {},
      'success',
      ['a.test CNAME', 'b.test CNAME', 'c.test A'],
      ['a.test A'],
    ],
    [
      'R-CNAME-2: and its end is asked for',
      'a.test',
      { 'a.test A': { answer: ['a.test 60 CNAME b.test'] }, 'b.test A': { answer: ['b.test 60 A 192.0.2.1'] } },
      {},
      'success',
      ['a.test CNAME', 'b.test A'],
      ['a.test A', 'b.test A'],
    ],
    [
      'R-CNAME-1: nothing is chased that was asked for itself',
      'a.test',
      { 'a.test CNAME': { answer: ['a.test 60 CNAME b.test'] } },
      { types: 'CNAME' },
      'success',
      ['a.test CNAME'],
      ['a.test CNAME'],
    ],
    ['R-CNAME-2: NODATA is not asked again', 'a.test', {}, {}, 'success', [], ['a.test A']],
    [
      'R-CNAME-3: a name that leads to itself',
      'a.test',
      { 'a.test A': { answer: ['a.test 60 CNAME a.test'] } },
      {},
      'cname-loop',
      [],
      ['a.test A'],
    ],
    [
      'R-CNAME-3: a circle over two messages',
      'a.test',
      { 'a.test A': { answer: ['a.test 60 CNAME b.test'] }, 'b.test A': { answer: ['b.test 60 CNAME a.test'] } },
      {},
      'cname-loop',
      ['a.test CNAME'],
      ['a.test A', 'b.test A'],
    ],
    [
      'R-MERGE-6: NXDOMAIN at the end of a chain is of the end',
      'a.test',
      {
        'a.test A': { rcode: RCODE.NXDOMAIN, answer: ['a.test 60 CNAME b.test'], authority: SOA },
        'b.test A': { rcode: RCODE.NXDOMAIN, authority: SOA },
      },
      {},
      'rcode-failure',
      ['a.test CNAME'],
      ['a.test A', 'b.test A'],
    ],
    [
      'R-CNAME-2: a chain to localhost is answered here',
      'a.test',
      { 'a.test A': { answer: ['a.test 60 CNAME localhost'] } },
      {},
      'success',
      ['a.test CNAME', 'localhost A'],
      ['a.test A'],
    ],
    [
      'R-CNAME-1: A and AAAA go the same way together',
      'a.test',
      {
        'a.test A': { answer: ['a.test 60 CNAME b.test'] },
        'a.test AAAA': { answer: ['a.test 60 CNAME b.test'] },
        'b.test A': { answer: ['b.test 60 A 192.0.2.1'] },
        'b.test AAAA': { answer: ['b.test 60 AAAA 2001:db8::1'] },
      },
      { types: 'A AAAA' },
      'success',
      ['a.test CNAME', 'b.test A', 'b.test AAAA'],
      ['a.test A', 'a.test AAAA', 'b.test A', 'b.test AAAA'],
    ],
  ])('%s', async (_rule, name, zone, ask, state, answer, asked) => {
    const world = worldOf(zone)
    const resolution = await resolve(world, name, ask)
    expect([resolution.answer.state, lines(resolution.answer.records)]).toEqual([state, answer])
    expect(world.asked('10.2.0.1')).toEqual(asked)
  })

  test('R-CNAME-4: a redirect of the hosts file may go to DNS, one of DNS goes nowhere else', async () => {
    const world = worldOf({ 'out.test A': { answer: ['out.test 60 CNAME intranet'] } })
    const resolution = await resolve(world, 'out.test')
    expect([resolution.answer.state, resolution.name, lines(resolution.answer.records)]).toEqual([
      'success',
      'intranet',
      ['out.test CNAME'],
    ])
  })
})

describe('the order of sources (R-ORDER)', () => {
  const hosts = '192.0.2.80 box.test\n0.0.0.0 blocked.test'

  test.each<[string, string, Ask, string, string, string]>([
    ['R-HOSTS-4: the hosts file before the network', 'box.test', {}, 'success', 'box.test A', 'hosts'],
    ['R-HOSTS-4: for all types', 'box.test', { types: 'MX' }, 'success', '', 'hosts'],
    ['R-HOSTS-3: NODATA', 'blocked.test', {}, 'success', '', 'hosts'],
    [
      'R-ORDER-1: NO_SYNTHESIZE asks the network',
      'box.test',
      { flags: FLAG.NO_SYNTHESIZE },
      'success',
      'box.test A',
      'network',
    ],
    ['R-ORDER-3: synthesis where nobody was asked', 'localhost', {}, 'success', 'localhost A', 'synthesized'],
    ['R-SYNTH-1: NODATA for other types', 'localhost', { types: 'MX' }, 'success', '', 'synthesized'],
    [
      'R-ORDER-4: an own address is answered here, before DNS',
      '2.0.2.10.in-addr.arpa',
      { types: 'PTR' },
      'success',
      '2.0.2.10.in-addr.arpa PTR',
      'synthesized',
    ],
    ['R-ROUTE-3: class CH is nobody’s', 'localhost', { class: 3 }, 'no-servers', '', 'none'],
    ['R-ROUTE-3: class ANY is', 'box.test', { class: 255 }, 'success', 'box.test A', 'hosts'],
    ['R-SYNTH-8: NXDOMAIN of our own', 'a.invalid', {}, 'rcode-failure', '', 'synthesized'],
  ])('%s', async (_rule, name, ask, state, first, source) => {
    const world = worldOf(
      ({ question }) =>
        question.type === TYPE.PTR ? { rcode: RCODE.NXDOMAIN } : { answer: [`${question.name} 60 A 192.0.2.1`] },
      { hosts },
    )
    const resolution = await resolve(world, name, ask)
    expect([resolution.answer.state, lines(resolution.answer.records)[0] ?? '', resolution.answer.source]).toEqual([
      state,
      first,
      source,
    ])
  })

  test('R-ORDER-3: NODATA from the network is final', async () => {
    const world = worldOf({}, { gateways: [{ gateway: '10.2.0.1', ifindex: 2 }] })
    const resolution = await resolve(world, '1.0.2.10.in-addr.arpa', { types: 'PTR' })
    expect([resolution.answer.state, resolution.answer.records.length]).toEqual(['success', 0])
  })

  test.each([
    ['R-ORDER-1: ReadEtcHosts=no', { readEtcHosts: false }, '192.0.2.1'],
    ['R-ORDER-1: ReadEtcHosts=yes', {}, '192.0.2.80'],
  ])('%s', async (_rule, settings, address) => {
    const world = worldOf({ 'box.test A': { answer: ['box.test 60 A 192.0.2.1'] } }, { hosts, settings })
    const { answer } = await resolve(world, 'box.test')
    expect(answer.records.map(({ record }) => [...record.rdata].join('.'))).toEqual([address])
  })
})

describe('refused types (RefuseRecordTypes=)', () => {
  const settings = { refuseRecordTypes: [TYPE.AAAA, TYPE.ANY] }

  test.each([
    ['all refused', 'AAAA', 'query-refused', []],
    ['some refused', 'A AAAA', 'success', ['a.test A']],
    ['none refused', 'A', 'success', ['a.test A']],
  ])('%s', async (_rule, types, state, asked) => {
    const world = worldOf({ 'a.test A': { answer: ['a.test 60 A 192.0.2.1'] } }, { settings })
    expect((await resolve(world, 'a.test', { types })).answer.state).toBe(state)
    expect(world.asked('10.2.0.1')).toEqual(asked)
  })
})

describe('limits (R-ORDER-5)', () => {
  test('2048 queries at once, and then EBUSY', async () => {
    const world = worldOf(() => ({ after: 100, reply: {} }))
    const waiting = Array.from({ length: 2048 }, (_, i) => world.send(queryFor(`n${i % 100}.test`)))
    await settle()
    const [one] = await Promise.all([world.ask('over.test'), world.run(Promise.all(waiting))])
    expect(one.rcode).toBe(RCODE.SERVFAIL)
    expect((await world.ask('later.test')).rcode).toBe(RCODE.NOERROR)
  })
})

describe('who watches', () => {
  test('is told of every query until disposed', async () => {
    const world = worldOf({})
    const seen: string[] = []
    const watch = world.resolver.watchers.watch(({ query, answer }) => seen.push(`${query.name} ${answer.state}`))
    await world.ask('a.test')
    await world.ask('a.test')
    expect(world.resolver.watchers.mustSee()).toBe(true)
    watch[Symbol.dispose]()
    await world.ask('a.test')
    expect([seen, world.resolver.watchers.mustSee()]).toEqual([['a.test success', 'a.test success'], false])
  })
})

describe('an answer', () => {
  test('tells source, scope, server and how every scope took the name', async () => {
    const world = worldOf(
      { 'a.test A': { answer: ['a.test 60 A 192.0.2.1'] } },
      { dns: ['10.9.0.1'], links: [{ ifindex: 2, name: 'lan', dns: ['10.2.0.1'], domains: ['~test'] }] },
    )
    const { answer, scores } = await resolve(world, 'a.test')
    expect(answer).toMatchObject({
      source: 'network',
      scope: { ifindex: 2, label: 'link 2 (lan)' },
      origin: { server: '10.2.0.1%lan', channel: 'udp', isConfidential: false, learntAt: world.clock.wall() },
      attempts: [{ server: '10.2.0.1%lan', result: 'NOERROR' }],
    })
    expect(scores().map(({ scope, won, reason }) => [scope, won, reason])).toEqual([
      ['global', false, 'default route'],
      ['link 2 (lan)', true, 'domain test'],
    ])
    await world.advance(5000)
    const again = (await resolve(world, 'a.test')).answer
    expect([again.source, again.origin]).toEqual([
      'cache',
      {
        server: '10.2.0.1%lan',
        channel: 'udp',
        isConfidential: false,
        learntAt: world.clock.wall() - 5000,
        isAuthenticated: false,
      },
    ])
  })

  test('is the very same from the scope to whoever asked, where it is whole', async () => {
    const world = worldOf({ 'a.test A': { answer: ['a.test 60 A 192.0.2.1'] } })
    const told: unknown[] = []
    const observation = world.resolver.watchers.observe(({ answer }) => told.push(answer))
    const scope = world.scopes.ofLink(2)!
    const lookUp = scope.lookUp.bind(scope)
    const given: unknown[] = []
    scope.lookUp = async (...request) => {
      const answer = await lookUp(...request)
      given.push(answer)
      return answer
    }
    const { answer } = await resolve(world, 'a.test')
    observation[Symbol.dispose]()
    expect([given[0], told[0]].every((one) => one === answer)).toBe(true)
  })

  test('a refused question is authenticated by nobody', async () => {
    const world = worldOf({}, { settings: { refuseRecordTypes: [TYPE.A] } })
    expect((await resolve(world, 'a.test')).answer).toMatchObject({ state: 'query-refused', flags: 0, source: 'none' })
  })
})
