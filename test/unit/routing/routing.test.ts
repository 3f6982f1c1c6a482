import { describe, expect, test } from 'vitest'
import { IpAddress } from '../../../src/base/index.ts'
import {
  type DnsRoute,
  isLocalOnly,
  LAST_RESORT,
  MAYBE,
  NO,
  RoutedDomains,
  scoreDns,
  searchWalk,
  typesToSend,
  winners,
  YES,
} from '../../../src/routing/index.ts'
import { parseDomain } from '../../../src/settings/index.ts'
import { nameOf, parseType, reverseNameOf } from '../../../src/wire/index.ts'

const types = (text: string) => text.split(' ').map((type) => parseType(type) as number)
const domains = (text: string) => text.split(' ').filter(Boolean).map(parseDomain)

/** A scope with one server and a /24, unless told otherwise. */
function route(domainList = '', changes: Partial<DnsRoute> = {}): DnsRoute {
  return {
    domains: new RoutedDomains(domains(domainList)),
    isDefaultRoute: true,
    hasServers: true,
    usesFallbackServer: false,
    subnets: [
      { address: IpAddress.of('10.1.2.3'), prefixLength: 24 },
      { address: IpAddress.of('2001:db8:1::5'), prefixLength: 64 },
    ],
    ...changes,
  }
}

const NOT_DEFAULT = { isDefaultRoute: false }
const reverse = (address: string) => reverseNameOf(IpAddress.of(address))

/** rule, name, types, route, whether single labels are asked, score. */
const scores: readonly [string, string, string, DnsRoute, boolean, number][] = [
  ['R-ROUTE-6: a default route takes the rest', 'www.example', 'A', route(), false, MAYBE],
  ['R-ROUTE-6: what is no default route does not', 'www.example', 'A', route('', NOT_DEFAULT), false, NO],
  ['R-ROUTE-6: a scope without server takes nothing', 'a.corp', 'A', route('corp', { hasServers: false }), false, NO],
  ['R-ROUTE-6: addresses of the root are never asked', '.', 'A AAAA', route('~.'), false, NO],
  ['R-ROUTE-6: other types of the root are', '.', 'NS', route('', NOT_DEFAULT), false, NO],
  ['R-ROUTE-6: other types of the root go to the default route', '.', 'NS', route(), false, MAYBE],
  ['R-ROUTE-6: a matching domain counts its labels', 'a.b.corp.test', 'A', route('~corp.test'), false, YES + 2],
  ['R-ROUTE-6: the longest domain counts', 'a.b.corp.test', 'A', route('test ~b.corp.test corp.test'), false, YES + 3],
  [
    'R-ROUTE-6: a domain is stronger than being no default route',
    'a.corp',
    'A',
    route('~corp', NOT_DEFAULT),
    false,
    YES + 1,
  ],
  ['R-ROUTE-7: ~. beats default routes', 'www.example', 'A', route('~.'), false, YES],
  ['R-ROUTE-8: search domains route too', 'a.corp', 'A', route('corp'), false, YES + 1],
  ['R-ROUTE-8: whole labels only', 'mycorp', 'A', route('~corp', NOT_DEFAULT), false, NO],
  [
    'R-ROUTE-6: a single label where search domains complete it',
    'host',
    'A',
    route('corp', NOT_DEFAULT),
    false,
    YES + 1,
  ],
  ['R-ROUTE-6: route-only domains complete nothing', 'host', 'A', route('~corp', NOT_DEFAULT), false, NO],
  ['R-ROUTE-6: a single label equal to a route-only domain', 'corp', 'A', route('~corp', NOT_DEFAULT), false, YES + 1],
  ['R-ROUTE-6: single labels where they are asked', 'host', 'A', route('', NOT_DEFAULT), true, YES + 1],
  ['R-ROUTE-6: a single label on a default route', 'host', 'A', route(), false, MAYBE],
  ['R-ROUTE-6: link-local IPv4 reverse', '1.0.254.169.in-addr.arpa', 'PTR', route(), false, NO],
  ['R-ROUTE-6: link-local IPv6 reverse', reverse('fe80::1'), 'PTR', route(), false, NO],
  ['R-ROUTE-6: fec0::/10 is not link-local', 'c.e.f.ip6.arpa', 'PTR', route(), false, MAYBE],
  [
    'R-ROUTE-6: unless a domain claims it',
    '1.0.254.169.in-addr.arpa',
    'PTR',
    route('~254.169.in-addr.arpa'),
    false,
    YES + 4,
  ],
  ['R-ROUTE-6: .local is not for DNS', 'printer.local', 'A', route(), false, NO],
  ['R-ROUTE-6: local itself neither', 'local', 'SOA', route(), false, NO],
  ['R-ROUTE-6: unless a domain claims it', 'printer.local', 'A', route('~local'), false, YES + 1],
  ['R-ROUTE-6: ~. claims it too', 'printer.local', 'A', route('~.'), false, YES],
  ['R-ROUTE-6: own subnet', '9.2.1.10.in-addr.arpa', 'PTR', route('', NOT_DEFAULT), false, YES],
  ['R-ROUTE-6: another subnet', '9.3.1.10.in-addr.arpa', 'PTR', route('', NOT_DEFAULT), false, NO],
  ['R-ROUTE-6: own IPv6 subnet', reverse('2001:db8:1::9'), 'PTR', route('', NOT_DEFAULT), false, YES],
  ['R-ROUTE-6: another IPv6 subnet', reverse('2001:db8:2::9'), 'PTR', route('', NOT_DEFAULT), false, NO],
  [
    'R-ROUTE-6: an incomplete reverse name is in no subnet',
    '2.1.10.in-addr.arpa',
    'PTR',
    route('', NOT_DEFAULT),
    false,
    NO,
  ],
  [
    'R-ROUTE-6: a fallback server is the last resort',
    'a.example',
    'A',
    route('', { usesFallbackServer: true }),
    false,
    LAST_RESORT,
  ],
]

