import { describe, expect, test } from 'vitest'
import { FLAG } from '../../../src/resolve/index.ts'
import { CLASS, nameOf, RCODE, TYPE } from '../../../src/wire/index.ts'
import { settle } from '../../kit/fake-clock.ts'
import { addressesIn, queryFor } from '../../kit/messages.ts'
import { type LinkScript, World } from '../../kit/world.ts'

const LAN: LinkScript = { ifindex: 2, dns: ['10.2.0.1'] }
const VPN: LinkScript = { ifindex: 3, dns: ['10.3.0.1'], domains: ['~corp.test'] }
const GLOBAL = '10.9.0.1'

/** Every server answers every question with an address that tells who said it. */
function worldOf(links: readonly LinkScript[], dns: readonly string[] = []): World {
  const world = new World({ links, dns })
  world.serve('*', ({ server, question }) => ({
    answer: question.type === TYPE.PTR ? [`${question.name} 300 PTR ${server}`] : [`${question.name} 300 A ${server}`],
  }))
  return world
}

/** Of each scope, answers that could still be given. */
const cacheSizes = (world: World) =>
  world.scopes.all.map(({ plan, cache }) => `${plan.id} ${[...cache.rows(world.clock.now())].length}`)

describe('ScopeSet.apply: what is kept and what is forgotten', () => {
  /** rule, change, scopes and sizes of their caches afterwards. At first `a.test` is known to the LAN, `b.corp.test` to the VPN. */
  const cases: readonly [string, (world: World) => void, string[]][] = [
    ['nothing changed', (world) => world.change({}), ['global 0', 'link 2 1', 'link 3 1']],
    [
      'R-LINK-1: a new name of the link',
      (world) => world.changeLink({ ...VPN, name: 'tun7' }),
      ['global 0', 'link 2 1', 'link 3 1'],
    ],
    ['R-LINK-5: link down', (world) => world.changeLink({ ...VPN, isUp: false }), ['global 0', 'link 2 1']],
    ['R-LINK-8: last address lost', (world) => world.changeLink({ ...VPN, addresses: [] }), ['global 0', 'link 2 1']],
    ['R-LINK-7: link gone', (world) => world.removeLink(3), ['global 0', 'link 2 1']],
    [
      'R-CACHE-20: other servers',
      (world) => world.changeLink({ ...VPN, dns: ['10.3.0.9'] }),
      ['global 0', 'link 2 1', 'link 3 0'],
    ],
    [
      'other domains',
      (world) => world.changeLink({ ...VPN, domains: ['~corp.test', '~lab.test'] }),
      ['global 0', 'link 2 1', 'link 3 0'],
    ],
    [
      'default route',
      (world) => world.changeLink({ ...LAN, defaultRoute: false }),
      ['global 0', 'link 2 0', 'link 3 1'],
    ],
    [
      'a domain gained elsewhere takes its names',
      (world) => world.changeLink({ ...VPN, domains: ['~corp.test', '~a.test'] }),
      ['global 0', 'link 2 0', 'link 3 0'],
    ],
  ]

  test.each(cases)('%s', async (_rule, change, expected) => {
    const world = worldOf([LAN, VPN])
    await world.ask('a.test')
    await world.ask('b.corp.test')
    const { routes, version } = world.scopes
    change(world)
    expect(cacheSizes(world).toSorted()).toEqual(expected)
    const isSame = expected.includes('link 2 1') && expected.includes('link 3 1')
    expect(routes.isCurrent).toBe(isSame)
    expect(world.scopes.version === version).toBe(isSame)
  })

  /** change, whether a name may now go elsewhere than to the scope, still there, that it went to. */
  const takeovers: readonly [string, (world: World) => void, boolean][] = [
    ['a link goes', (world) => world.removeLink(3), false],
    ['a link goes down', (world) => world.changeLink({ ...VPN, isUp: false }), false],
    ['a link loses its servers', (world) => world.changeLink({ ...VPN, dns: [] }), false],
    ['a link has other servers', (world) => world.changeLink({ ...VPN, dns: ['10.3.0.9'] }), false],
    ['a link comes', (world) => world.changeLink({ ifindex: 4, dns: ['10.4.0.1'] }), true],
    ['a link has more domains', (world) => world.changeLink({ ...VPN, domains: ['~corp.test', '~a.test'] }), true],
    ['a link has fewer domains', (world) => world.changeLink({ ...VPN, domains: [] }), true],
    ['a link is no default route', (world) => world.changeLink({ ...LAN, defaultRoute: false }), true],
    ['a link is in another network', (world) => world.changeLink({ ...VPN, addresses: ['10.7.0.2/24'] }), true],
  ]

  test.each(takeovers)('R-ROUTE-1: where names go: %s', async (_change, change, isTakeover) => {
    const world = worldOf([LAN, VPN])
    await world.ask('a.test')
    const before = world.scopes.takeoverVersion
    change(world)
    expect(world.scopes.takeoverVersion - before).toBe(isTakeover ? 1 : 0)
  })

  test('R-CACHE-22: a flush empties all, and routes stay', async () => {
    const world = worldOf([LAN, VPN])
    await world.ask('a.test')
    await world.ask('b.corp.test')
    const { routes, version } = world.scopes
    world.flush()
    expect(cacheSizes(world)).toEqual(['global 0', 'link 2 0', 'link 3 0'])
    expect([routes.isCurrent, world.scopes.version - version]).toEqual([false, 0])
  })

  test('a link that comes back under the same index starts empty', async () => {
    const world = worldOf([LAN, VPN])
    await world.ask('b.corp.test')
    world.changeLink({ ...VPN, isUp: false })
    world.changeLink({ ...VPN, isUp: true })
    expect(cacheSizes(world).toSorted()).toEqual(['global 0', 'link 2 0', 'link 3 0'])
    await world.ask('b.corp.test')
    expect(world.asked('10.3.0.1').length).toBe(2)
  })

  test('negative answers for names that a link gains are gone too', async () => {
    const world = worldOf([LAN])
    world.serve('10.2.0.1', () => ({ rcode: RCODE.NXDOMAIN, authority: ['test 300 SOA a b 1 2 3 4 300'] }))
    expect((await world.ask('x.corp.test')).rcode).toBe(RCODE.NXDOMAIN)
    world.changeLink(VPN)
    expect(addressesIn(await world.ask('x.corp.test'))).toEqual(['10.3.0.1'])
  })

  test('reverse names of a new network belong to its link', async () => {
    const world = worldOf([LAN], [GLOBAL])
    await world.ask('7.0.3.10.in-addr.arpa', { type: 'PTR' })
    world.clearExchanges()
    world.changeLink({ ...VPN, domains: [] })
    await world.ask('7.0.3.10.in-addr.arpa', { type: 'PTR' })
    expect(world.exchanges.map(({ server }) => server)).toEqual(['10.3.0.1'])
  })

  test('R-CACHE-21: the global scope forgets when the network changes', async () => {
    const world = worldOf([{ ...LAN, dns: [] }], [GLOBAL])
    await world.ask('a.test')
    world.changeLink({ ...VPN, dns: [] })
    await world.ask('a.test')
    expect(world.asked(GLOBAL).length).toBe(2)
  })
})

