import { expect, test } from 'vitest'
import type { Control } from '../../../src/control/index.ts'
import { Overview } from '../../../src/observe/overview.ts'
import { IFF_LOWER_UP, IFF_UP, NO_NETWORK, OPERSTATE_UP, type ScopeSet } from '../../../src/scope/index.ts'
import { DEFAULT_LINK_SETTINGS } from '../../../src/settings/index.ts'

const DOWN = 2
const DORMANT = 5

/** One link, with no scope. */
function overviewOf(flags: number, operState: number): Overview {
  const link = { ifindex: 3, name: 'vpn', flags, operState, mtu: 1500, addresses: [] }
  const status = {
    ...link,
    settings: DEFAULT_LINK_SETTINGS,
    isManaged: false,
    isDefaultRoute: false,
    isLoopback: false,
  }
  return new Overview({
    scopes: { unicast: [], onLink: () => [], leavesAnsweringToOthers: () => false } as unknown as ScopeSet,
    control: { link: () => status } as unknown as Control,
    facts: () => ({ ...NO_NETWORK, links: new Map([[3, link]]) }),
    routeTo: () => undefined,
    clock: { now: () => 0, wall: () => 0, after: () => ({ [Symbol.dispose]: () => {} }) },
  })
}

test.each([
  ['operational', IFF_UP | IFF_LOWER_UP, OPERSTATE_UP, true],
  ['brought up a moment ago: the kernel calls it operational up to a second later', IFF_UP | IFF_LOWER_UP, DOWN, false],
  ['waiting for its authentication', IFF_UP | IFF_LOWER_UP, DORMANT, false],
  ['without a cable', IFF_UP, DOWN, false],
])(
  'R-LINK-3: a link that DNS leaves out for its state has no carrier in what people see: %s',
  (_case, flags, operState, expected) => {
    expect(overviewOf(flags, operState).links()).toMatchObject([{ name: 'vpn', isUp: true, hasCarrier: expected }])
  },
)