describe('scoreDns', () => {
  test.each(scores)('%s', (_rule, name, typeList, dnsRoute, asksSingleLabels, score) => {
    const scored = scoreDns(nameOf(name), types(typeList), dnsRoute, { asksSingleLabels })
    expect(scored.score).toBe(score)
    expect(scored.reason).not.toBe('')
  })
})

describe('winners (R-ROUTE-1)', () => {
  test.each([
    ['the best wins alone', [MAYBE, YES + 1, YES], [1]],
    ['all tied win together', [MAYBE, NO, MAYBE], [0, 2]],
    ['nobody wins when all decline', [NO, NO], []],
    ['nobody wins where nobody is', [], []],
    ['the last resort wins alone', [NO, LAST_RESORT], [1]],
  ])('%s', (_rule, list, expected) => {
    expect(winners([...list.keys()], (scope) => list[scope] ?? NO)).toEqual(expected)
  })
})

describe('isLocalOnly (R-ROUTE-4)', () => {
  const own = {
    ownNames: ['box.example', 'box', 'box.local'].map(nameOf),
    addresses: ['192.0.2.10', '2001:db8::10'].map((address) => ({ address: IpAddress.of(address) })),
  }

  test.each([
    'localhost',
    'a.localhost',
    'localhost.localdomain',
    'x.localhost.localdomain',
    '1.0.0.127.in-addr.arpa',
    '127.in-addr.arpa',
    '1.2.3.0.in-addr.arpa',
    '255.255.255.255.in-addr.arpa',
    `${'0.'.repeat(32)}ip6.arpa`,
    `1.${'0.'.repeat(31)}ip6.arpa`,
    '_gateway',
    '_outbound',
    '_localdnsstub',
    '_localdnsproxy',
    'box.example',
    'box',
    'box.local',
    '10.2.0.192.in-addr.arpa',
    `0.1.0.0.${'0.'.repeat(20)}8.b.d.0.1.0.0.2.ip6.arpa`,
  ])('%s is never asked', (name) => {
    expect(isLocalOnly(nameOf(name), own)).toBe(true)
  })

  test.each([
    ['localdomain', 'A'],
    ['notlocalhost', 'A'],
    ['a._gateway', 'A'],
    ['a.box.example', 'A'],
    ['1.0.0.128.in-addr.arpa', 'PTR'],
    ['2.0.0.10.in-addr.arpa', 'PTR'],
    [`2.${'0.'.repeat(31)}ip6.arpa`, 'PTR'],
    ['www.example', 'A'],
  ])('%s %s is', (name) => {
    expect(isLocalOnly(nameOf(name), own)).toBe(false)
  })

  test('R-SYNTH-9: without own names they are asked like any other', () => {
    const unnamed = { ...own, ownNames: [] }
    expect(isLocalOnly(nameOf('box.example'), unnamed)).toBe(false)
    expect(isLocalOnly(nameOf('10.2.0.192.in-addr.arpa'), unnamed)).toBe(false)
  })
})

