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

test.each<[string, Partial<ScopeInput>]>([
  ['facts', { facts: { ...input.facts } }],
  ['global settings', { settings: { ...input.settings } }],
])('new %s: every link is looked at', (_, changes) => {
  const next = { ...input, ...changes }
  expect(anew(next)).toHaveLength(COUNT)
  expect(planScopes(next, { input, plans })).toEqual(planScopes(next))
})

test('a link that loses its servers loses its plan, and one that was never relevant gets none', () => {
  const links = new Map(input.links).set(500, { settings: DEFAULT_LINK_SETTINGS, networkdState: undefined })
  const next = { ...input, links }
  const fewer = planScopes(next, { input, plans })
  expect(fewer.map(({ id }) => id)).not.toContain('link 500')
  expect(planScopes({ ...next }, { input: next, plans: fewer })).toEqual(fewer)
})
