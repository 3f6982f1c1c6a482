import { describe, expect, test } from 'vitest'
import { IpAddress } from '../../../src/base/index.ts'
import type { Change } from '../../../src/netlink/decode.ts'
import { NetworkState } from '../../../src/netlink/network-state.ts'
import type { GatewayRoute } from '../../../src/scope/index.ts'

const UP = 0x11043
const ip = (text: string) => IpAddress.parse(text) as IpAddress
const link = (ifindex: number, change: object = {}): Change => ({
  kind: 'link',
  link: { ifindex, flags: UP, name: `eth${ifindex}`, operState: 6, mtu: 1500, portOf: '', ...change },
})
const address = (ifindex: number, text: string, change: object = {}): Change => ({
  kind: 'address',
  ifindex,
  key: text,
  address: { address: ip(text), prefixLength: 24, scope: 0, flags: 0x80, ...change },
})
const route = (text: string, ifindex: number, metric = 0): GatewayRoute => ({
  family: 2,
  gateway: ip(text),
  ifindex,
  metric,
  source: undefined,
})
const state = (...changes: Change[]) => {
  const made = new NetworkState()
  for (const change of changes) made.apply(change)
  return made
}

describe('what a change does', () => {
  const known = [link(3), address(3, '192.0.2.1')]
  const table: [string, Change, string][] = [
    ['R-LINK-1: a new link', link(4), 'gain'],
    ['R-LINK-1: the same again', link(3), 'none'],
    ['R-LINK-1: a rename', link(3, { name: 'wan' }), 'gain'],
    ['R-LINK-3: down', link(3, { flags: UP & ~1 }), 'loss'],
    ['R-LINK-3: carrier lost', link(3, { flags: UP & ~0x10000 }), 'loss'],
    ['R-LINK-3: dormant', link(3, { flags: UP | 0x20000 }), 'loss'],
    ['R-LINK-3: operstate down', link(3, { operState: 2 }), 'loss'],
    ['another mtu', link(3, { mtu: 1400 }), 'gain'],
    ['R-LINK-7: removed', { kind: 'link-gone', ifindex: 3 }, 'loss'],
    ['removed, but never known', { kind: 'link-gone', ifindex: 9 }, 'none'],
    ['R-LINK-4: another address', address(3, '192.0.2.2'), 'gain'],
    ['R-LINK-4: lifetimes renewed', address(3, '192.0.2.1'), 'none'],
    ['R-LINK-4: deprecated', address(3, '192.0.2.1', { flags: 0xa0 }), 'loss'],
    ['R-LINK-4: no longer tentative', address(3, '192.0.2.1', { flags: 0 }), 'gain'],
    ['R-LINK-8: address removed', { kind: 'address-gone', ifindex: 3, key: '192.0.2.1' }, 'loss'],
    ['address removed, but never known', { kind: 'address-gone', ifindex: 3, key: '192.0.2.9' }, 'none'],
  ]
  test.each(table)('%s', (_name, change, effect) => {
    const before = state(...known)
    const facts = before.facts()
    expect(before.apply(change)).toBe(effect)
    expect(before.facts() === facts).toBe(effect === 'none')
  })
})

test('R-LINK-1: what a message leaves out stays as it was', () => {
  const made = state(link(3), link(3, { name: undefined, operState: undefined, mtu: undefined, flags: 0x1002 }))
  expect(made.facts().links.get(3)).toMatchObject({ name: 'eth3', operState: 6, mtu: 1500, flags: 0x1002 })
})

test('an address told before its link shows when the link is known', () => {
  const made = state(address(3, '192.0.2.1'))
  expect(made.facts().links.size).toBe(0)
  made.apply(link(3))
  expect(
    made
      .facts()
      .links.get(3)
      ?.addresses.map((own) => own.address.text),
  ).toEqual(['192.0.2.1'])
})

test('R-LINK-7: a link that comes back under its old index starts without addresses', () => {
  const made = state(link(3), address(3, '192.0.2.1'), { kind: 'link-gone', ifindex: 3 }, link(3))
  expect(made.facts().links.get(3)?.addresses).toEqual([])
})

test('links that did not change keep their very object', () => {
  const made = state(link(3), link(4))
  const before = made.facts().links.get(4)
  made.apply(address(3, '192.0.2.1'))
  expect(made.facts().links.get(4)).toBe(before)
})

describe('gateways', () => {
  test('are hidden without waiting when their link goes down, and questioned', () => {
    const made = state(link(3), link(4))
    made.setRoutes([route('192.0.2.254', 3), route('198.51.100.254', 4)])
    made.apply(link(3, { flags: 0x1002 }))
    expect(made.facts().gateways.map((gateway) => gateway.gateway.text)).toEqual(['198.51.100.254'])
    expect(made.needsRoutes).toBe(true)
  })
  test.each<[string, Change]>([
    ['a default route comes or goes', { kind: 'routes', isNew: true, routes: [] }],
    ['an address goes', { kind: 'address-gone', ifindex: 3, key: '192.0.2.1' }],
    ['their link goes', { kind: 'link-gone', ifindex: 3 }],
  ])('are questioned when %s', (_name, change) => {
    const made = state(link(3), address(3, '192.0.2.1'))
    made.setRoutes([route('192.0.2.254', 3)])
    expect(made.needsRoutes).toBe(false)
    made.apply(change)
    expect(made.needsRoutes).toBe(true)
    made.beginRoutes()
    expect(made.needsRoutes).toBe(false)
  })
  test('that are the same as before change nothing', () => {
    const made = state(link(3))
    expect(made.setRoutes([route('192.0.2.254', 3)])).toBe(true)
    const facts = made.facts()
    expect(made.setRoutes([route('192.0.2.254', 3)])).toBe(false)
    expect(made.facts()).toBe(facts)
    expect(made.setRoutes([route('192.0.2.254', 3, 5)])).toBe(true)
  })
})
