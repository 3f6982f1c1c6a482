import { describe, expect, test } from 'vitest'
import { RCODE } from '../../src/wire/index.ts'
import { addressesIn } from '../kit/messages.ts'
import type { LinkScript, Server } from '../kit/world.ts'
import { World } from '../kit/world.ts'

const LAN: LinkScript = { ifindex: 2, name: 'lan', dns: ['10.2.0.1'] }
const VPN: LinkScript = { ifindex: 3, name: 'vpn', dns: ['10.3.0.1'], domains: ['~corp.test'] }

/** Answers every A question with `address`, everything else with NODATA. */
function addressServer(address: string): Server {
  return ({ question }) => (question.type === 1 ? { answer: [`${question.name} 300 A ${address}`] } : {})
}

function twoLinks(): World {
  const world = new World({ links: [LAN, VPN] })
  world.serve('10.2.0.1', addressServer('192.0.2.2'))
  world.serve('10.3.0.1', addressServer('192.0.2.3'))
  return world
}

/** name, links, global servers, name asked, servers that are asked. */
const cases: readonly [string, readonly LinkScript[], readonly string[], string, readonly string[]][] = [
  ['R-ROUTE-6: a domain of a link takes the names below it', [LAN, VPN], [], 'www.corp.test', ['10.3.0.1']],
  ['R-ROUTE-8: and the domain itself', [LAN, VPN], [], 'corp.test', ['10.3.0.1']],
  ['R-ROUTE-8: but not half a label', [LAN, VPN], [], 'mycorp.test', ['10.2.0.1']],
  ['R-ROUTE-9: a link that only routes domains is no default route', [VPN], [], 'www.example', []],
  [
    'R-ROUTE-7: ~. beats a default route and the global scope',
    [LAN, { ...VPN, domains: ['~.'] }],
    ['10.9.0.1'],
    'www.example',
    ['10.3.0.1'],
  ],
  ['R-ROUTE-6: a longer domain beats ~.', [{ ...LAN, domains: ['~.'] }, VPN], [], 'www.corp.test', ['10.3.0.1']],
  [
    'R-ROUTE-10: global servers and default routes are asked together',
    [LAN],
    ['10.9.0.1'],
    'www.example',
    ['10.2.0.1', '10.9.0.1'],
  ],
  [
    'R-ROUTE-16: domains of a link without servers route nothing',
    [LAN, { ...VPN, dns: [] }],
    [],
    'a.corp.test',
    ['10.2.0.1'],
  ],
  ['R-ROUTE-6: .local is not for unicast DNS', [LAN], [], 'printer.local', []],
  ['R-ROUTE-6: unless a link claims it', [LAN, { ...VPN, domains: ['~local'] }], [], 'printer.local', ['10.3.0.1']],
  ['R-ROUTE-4: localhost is never asked', [LAN], [], 'localhost', []],
  ['R-ROUTE-4: nor anything below invalid', [LAN], [], 'a.invalid', []],
  ['R-ROUTE-4: nor the own host name', [LAN], [], 'host', []],
  ['R-ROUTE-14: a single label has no addresses in DNS', [LAN], [], 'intranet', []],
  [
    'R-ROUTE-6: reverse names go where the address is',
    [LAN, { ...VPN, domains: [] }],
    [],
    '7.0.3.10.in-addr.arpa',
    ['10.3.0.1'],
  ],
  [
    'R-SRV-19: without a usable link the global servers are out of reach',
    [{ ...LAN, dns: [], isUp: false }],
    ['10.9.0.1'],
    'a.example',
    [],
  ],
  [
    'R-LINK-5: a link that is down has no scope',
    [
      { ...LAN, isUp: false },
      { ...VPN, domains: [] },
    ],
    [],
    'a.example',
    ['10.3.0.1'],
  ],
]

test.each(cases)('%s', async (_rule, links, dns, name, servers) => {
  const world = new World({ links, dns })
  world.serve('*', addressServer('192.0.2.9'))
  await world.ask(name)
  expect([...new Set(world.exchanges.map(({ server }) => server))].toSorted()).toEqual(servers)
})

test('R-SRV-8: a question leaves by the link of its server', async () => {
  const world = twoLinks()
  expect(addressesIn(await world.ask('www.corp.test'))).toEqual(['192.0.2.3'])
  expect(world.exchanges.map(({ ifindex }) => ifindex)).toEqual([3])
})

test('R-SRV-8: two links with the same server address are asked apart', async () => {
  const world = new World({ links: [LAN, { ...VPN, dns: ['10.2.0.1'] }] })
  world.serve('10.2.0.1', ({ ifindex, question }) => ({ answer: [`${question.name} 60 A 192.0.2.${ifindex}`] }))
  expect(addressesIn(await world.ask('www.corp.test'))).toEqual(['192.0.2.3'])
  expect(addressesIn(await world.ask('www.example'))).toEqual(['192.0.2.2'])
})

test('R-CNAME-2: a CNAME that leaves the domain is asked where its target belongs', async () => {
  const world = twoLinks()
  world.serve('10.3.0.1', ({ question }) => ({ answer: [`${question.name} 60 CNAME www.example`] }))
  const reply = await world.ask('www.corp.test')
  expect(addressesIn(reply)).toEqual(['192.0.2.2'])
  expect(world.asked('10.2.0.1')).toEqual(['www.example A'])
  expect(world.asked('10.3.0.1')).toEqual(['www.corp.test A'])
})

describe('RFC 9520: what servers could not say about a name goes when the name takes another way, or the same anew', () => {
  /** Both names failed at the server of link 2, which has recovered since. */
  async function failed(): Promise<World> {
    const world = new World({ links: [LAN] })
    world.serve('*', () => ({ rcode: RCODE.SERVFAIL }))
    for (const name of ['wiki.corp.test', 'www.test']) await world.ask(name)
    world.serve('*', ({ question }) => ({ answer: [`${question.name} 60 A 192.0.2.1`] }))
    world.clearExchanges()
    return world
  }

  const isServed = async (world: World, name: string) => addressesIn(await world.ask(name)).length === 1

  test('as long as nothing changes it is not asked again at once', async () => {
    const world = await failed()
    expect(await isServed(world, 'wiki.corp.test')).toBe(false)
    expect(world.asked('10.2.0.1')).toEqual([])
  })

  test('the link gets other domains: all is forgotten, and the servers stay known', async () => {
    const world = await failed()
    const roundTrip = world.scopes.ofLink(2)?.upstreams.all[0]?.roundTrip
    world.changeLink({ ...LAN, domains: ['~corp.test', '~.'] })
    expect(await isServed(world, 'wiki.corp.test')).toBe(true)
    expect(await isServed(world, 'www.test')).toBe(true)
    expect(world.scopes.ofLink(2)?.upstreams.all[0]?.roundTrip).toBe(roundTrip)
    expect(roundTrip).toBeDefined()
  })

  test('another link takes the name for a while: it alone is forgotten', async () => {
    const world = await failed()
    world.changeLink(VPN)
    world.removeLink(3)
    expect(await isServed(world, 'wiki.corp.test')).toBe(true)
    expect(await isServed(world, 'www.test')).toBe(false)
  })
})
