import { expect, test } from 'vitest'
import { AF_INET, AF_INET6, type Family, IpAddress } from '../../../src/base/index.ts'
import {
  LAST_RESORT,
  multicastTypes,
  NO,
  RoutedDomains,
  scoreDns,
  scoreLlmnr,
  scoreMdns,
  YES,
} from '../../../src/routing/index.ts'
import { nameOf, TYPE } from '../../../src/wire/index.ts'

const NETWORKS = { [AF_INET]: ['10.2.0.2', 24], [AF_INET6]: ['2001:db8:2::2', 64] } as const

function routeOf(family: Family, hasSibling = true) {
  const [text, prefixLength] = NETWORKS[family]
  return { family, hasSibling, subnets: [{ address: IpAddress.of(text), prefixLength }] }
}

/** rule, name, type, family, score of multicast DNS, score of LLMNR. */
const cases: readonly [string, string, number, Family, number, number][] = [
  ['R-ROUTE-11: .local', 'printer.local', TYPE.A, AF_INET, YES + 1, NO],
  ['R-ROUTE-11: several labels below it', '_http._tcp.local', TYPE.PTR, AF_INET6, YES + 1, NO],
  ['R-ROUTE-11: not local itself', 'local', TYPE.A, AF_INET, NO, NO],
  ['R-ROUTE-15: AAAA only by the IPv6 scope', 'printer.local', TYPE.AAAA, AF_INET, NO, NO],
  ['R-ROUTE-15: A only by the IPv4 scope', 'printer.local', TYPE.A, AF_INET6, NO, NO],
  ['MC-ROUTE-5: types nobody is asked for', 'printer.local', TYPE.HTTPS, AF_INET, YES + 1, NO],
  ['R-ROUTE-12: a single label', 'printer', TYPE.A, AF_INET, NO, YES + 1],
  ['R-ROUTE-5: but not for MX', 'printer', TYPE.MX, AF_INET, NO, NO],
  ['R-ROUTE-12: not the root', '.', TYPE.A, AF_INET, NO, NO],
  ['other names', 'www.example.org', TYPE.A, AF_INET, NO, NO],
  ['R-ROUTE-11: link-local IPv4', '1.1.254.169.in-addr.arpa', TYPE.PTR, AF_INET, YES + 4, YES + 4],
  ['R-ROUTE-11: not by the IPv6 scope', '1.1.254.169.in-addr.arpa', TYPE.PTR, AF_INET6, NO, NO],
  ['R-ROUTE-11: link-local IPv6', `1.${'0.'.repeat(28)}8.e.f.ip6.arpa`, TYPE.PTR, AF_INET6, YES + 5, YES + 5],
  ['R-ROUTE-11: the own network', '9.0.2.10.in-addr.arpa', TYPE.PTR, AF_INET, YES, YES],
  ['MC-ROUTE-6: its broadcast address', '255.0.2.10.in-addr.arpa', TYPE.PTR, AF_INET, NO, NO],
  ['R-ROUTE-11: other addresses', '9.9.9.10.in-addr.arpa', TYPE.PTR, AF_INET, LAST_RESORT, LAST_RESORT],
  ['a piece of an address', '2.10.in-addr.arpa', TYPE.PTR, AF_INET, NO, NO],
  ['other types at reverse names', '9.0.2.10.in-addr.arpa', TYPE.TXT, AF_INET, NO, NO],
]

test.each(cases)('%s: %s', (_rule, text, type, family, mdns, llmnr) => {
  const [name, route] = [nameOf(text), routeOf(family)]
  expect([scoreMdns(name, [type], route).score, scoreLlmnr(name, [type], route).score]).toEqual([mdns, llmnr])
})

test('addresses of the other IP version are known not to be there where no other scope looks after them', () => {
  expect(scoreMdns(nameOf('printer.local'), [TYPE.AAAA], routeOf(AF_INET, false)).score).toBe(YES + 1)
})

test.each([
  ['MC-ROUTE-3: a link that takes everything loses against multicast', '.', YES],
  ['MC-ROUTE-3: one that claims local is asked beside it', 'local', YES + 1],
  ['MC-ROUTE-3: one that claims a domain below it wins', 'corp.local', YES + 2],
])('%s', (_rule, domain, score) => {
  const domains = new RoutedDomains([{ name: nameOf(domain), routeOnly: true }])
  const route = { domains, isDefaultRoute: true, hasServers: true, usesFallbackServer: false, subnets: [] }
  const name = nameOf('host.corp.local')
  expect(scoreDns(name, [TYPE.A], route, { asksSingleLabels: false }).score).toBe(score)
  expect(scoreMdns(name, [TYPE.A], routeOf(AF_INET)).score).toBe(YES + 1)
})

test.each([
  ['R-ROUTE-5: multicast DNS', 'mdns', AF_INET, [TYPE.A, TYPE.SRV, TYPE.TXT, TYPE.HINFO]],
  ['R-ROUTE-5: LLMNR', 'llmnr', AF_INET6, [TYPE.AAAA, TYPE.TXT]],
] as const)('%s is asked for these types', (_rule, protocol, family, types) => {
  const all = [TYPE.A, TYPE.AAAA, TYPE.MX, TYPE.SRV, TYPE.TXT, TYPE.HTTPS, TYPE.HINFO]
  expect(multicastTypes(protocol, all, family)).toEqual(types)
})
