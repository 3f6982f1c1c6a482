import { expect, test } from 'vitest'
import { IpAddress } from '../../../src/base/index.ts'
import { reasonForNoRoute } from '../../../src/observe/way-to-server.ts'
import { NO_NETWORK, type NetworkFacts, type Route } from '../../../src/scope/index.ts'

const SERVER = IpAddress.of('10.2.0.1')
const own = { address: IpAddress.of('10.2.0.2'), prefixLength: 24, scope: 0, flags: 0 }
const lan = { ifindex: 2, name: 'lan', flags: 1, operState: 6, mtu: 1500, addresses: [own] }
const NETWORK: NetworkFacts = { ...NO_NETWORK, links: new Map([[2, lan]]) }

/** What the kernel says of the server by link 3, and by any. */
test.each<[string, byLink: Route['kind'] | undefined, byAny: Route['kind'] | undefined, expected: string | undefined]>([
  ['a route, also without a gateway or in a table of its own', 'found', 'none', undefined],
  ['no route by the link, but by another', 'none', 'found', 'none'],
  ['no route at all', 'none', 'none', 'none'],
  ['a blackhole: by a link there is no more than no route', 'unreachable', 'blackhole', 'blackhole'],
])('whether packets to a server get away by its link: %s', (_case, byLink, byAny, expected) => {
  const routeTo = (_server: IpAddress, ifindex: number) => {
    const kind = ifindex === 0 ? byAny : byLink
    return kind && { kind, ifindex }
  }
  expect(reasonForNoRoute(SERVER, 3, routeTo, NETWORK)).toBe(expected)
})

test('a server that is no link’s: as the routing table has it', () => {
  expect(reasonForNoRoute(SERVER, 0, () => ({ kind: 'prohibit', ifindex: 0 }), NETWORK)).toBe('prohibit')
  expect(reasonForNoRoute(SERVER, 0, () => ({ kind: 'found', ifindex: 3 }), NETWORK)).toBeUndefined()
})

test('where the kernel cannot be asked, addresses and gateways tell', () => {
  const byFacts = (ifindex: number, facts = NETWORK) => reasonForNoRoute(SERVER, ifindex, () => undefined, facts)
  expect([byFacts(2), byFacts(0), byFacts(3)]).toEqual([undefined, undefined, 'none'])
  const gateway = { family: 2, gateway: own.address, ifindex: 3, metric: 0, source: undefined } as const
  expect(byFacts(3, { ...NETWORK, gateways: [gateway] })).toBeUndefined()
})

test('loopback is always there', () => {
  expect(reasonForNoRoute(IpAddress.of('127.0.0.1'), 3, () => ({ kind: 'none', ifindex: 0 }), NETWORK)).toBeUndefined()
})
