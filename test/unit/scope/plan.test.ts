import { describe, expect, test } from 'vitest'
import { IpAddress } from '../../../src/base/index.ts'
import {
  IFA_F_DEPRECATED,
  IFA_F_TENTATIVE,
  IFF_DORMANT,
  IFF_LOOPBACK,
  IFF_LOWER_UP,
  IFF_RUNNING,
  IFF_UP,
  isDefaultRoute,
  isRelevant,
  type LinkAddress,
  type LinkFacts,
  OPERSTATE_UNKNOWN,
  OPERSTATE_UP,
  planScopes,
  type ScopeInput,
  type UnicastPlan,
} from '../../../src/scope/index.ts'
import {
  DEFAULT_LINK_SETTINGS,
  DEFAULT_RESOLVED_SETTINGS,
  type LinkSettings,
  parseDomain,
  parseListenSpec,
  parseServerSpec,
  type ResolvedSettings,
} from '../../../src/settings/index.ts'
import type { Planned } from '../../../src/scope/plan.ts'
import { nameOf } from '../../../src/wire/index.ts'

const UP = IFF_UP | IFF_LOWER_UP | IFF_RUNNING
const OPERSTATE_DOWN = 2
const servers = (text: string) =>
  text
    .split(' ')
    .filter(Boolean)
    .map((word) => parseServerSpec(word, () => undefined))
const domains = (text: string) => text.split(' ').filter(Boolean).map(parseDomain)

function address(text: string, changes: Partial<LinkAddress> = {}): LinkAddress {
  const [host = '', prefix = '24'] = text.split('/')
  return { address: IpAddress.of(host), prefixLength: Number(prefix), scope: 0, flags: 0, ...changes }
}

function link(changes: Partial<LinkFacts> = {}): LinkFacts {
  const usual = { ifindex: 2, name: 'eth0', flags: UP, operState: OPERSTATE_UP, mtu: 1500 }
  return { ...usual, addresses: [address('10.2.0.2')], ...changes }
}

describe('isRelevant', () => {
  const LINK_LOCAL = address('169.254.1.1', { scope: 253 })

  /** rule, what differs from an ordinary link, networkd's state, whether a server is link-local, expected. */
  const cases: readonly [string, Partial<LinkFacts>, string | undefined, boolean, boolean][] = [
    ['R-LINK-3: an ordinary link', {}, undefined, false, true],
    ['R-LINK-3: not loopback', { flags: UP | IFF_LOOPBACK }, undefined, false, false],
    ['R-LINK-3: not dormant', { flags: UP | IFF_DORMANT }, undefined, false, false],
    ['R-LINK-3: not administratively down', { flags: UP & ~IFF_UP }, undefined, false, false],
    ['R-LINK-3: not without carrier', { flags: UP & ~IFF_LOWER_UP }, undefined, false, false],
    ['R-LINK-3: not in operstate down', { operState: OPERSTATE_DOWN }, undefined, false, false],
    [
      'R-LINK-3: operstate unknown but running, as tunnels are',
      { operState: OPERSTATE_UNKNOWN },
      undefined,
      false,
      true,
    ],
    [
      'R-LINK-3: operstate unknown and not running',
      { operState: OPERSTATE_UNKNOWN, flags: UP & ~IFF_RUNNING },
      undefined,
      false,
      false,
    ],
    ['R-LINK-3: networkd says routable', {}, 'routable', false, true],
    ['R-LINK-3: networkd says degraded', {}, 'degraded', false, true],
    ['R-LINK-3: networkd says degraded-carrier', {}, 'degraded-carrier', false, true],
    ['R-LINK-3: networkd says carrier', {}, 'carrier', false, false],
    ['R-LINK-3: networkd says nothing of a managed link', {}, '', false, false],
    ['R-LINK-3: without address', { addresses: [] }, undefined, false, false],
    [
      'R-LINK-4: not a deprecated one',
      { addresses: [address('10.2.0.2', { flags: IFA_F_DEPRECATED })] },
      undefined,
      false,
      false,
    ],
    [
      'R-LINK-4: not a tentative one',
      { addresses: [address('10.2.0.2', { flags: IFA_F_TENTATIVE })] },
      undefined,
      false,
      false,
    ],
    ['R-LINK-4: not a link-local one', { addresses: [LINK_LOCAL] }, undefined, false, false],
    ['R-LINK-4: unless a server is link-local', { addresses: [LINK_LOCAL] }, undefined, true, true],
    ['R-LINK-4: but never host scope', { addresses: [address('10.2.0.2', { scope: 254 })] }, undefined, true, false],
    [
      'R-LINK-4: site scope is wide enough',
      { addresses: [address('10.2.0.2', { scope: 200 })] },
      undefined,
      false,
      true,
    ],
    [
      'R-LINK-4: one usable address is enough',
      { addresses: [LINK_LOCAL, address('10.2.0.2')] },
      undefined,
      false,
      true,
    ],
  ]

  test.each(cases)('%s', (_rule, changes, networkdState, hasLinkLocalServer, expected) => {
    expect(isRelevant(link(changes), networkdState, hasLinkLocalServer)).toBe(expected)
  })
})

