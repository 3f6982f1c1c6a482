import { expect, test } from 'vitest'
import { IpAddress } from '../../../src/base/index.ts'
import {
  type ConfiguredLink,
  FLAG,
  IFA_F_TENTATIVE,
  IFF_LOOPBACK,
  IFF_LOWER_UP,
  IFF_MULTICAST,
  IFF_POINTOPOINT,
  IFF_RUNNING,
  IFF_UP,
  type LinkAddress,
  type LinkFacts,
  OPERSTATE_UP,
  planMulticast,
} from '../../../src/scope/index.ts'
import {
  DEFAULT_LINK_SETTINGS,
  DEFAULT_RESOLVED_SETTINGS,
  type LinkSettings,
  type ResolvedSettings,
} from '../../../src/settings/index.ts'

const UP = IFF_UP | IFF_LOWER_UP | IFF_RUNNING | IFF_MULTICAST
const V4 = address('10.2.0.2', 24)
const V6 = address('fe80::2', 64, { scope: 253 })
const ALL = FLAG.LLMNR_IPV4 | FLAG.LLMNR_IPV6 | FLAG.MDNS_IPV4 | FLAG.MDNS_IPV6
const BOTH = { llmnr: 'yes', multicastDns: 'yes' } as const

function address(text: string, prefixLength: number, changes: Partial<LinkAddress> = {}): LinkAddress {
  return { address: IpAddress.of(text), prefixLength, scope: 0, flags: 0, ...changes }
}

interface Case {
  readonly link?: Partial<LinkFacts>
  readonly global?: Partial<ResolvedSettings>
  readonly settings?: Partial<LinkSettings>
  readonly networkdState?: string
}

function plans({ link, global = BOTH, settings = {}, networkdState }: Case) {
  const facts: LinkFacts = {
    ifindex: 2,
    name: 'eth0',
    flags: UP,
    operState: OPERSTATE_UP,
    mtu: 1500,
    addresses: [V4, V6],
    ...link,
  }
  const configured: ConfiguredLink = { settings: { ...DEFAULT_LINK_SETTINGS, ...settings }, networkdState }
  return planMulticast({
    facts: { links: new Map([[2, facts]]), gateways: [] },
    settings: { ...DEFAULT_RESOLVED_SETTINGS, ...global },
    globalServers: [],
    globalDomains: [],
    links: new Map([[2, configured]]),
    delegates: [],
  })
}

/** rule, case, bits of the protocols that are spoken. */
const cases: readonly [string, Case, number][] = [
  ['MC-MODE-3: both families of both protocols', {}, ALL],
  ['MC-MODE-2: nothing by default', { global: {} }, 0],
  ['MC-MODE-1: the global mode is the upper limit', { global: { llmnr: 'yes' } }, FLAG.LLMNR_IPV4 | FLAG.LLMNR_IPV6],
  ['MC-MODE-1: so is that of the link', { settings: { llmnr: 'no' } }, FLAG.MDNS_IPV4 | FLAG.MDNS_IPV6],
  ['MC-MODE-3: only where there is an address', { link: { addresses: [V4] } }, FLAG.LLMNR_IPV4 | FLAG.MDNS_IPV4],
  [
    'MC-MODE-3: not with one that is tentative',
    { link: { addresses: [V4, { ...V6, flags: IFA_F_TENTATIVE }] } },
    FLAG.LLMNR_IPV4 | FLAG.MDNS_IPV4,
  ],
  ['MC-MODE-3: not on loopback', { link: { flags: UP | IFF_LOOPBACK } }, 0],
  ['MC-MODE-3: not without carrier', { link: { flags: UP & ~IFF_LOWER_UP } }, 0],
  ['MC-MODE-3: not where the link knows no multicast', { link: { flags: UP & ~IFF_MULTICAST } }, 0],
  ['MC-MODE-3: not before networkd is done', { networkdState: 'carrier' }, 0],
  ['MC-MODE-3: when it is', { networkdState: 'degraded' }, ALL],
  ['MC-MODE-4: not into a tunnel', { link: { flags: UP | IFF_POINTOPOINT } }, 0],
  ['MC-MODE-4: not on the port of a bridge', { link: { portOf: 'bridge' } }, 0],
  ['MC-MODE-4: but within a VRF', { link: { portOf: 'vrf' } }, ALL],
]

test.each(cases)('%s', (_rule, what, mask) => {
  expect(plans(what).reduce((bits, { protocol }) => bits | protocol.flag, 0)).toBe(mask)
})

test('MC-MODE-1: resolve is less than yes', () => {
  const modes = plans({ settings: { multicastDns: 'resolve' } }).map(({ protocol, mode }) => `${protocol.name} ${mode}`)
  expect([...new Set(modes)]).toEqual(['llmnr yes', 'mdns resolve'])
})

test('R-CACHE-10: nothing is remembered with Cache=no', () => {
  expect(plans({ global: { ...BOTH, cache: 'no' } }).map(({ maxEntries }) => maxEntries)).toEqual([0, 0, 0, 0])
  expect(plans({ global: { ...BOTH, llmnrCacheSize: 7 } }).map(({ maxEntries }) => maxEntries)).toEqual([
    7, 7, 4096, 4096,
  ])
})

test('each scope has the networks of its own IP version', () => {
  const texts = plans({}).map(({ route }) => route.subnets.map(({ address: each }) => each.text))
  expect(texts).toEqual([['10.2.0.2'], ['fe80::2'], ['10.2.0.2'], ['fe80::2']])
})