describe('questions on their way', () => {
  test('through a link that goes away are asked anew elsewhere, and teach nothing', async () => {
    const world = worldOf([LAN, { ...VPN, domains: ['~.'] }])
    world.serve('10.3.0.1', () => 'silence')
    const reply = world.send(queryFor('a.test'))
    await settle()
    world.removeLink(3)
    expect((await world.run(reply))?.subarray(-4)).toEqual(Buffer.from([10, 2, 0, 1]))
    expect(world.exchanges.map(({ server }) => server)).toEqual(['10.3.0.1', '10.2.0.1'])
    expect(world.exchanges[0]?.isOpen).toBe(false)
  })

  test('about a name that a link gains are broken off and asked there', async () => {
    const world = worldOf([LAN])
    world.serve('10.2.0.1', () => ({ after: 50, reply: { answer: ['x.corp.test 300 A 192.0.2.66'] } }))
    const reply = world.send(queryFor('x.corp.test'))
    await settle()
    world.changeLink(VPN)
    expect((await world.run(reply))?.subarray(-4)).toEqual(Buffer.from([10, 3, 0, 1]))
    expect(world.scopes.ofLink(2)?.cache.size).toBe(0)
  })

  test('R-CACHE-22: over a flush are answered but not remembered', async () => {
    const world = worldOf([LAN])
    world.serve('10.2.0.1', () => ({ after: 50, reply: { answer: ['a.test 300 A 192.0.2.1'] } }))
    const early = world.send(queryFor('a.test'))
    await settle()
    world.flush()
    await world.run(early)
    expect(world.scopes.ofLink(2)?.cache.size).toBe(0)
    await world.ask('a.test')
    expect(world.exchanges.length).toBe(2)
  })

  test('a question after the flush is not answered by one before it', async () => {
    const world = worldOf([LAN])
    world.serve('10.2.0.1', () => ({ after: 50, reply: { answer: ['a.test 300 A 192.0.2.1'] } }))
    const early = world.send(queryFor('a.test', { id: 1 }))
    await settle()
    world.flush()
    const late = world.send(queryFor('a.test', { id: 2 }))
    await world.run(Promise.all([early, late]))
    expect(world.exchanges.length).toBe(2)
  })

  test('R-SRV-17: identical questions share one transaction, others do not', async () => {
    const world = worldOf([LAN])
    world.serve('10.2.0.1', ({ question }) => ({ after: 50, reply: { answer: [`${question.name} 60 A 192.0.2.1`] } }))
    const packets = [queryFor('a.test', { id: 1 }), queryFor('A.Test', { id: 2 }), queryFor('b.test', { id: 3 })]
    const replies = await world.run(Promise.all(packets.map((packet) => world.send(packet))))
    expect(replies.map((reply) => reply?.readUInt16BE(0))).toEqual([1, 2, 3])
    expect(world.exchanges.length).toBe(2)
  })

  test('whoever stops waiting stops alone', async () => {
    const world = worldOf([LAN])
    world.serve('10.2.0.1', () => ({ after: 50, reply: { answer: ['a.test 60 A 192.0.2.1'] } }))
    const impatient = new AbortController()
    const query = { name: nameOf('a.test'), types: [TYPE.A], class: CLASS.IN, flags: FLAG.NO_SEARCH, ifindex: 0 }
    const whole = { ...query, relayed: undefined, patienceForRest: undefined }
    const first = world.resolver.resolve(whole, impatient.signal)
    const second = world.resolver.resolve(whole, new AbortController().signal)
    await settle()
    impatient.abort(new Error('gone'))
    await expect(first).rejects.toThrow('gone')
    expect((await world.run(second)).answer.records.length).toBe(1)
    expect(world.exchanges.length).toBe(1)
  })
})