describe('isDefaultRoute (R-ROUTE-9)', () => {
  test.each([
    ['no domain', '', undefined, true],
    ['search domains alone', 'corp.test', undefined, true],
    ['a route-only domain', '~corp.test', undefined, false],
    ['a route-only domain and ~.', '~corp.test ~.', undefined, true],
    ['set to yes', '~corp.test', true, true],
    ['set to no', '', false, false],
    ['set to no with ~.', '~.', false, false],
  ])('%s', (_what, list, defaultRoute, expected) => {
    expect(isDefaultRoute({ ...DEFAULT_LINK_SETTINGS, domains: domains(list), defaultRoute })).toBe(expected)
  })
})

interface Script {
  readonly links?: readonly (readonly [Partial<LinkFacts>, Partial<LinkSettings>])[]
  readonly global?: string
  readonly settings?: Partial<ResolvedSettings>
}

function inputOf({ links = [], global = '', settings }: Script): ScopeInput {
  return {
    facts: { links: new Map(links.map(([changes]) => [link(changes).ifindex, link(changes)])), gateways: [] },
    settings: { ...DEFAULT_RESOLVED_SETTINGS, fallbackServers: [], ...settings },
    globalServers: servers(global),
    globalDomains: [],
    links: new Map(
      links.map(([changes, set]) => [
        link(changes).ifindex,
        { settings: { ...DEFAULT_LINK_SETTINGS, ...set }, networkdState: undefined },
      ]),
    ),
    delegates: [],
  }
}

const plans = (script: Script) => planScopes(inputOf(script))
/** `id: servers as they are reached (obstacle)` of every plan. */
const inWords = (list: readonly UnicastPlan[]) =>
  list.map(({ id, servers: planned, obstacle }) => {
    const labels = planned.map(({ label }) => label).join(' ')
    return `${id}: ${labels}${obstacle === undefined ? '' : ` (${obstacle})`}`
  })

