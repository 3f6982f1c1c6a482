import { expect, test } from 'vitest'
import { IpAddress } from '../../../src/base/index.ts'
import {
  type ConfiguredLink,
  IFF_LOWER_UP,
  IFF_RUNNING,
  IFF_UP,
  type LinkFacts,
  OPERSTATE_UP,
  planScopes,
  type ScopeInput,
} from '../../../src/scope/index.ts'
import { DEFAULT_LINK_SETTINGS, DEFAULT_RESOLVED_SETTINGS, parseServerSpec } from '../../../src/settings/index.ts'

const COUNT = 1000
const indices = Array.from({ length: COUNT }, (_, i) => i + 2)
const flags = IFF_UP | IFF_LOWER_UP | IFF_RUNNING

function linkOf(ifindex: number): LinkFacts {
  const address = IpAddress.of(`10.${ifindex >> 8}.${ifindex & 255}.2`)
  const addresses = [{ address, prefixLength: 24, scope: 0, flags: 0 }]
  return { ifindex, name: `tun${ifindex}`, flags, operState: OPERSTATE_UP, mtu: 1500, addresses }
}

function configured(server: string): ConfiguredLink {
  const servers = [parseServerSpec(server, () => undefined)]
  return { settings: { ...DEFAULT_LINK_SETTINGS, servers }, networkdState: undefined }
}

const input: ScopeInput = {
  facts: { links: new Map(indices.map((ifindex) => [ifindex, linkOf(ifindex)])), gateways: [] },
  settings: DEFAULT_RESOLVED_SETTINGS,
  globalServers: [],
  globalDomains: [],
  links: new Map(indices.map((ifindex) => [ifindex, configured('192.0.2.1')])),
  delegates: [],
}
const plans = planScopes(input)
const anew = (next: ScopeInput) =>
  planScopes(next, { input, plans }).filter((plan) => plan.kind === 'link' && !plans.includes(plan))

test('of 1 000 links only the one that was changed is planned anew', () => {
  const links = new Map(input.links).set(500, configured('192.0.2.2'))
  const next = { ...input, links }
  expect(anew(next).map(({ id }) => id)).toEqual(['link 500'])
  expect(planScopes(next, { input, plans })).toEqual(planScopes(next))
})

test('copies of the same settings change nothing', () => {
  expect(anew({ ...input, links: new Map([...input.links].map(([ifindex, link]) => [ifindex, { ...link }])) })).toEqual(
    [],
  )
})

test('new global settings: every link is looked at', () => {
  const next = { ...input, settings: { ...input.settings } }
  expect(anew(next)).toHaveLength(COUNT)
  expect(planScopes(next, { input, plans })).toEqual(planScopes(next))
})

test.each<[string, Partial<LinkFacts>, string[]]>([
  ['one of 1 000 links that went down planned all of them anew', { flags: 0 }, []],
  ['a link has another name', { name: 'renamed' }, ['link 500']],
  ['a link has lost its address', { addresses: [] }, []],
  [
    'a link has got the address of the others’ server: that one is reached without them (R-SRV-8)',
    { addresses: [{ address: IpAddress.of('192.0.2.1'), prefixLength: 32, scope: 0, flags: 0 }] },
    indices.map((ifindex) => `link ${ifindex}`),
  ],
])('new facts: %s', (_, change, expected) => {
  const links = new Map(input.facts.links).set(500, { ...linkOf(500), ...change })
  const next = { ...input, facts: { links, gateways: [] } }
  expect(anew(next).map(({ id }) => id)).toEqual(expected)
  const after = planScopes(next, { input, plans })
  expect(after).toEqual(planScopes(next))
  expect(planScopes(input, { input: next, plans: after })).toEqual(plans)
})

test('new facts: a server reached by another link is called by the name of that', () => {
  const before = { ...input, links: new Map(input.links).set(7, configured('192.0.2.7%500')) }
  const planned = { input: before, plans: planScopes(before) }
  const links = new Map(input.facts.links).set(500, { ...linkOf(500), name: 'renamed' })
  const next = { ...before, facts: { links, gateways: [] } }
  expect(planScopes(next, planned)).toEqual(planScopes(next))
})

test('a link that loses its servers loses its plan, and one that was never relevant gets none', () => {
  const links = new Map(input.links).set(500, { settings: DEFAULT_LINK_SETTINGS, networkdState: undefined })
  const next = { ...input, links }
  const fewer = planScopes(next, { input, plans })
  expect(fewer.map(({ id }) => id)).not.toContain('link 500')
  expect(planScopes({ ...next }, { input: next, plans: fewer })).toEqual(fewer)
})