test('R-ROUTE-2: a query for one link is scored on that link alone', () => {
  const world = worldOf([LAN, VPN], [GLOBAL])
  const request = { name: nameOf('a.test'), types: [TYPE.A], flags: 0 }
  expect(world.scopes.route({ ...request, ifindex: 0 }).map((scope) => scope.plan.id)).toEqual(['global', 'link 2'])
  expect(world.scopes.route({ ...request, ifindex: 2 }).map((scope) => scope.plan.id)).toEqual(['link 2'])
  expect(world.scopes.route({ ...request, ifindex: 9 })).toEqual([])
  expect(world.scopes.route({ ...request, ifindex: 0, flags: FLAG.MDNS_IPV4 })).toEqual([])
  expect(world.scopes.route({ ...request, ifindex: 2, flags: FLAG.MDNS_IPV4 | FLAG.DNS })).toHaveLength(1)
})

test('a closed set has no scope and no timer left', async () => {
  const world = worldOf([LAN])
  world.serve('*', () => 'silence')
  const reply = world.send(queryFor('a.test'))
  reply.catch(() => undefined)
  await settle()
  world.scopes.close()
  await settle()
  expect([world.scopes.all.length, world.clock.pending, world.exchanges[0]?.isOpen]).toEqual([0, 0, false])
})