describe('planScopes', () => {
  const one = { servers: servers('10.2.0.1') }
  const fallbackServers = servers('9.9.9.9')

  const cases: readonly [string, Script, string[]][] = [
    ['the global scope is always there', {}, ['global: ']],
    ['R-LINK-5: a link with servers has a scope', { links: [[{}, one]] }, ['global: ', 'link 2: 10.2.0.1%eth0']],
    ['R-ROUTE-16: a link without servers has none', { links: [[{}, {}]] }, ['global: ']],
    ['R-LINK-5: a link that is not relevant has none', { links: [[{ addresses: [] }, one]] }, ['global: ']],
    ['R-SRV-19: global servers need a relevant link', { global: '10.9.0.1' }, ['global: 10.9.0.1 (network-down)']],
    ['R-SRV-19: one without servers will do', { global: '10.9.0.1', links: [[{}, {}]] }, ['global: 10.9.0.1']],
    [
      'R-SRV-2: fallback servers where nobody takes the rest',
      { links: [[{}, {}]], settings: { fallbackServers } },
      ['global: 9.9.9.9'],
    ],
    [
      'R-SRV-2: not beside a default route',
      { links: [[{}, one]], settings: { fallbackServers } },
      ['global: ', 'link 2: 10.2.0.1%eth0'],
    ],
    [
      'R-SRV-2: beside a link that only routes domains',
      { links: [[{}, { ...one, domains: domains('~corp.test') }]], settings: { fallbackServers } },
      ['global: 9.9.9.9', 'link 2: 10.2.0.1%eth0'],
    ],
    [
      'R-SRV-2: not beside global servers',
      { global: '10.9.0.1', links: [[{}, {}]], settings: { fallbackServers } },
      ['global: 10.9.0.1'],
    ],
    [
      'R-SRV-3: ports',
      { links: [[{}, { servers: servers('10.2.0.1:5353 [2001:db8::1]:5353') }]] },
      ['global: ', 'link 2: 10.2.0.1:5353%eth0 [2001:db8::1]:5353%eth0'],
    ],
    [
      'R-SRV-8: a server that is this host itself is reached through no link',
      { links: [[{}, { servers: servers('10.2.0.2 127.0.0.9') }]] },
      ['global: ', 'link 2: 10.2.0.2 127.0.0.9'],
    ],
    [
      'R-SRV-8: a link-local server always through its link',
      { links: [[{ addresses: [address('fe80::1', { scope: 253 })] }, { servers: servers('fe80::1') }]] },
      ['global: ', 'link 2: fe80::1%eth0'],
    ],
    ['R-SRV-8: %if of a global server', { global: 'fe80::9%2', links: [[{}, {}]] }, ['global: fe80::9%eth0']],
    [
      'R-SRV-18: our own extra listener is no server',
      {
        links: [[{}, { servers: servers('10.2.0.1 192.0.2.9') }]],
        settings: { extraListeners: [parseListenSpec('192.0.2.9')] },
      },
      ['global: ', 'link 2: 10.2.0.1%eth0'],
    ],
    [
      'R-SRV-18: and alone it is a loop',
      {
        links: [[{}, { servers: servers('192.0.2.9') }]],
        settings: { extraListeners: [parseListenSpec('udp:192.0.2.9:53')] },
      },
      ['global: ', 'link 2:  (stub-loop)'],
    ],
    [
      'R-SRV-18: another port is another server',
      {
        links: [[{}, { servers: servers('192.0.2.9:54') }]],
        settings: { extraListeners: [parseListenSpec('192.0.2.9')] },
      },
      ['global: ', 'link 2: 192.0.2.9:54%eth0'],
    ],
  ]

  test.each([
    ['its own, strict', 'yes', 'no', [undefined, true]],
    ['its own, opportunistic', 'opportunistic', 'yes', [53, false]],
    ['its own, none', 'no', 'yes', [53, undefined]],
    ['the global one, strict', undefined, 'yes', [undefined, true]],
    ['the global one, none', undefined, 'no', [53, undefined]],
  ] as const)('E-DOT-1, E-DOT-12: the mode of a link is %s', (_, own, global, expected) => {
    const [, plan] = plans({ links: [[{}, { ...one, dnsOverTls: own }]], settings: { dnsOverTls: global } })
    const { plain, encrypted } = plan?.servers[0]?.channels ?? {}
    expect([plain?.port, encrypted?.endpoint.isVerified]).toEqual(expected)
  })

  test.each(cases)('%s', (_rule, script, expected) => {
    expect(inWords(plans(script))).toEqual(expected)
  })

  test('R-ROUTE-6: a fallback server is marked as such', () => {
    const [global] = plans({ links: [[{}, {}]], settings: { fallbackServers } })
    expect(global?.route).toMatchObject({ usesFallbackServer: true, isDefaultRoute: true, hasServers: true })
  })

  test('R-ROUTE-6: only usable addresses make own networks', () => {
    const addresses = [address('10.2.0.2'), address('10.8.0.2', { flags: IFA_F_TENTATIVE })]
    const plan = plans({ links: [[{ addresses }, one]] })[1]
    expect(plan?.route.subnets.map((subnet) => subnet.address.text)).toEqual(['10.2.0.2'])
  })

  const base: Script = { links: [[{}, { ...one, domains: domains('corp.test') }]], global: '10.9.0.1' }
  const changed = (set: Partial<LinkSettings>, facts: Partial<LinkFacts> = {}): Script => ({
    ...base,
    links: [[facts, { ...base.links?.[0]?.[1], ...set }]],
  })

  test.each<[string, Script, boolean]>([
    ['the same again', base, true],
    ['another name of the link', changed({}, { name: 'wan' }), true],
    ['a new address', changed({}, { addresses: [address('10.2.0.2'), address('10.7.0.1')] }), true],
    ['a search domain becomes route-only', changed({ domains: domains('~corp.test') }), false],
    ['another order of servers', changed({ servers: servers('10.2.0.3 10.2.0.1') }), false],
    ['default route set', changed({ defaultRoute: false }), false],
    ['DNSSEC mode', changed({ dnssec: 'allow-downgrade' }), false],
    ['cache mode', { ...base, settings: { cache: 'no-negative' } }, false],
  ])('R-LINK-5: what is learnt is kept over: %s', (_what, script, isKept) => {
    expect(plans(script)[1]?.fingerprint === plans(base)[1]?.fingerprint).toBe(isKept)
  })

  test('R-CACHE-21: the global scope starts anew when another link becomes relevant', () => {
    const more: Script = { ...base, links: [...(base.links ?? []), [{ ifindex: 3 }, {}]] }
    expect(plans(more)[0]?.fingerprint).not.toBe(plans(base)[0]?.fingerprint)
    const down: Script = { ...base, links: [...(base.links ?? []), [{ ifindex: 3, flags: 0 }, {}]] }
    expect(plans(down)[0]?.fingerprint).toBe(plans(base)[0]?.fingerprint)
  })
})