describe('R-ROUTE-17: names that stay at home', () => {
  const routeWith = (claims: readonly string[]) => ({
    domains: new RoutedDomains(claims.map(parseDomain)),
    isDefaultRoute: true,
    hasServers: true,
    usesFallbackServer: false,
    subnets: [{ address: IpAddress.of('10.2.0.2'), prefixLength: 24 }],
  })
  const scoreOf = (name: string, claims: readonly string[], type = 'A') =>
    scoreDns(nameOf(name), types(type), routeWith(claims), { asksSingleLabels: false }).score

  test.each([
    ['duck.onion', 'onion', false],
    ['a.alt', 'alt', false],
    ['a.invalid', 'invalid', false],
    ['x.resolver.arpa', 'resolver.arpa', false],
    ['wiki.corp.internal', 'corp.internal', true],
    ['nas.home.arpa', 'home.arpa', true],
    ['9.9.9.10.in-addr.arpa', '10.in-addr.arpa', true],
    ['9.9.31.172.in-addr.arpa', '31.172.in-addr.arpa', true],
    ['9.9.168.192.in-addr.arpa', '168.192.in-addr.arpa', true],
    ['9.9.64.100.in-addr.arpa', '64.100.in-addr.arpa', true],
    ['1.0.d.f.ip6.arpa', 'd.f.ip6.arpa', true],
  ])('%s goes to whoever claims %s, and to no default route', (name, domain, goesWithRoot) => {
    expect(scoreOf(name, [])).toBe(NO)
    expect(scoreOf(name, [`~${domain}`])).toBeGreaterThan(YES)
    expect(scoreOf(name, [domain])).toBeGreaterThan(YES)
    expect(scoreOf(name, ['~.'])).toBe(goesWithRoot ? YES : NO)
  })

  test.each([
    'www.example',
    'onion.example',
    'x.internal.example',
    '9.9.32.172.in-addr.arpa',
    '9.9.128.100.in-addr.arpa',
    '1.8.b.d.0.1.0.0.2.ip6.arpa',
  ])('%s is a name like any other', (name) => expect(scoreOf(name, [])).toBe(MAYBE))

  test("addresses in the link's own network are asked there", () => {
    expect(scoreOf('9.0.2.10.in-addr.arpa', [], 'PTR')).toBe(YES)
  })

  test('E-DDR-7: what a server designates is no business of clients: its certificate does not hold our address', () => {
    expect(scoreOf('_dns.resolver.arpa', [], 'SVCB')).toBe(NO)
    expect(scoreOf('_dns.resolver.arpa', ['~.'], 'SVCB')).toBe(NO)
  })
})

describe('typesToSend (R-ROUTE-14)', () => {
  test.each([
    ['addresses of a single label are not sent', 'host', 'A AAAA', false, ''],
    ['other types of it are', 'com', 'A DS', false, 'DS'],
    ['unless configured', 'host', 'A AAAA', true, 'A AAAA'],
    ['addresses of the root never', '.', 'A NS', true, 'NS'],
    ['names with dots always', 'a.b', 'A AAAA', false, 'A AAAA'],
  ])('%s', (_rule, name, given, asksSingleLabels, expected) => {
    const wanted = expected === '' ? [] : types(expected)
    expect(typesToSend(nameOf(name), types(given), asksSingleLabels)).toEqual(wanted)
  })
})

describe('searchWalk', () => {
  const LONG = Array.from({ length: 4 }, () => 'x'.repeat(61)).join('.')

  /** rule, name, domains, may search, asks single labels, names asked. */
  const walks: readonly [string, string, string, boolean, boolean, string[]][] = [
    [
      'R-SEARCH-2: in order, without route-only ones',
      'host',
      'b.test ~c.test a.test',
      true,
      false,
      ['host.b.test', 'host.a.test'],
    ],
    ['R-SEARCH-3: the name itself is not asked', 'host', 'a.test', true, false, ['host.a.test']],
    ['R-SEARCH-1: only single labels', 'a.b', 'a.test', true, false, ['a.b']],
    ['R-SEARCH-1: not with NO_SEARCH', 'host', 'a.test', false, false, ['host']],
    ['R-SEARCH-1: nothing to search', 'host', '~a.test', true, false, ['host']],
    ['R-SEARCH-3: a domain equal to the name', 'corp', 'corp a.test', true, true, ['corp']],
    ['R-SEARCH-3: only where single labels are asked', 'corp', 'corp', true, false, ['corp.corp']],
    ['a name that gets too long is passed over', 'host-host', `${LONG} a.test`, true, false, ['host-host.a.test']],
    ['the root is no search domain', 'host', '~. a.test', true, false, ['host.a.test']],
  ]

  test.each(walks)('%s', (_rule, name, domainList, maySearch, asksSingleLabels, expected) => {
    expect(searchWalk(nameOf(name), domains(domainList), maySearch, asksSingleLabels)).toEqual(expected)
  })
})