describe('trust anchors', () => {
  const validating: ResolvedSettings = { ...DEFAULT_RESOLVED_SETTINGS, dnssec: 'yes' }
  const one = { ...DEFAULT_LINK_SETTINGS, servers: servers('10.2.0.1') }

  function planned(
    settings: ResolvedSettings,
    linkSettings: LinkSettings = one,
    before?: Planned,
  ): readonly UnicastPlan[] {
    return planScopes(anchorsInput(settings, linkSettings), before)
  }

  function anchorsInput(settings: ResolvedSettings, linkSettings: LinkSettings): ScopeInput {
    return {
      facts: { links: new Map([[2, link()]]), gateways: [] },
      settings,
      globalServers: [],
      globalDomains: [],
      links: new Map([[2, { settings: linkSettings, networkdState: undefined }]]),
      delegates: [],
    }
  }

  const NTA = { negativeTrustAnchors: [nameOf('corp.example')] }

  test.each<[string, Partial<ResolvedSettings>, Partial<LinkSettings>, readonly boolean[]]>([
    ['S-MODE-2: the mode of all', { dnssec: 'no' }, {}, [true, true]],
    ['S-MODE-2: the mode of the link', {}, { dnssec: 'allow-downgrade' }, [false, true]],
    ['S-NTA-5: a negative anchor of all', NTA, {}, [true, true]],
    ['S-NTA-5: a negative anchor of the link', {}, NTA, [false, true]],
    [
      'S-NTA-5: another positive anchor',
      { trustAnchors: DEFAULT_RESOLVED_SETTINGS.trustAnchors.slice(1) },
      {},
      [true, true],
    ],
    ['S-NTA-5: read again and the same', {}, {}, [false, false]],
  ])('%s makes scopes anew', (_rule, changed, changedLink, expected) => {
    const earlier = planned(validating)
    const before = { input: anchorsInput(validating, one), plans: earlier }
    const after = planned({ ...validating, ...changed }, { ...one, ...changedLink }, before)
    expect(after.map(({ fingerprint }, i) => fingerprint !== earlier[i]?.fingerprint)).toEqual(expected)
  })

  test('S-MODE-1: nothing is made anew for anchors where nothing is validated', () => {
    const [before] = planned(DEFAULT_RESOLVED_SETTINGS)
    expect(planned({ ...DEFAULT_RESOLVED_SETTINGS, ...NTA })[0]?.fingerprint).toBe(before?.fingerprint)
  })

  test('S-NTA-3: those of a link are for its scope alone', () => {
    const [global, ofLink] = planned(validating, { ...one, ...NTA })
    const name = nameOf('www.corp.example')
    expect(ofLink?.trust.anchors.negativeAbove(name)).toBe('corp.example')
    expect(global?.trust.anchors.negativeAbove(name)).toBeUndefined()
    expect(ofLink?.trust.anchors.negativeAbove(nameOf('nas.home'))).toBe('home')
  })
})
