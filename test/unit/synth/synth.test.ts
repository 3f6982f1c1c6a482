import { describe, expect, test } from 'vitest'
import { IpAddress } from '../../../src/base/index.ts'
import { HostsTable } from '../../../src/settings/index.ts'
import {
  answerFromHosts,
  type HostFacts,
  hostFactsOf,
  type LocalAnswer,
  ownNamesOf,
  synthesize,
} from '../../../src/synth/index.ts'
import { nameOf, rdataText, reverseNameOf, typeText } from '../../../src/wire/index.ts'

/** `TYPE rdata@ifindex` of each record; `NXDOMAIN`, `NODATA` or `nothing`. */
function inWords(answer: LocalAnswer | undefined): string[] {
  if (answer === undefined) return ['nothing']
  if (!answer.exists) return ['NXDOMAIN']
  if (answer.records.length === 0) return ['NODATA']
  return answer.records.map(({ record, ifindex }) => {
    return `${typeText(record.type)} ${rdataText(record.type, record.rdata)}@${ifindex}`
  })
}

function host(address: string, ifindex: number) {
  const parsed = IpAddress.of(address)
  return { family: parsed.family, address: parsed, ifindex }
}

const FACTS: HostFacts = {
  ownNames: ['box.example', 'box', 'box.local'].map(nameOf),
  addresses: [host('192.0.2.10', 2), host('2001:db8::10', 2)],
  gateways: [host('192.0.2.1', 2), host('fe80::1', 3)],
  outbound: [host('192.0.2.10', 2)],
  hasIpv6: true,
}
const BARE: HostFacts = { ownNames: FACTS.ownNames, addresses: [], gateways: [], outbound: [], hasIpv6: true }
const reverse = (address: string) => reverseNameOf(IpAddress.of(address))
const LOOPBACK = ['A 127.0.0.1@1', 'AAAA ::1@1']

describe('synthesize', () => {
  const cases: readonly [string, string, HostFacts, string[]][] = [
    ['R-SYNTH-1: localhost', 'localhost', FACTS, LOOPBACK],
    ['R-SYNTH-1: below localhost', 'a.b.localhost', FACTS, LOOPBACK],
    ['R-SYNTH-1: localhost.localdomain', 'localhost.localdomain', FACTS, LOOPBACK],
    ['R-SYNTH-1: letter case', 'LocalHost', FACTS, LOOPBACK],
    ['R-SYNTH-1: no AAAA without IPv6', 'localhost', { ...FACTS, hasIpv6: false }, ['A 127.0.0.1@1']],
    ['R-SYNTH-1: not every name that ends so', 'notlocalhost', FACTS, ['nothing']],
    ['R-SYNTH-2: loopback addresses', reverse('127.1.2.3'), FACTS, ['PTR localhost@1']],
    ['R-SYNTH-2: ::1', reverse('::1'), FACTS, ['PTR localhost@1']],
    ['R-SYNTH-2: nothing else below', '0.127.in-addr.arpa', FACTS, ['NXDOMAIN']],
    ['R-SYNTH-3: own full name', 'box.example', FACTS, ['A 192.0.2.10@2', 'AAAA 2001:db8::10@2']],
    ['R-SYNTH-3: own first label', 'box', FACTS, ['A 192.0.2.10@2', 'AAAA 2001:db8::10@2']],
    ['R-SYNTH-3: own label under .local', 'box.local', FACTS, ['A 192.0.2.10@2', 'AAAA 2001:db8::10@2']],
    ['R-SYNTH-3: without any address', 'box', BARE, ['A 127.0.0.2@1', 'AAAA ::1@1']],
    ['R-SYNTH-3: nor IPv6', 'box', { ...BARE, hasIpv6: false }, ['A 127.0.0.2@1']],
    ['R-SYNTH-3: names below are not ours', 'a.box.example', FACTS, ['nothing']],
    ['R-SYNTH-9: turned off', 'box', { ...FACTS, ownNames: [] }, ['nothing']],
    [
      'R-SYNTH-4: 127.0.0.2',
      reverse('127.0.0.2'),
      FACTS,
      ['PTR box.example@1', 'PTR box@1', 'PTR box.local@1', 'PTR localhost@1'],
    ],
    ['R-SYNTH-4: own address', reverse('192.0.2.10'), FACTS, ['PTR box.example@2', 'PTR box@2', 'PTR box.local@2']],
    [
      'R-SYNTH-4: own IPv6 address',
      reverse('2001:db8::10'),
      FACTS,
      ['PTR box.example@2', 'PTR box@2', 'PTR box.local@2'],
    ],
    ['R-SYNTH-9: own address, turned off', reverse('192.0.2.10'), { ...FACTS, ownNames: [] }, ['nothing']],
    ['R-SYNTH-4: a gateway', reverse('fe80::1'), FACTS, ['PTR _gateway@3']],
    ['R-SYNTH-4: a stranger', reverse('192.0.2.99'), FACTS, ['nothing']],
    ['R-SYNTH-5: _gateway', '_gateway', FACTS, ['A 192.0.2.1@2', 'AAAA fe80::1@3']],
    ['R-SYNTH-5: no gateway at all', '_gateway', BARE, ['NXDOMAIN']],
    ['R-SYNTH-6: _outbound', '_outbound', FACTS, ['A 192.0.2.10@2']],
    ['R-SYNTH-6: none', '_outbound', BARE, ['NXDOMAIN']],
    ['R-SYNTH-7: _localdnsstub', '_localdnsstub', BARE, ['A 127.0.0.53@1']],
    ['R-SYNTH-7: _localdnsproxy', '_localdnsproxy', BARE, ['A 127.0.0.54@1']],
    ['R-SYNTH-7: and back', reverse('127.0.0.53'), FACTS, ['PTR _localdnsstub@1']],
    ['R-SYNTH-7: and back', reverse('127.0.0.54'), FACTS, ['PTR _localdnsproxy@1']],
    ['R-SYNTH-8: invalid', 'a.invalid', FACTS, ['NXDOMAIN']],
    ['R-SYNTH-8: alt', 'a.alt', FACTS, ['NXDOMAIN']],
    ['R-SYNTH-8: 0/8', reverse('0.1.2.3'), FACTS, ['NXDOMAIN']],
    ['R-SYNTH-8: broadcast', reverse('255.255.255.255'), FACTS, ['NXDOMAIN']],
    ['R-SYNTH-8: ::', reverse('::'), FACTS, ['NXDOMAIN']],
    ['R-SYNTH-8: the root', '.', FACTS, ['NODATA']],
    ['R-SYNTH-8: resolver.arpa', '_dns.resolver.arpa', FACTS, ['NODATA']],
    ['anything else is not our business', 'www.example', FACTS, ['nothing']],
  ]

  test.each(cases)('%s (%s)', (_rule, name, facts, expected) => {
    expect(inWords(synthesize(nameOf(name), facts))).toEqual(expected)
  })

  test('R-SYNTH: TTL 0', () => {
    const answers = ['localhost', 'box', '_gateway', '2.0.0.127.in-addr.arpa'].map((name) =>
      synthesize(nameOf(name), FACTS),
    )
    expect(answers.flatMap((answer) => answer?.records.map(({ record }) => record.ttl))).toEqual(Array(10).fill(0))
  })
})

describe('ownNamesOf (R-SYNTH-3)', () => {
  test.each([
    ['Box.Example.COM', ['box.example.com', 'box', 'box.local']],
    ['box', ['box', 'box.local']],
    ['box.local', ['box.local', 'box']],
    ['', ['linux', 'linux.local']],
    ['localhost', ['linux', 'linux.local']],
    ['(none)', ['linux', 'linux.local']],
    ['not..a.name', ['linux', 'linux.local']],
    ['x'.repeat(63), ['x'.repeat(63), `${'x'.repeat(63)}.local`]],
  ])('%j', (hostName, expected) => {
    expect(ownNamesOf(hostName)).toEqual(expected)
  })
})

const own = (address: string, scope = 0, flags = 0, prefixLength = 24) => ({
  address: IpAddress.of(address),
  prefixLength,
  scope,
  flags,
})
const gateway = (address: string, ifindex: number, metric: number, source?: string) => {
  const { family, address: parsed } = host(address, ifindex)
  return { family, gateway: parsed, ifindex, metric, source: source === undefined ? undefined : IpAddress.of(source) }
}
const texts = (list: HostFacts['addresses']) => list.map(({ address, ifindex }) => `${address.text}@${ifindex}`)

describe('hostFactsOf', () => {
  test('R-SYNTH-3: IPv4 first, wider scope first, then by link; no temporary or host addresses', () => {
    const links = new Map([
      [3, { addresses: [own('2001:db8::3'), own('192.0.2.3'), own('10.0.0.3', 200)] }],
      [1, { addresses: [own('127.0.0.1', 254)] }],
      [
        2,
        { addresses: [own('fe80::2', 253), own('192.0.2.2'), own('192.0.2.9', 0, 0x20), own('2001:db8::9', 0, 0x40)] },
      ],
    ])
    const { addresses } = hostFactsOf({ links, gateways: [] }, [])
    expect(texts(addresses)).toEqual(['192.0.2.2@2', '192.0.2.3@3', '10.0.0.3@3', '2001:db8::3@3', 'fe80::2@2'])
  })

  test('R-SYNTH-5, R-SYNTH-6: gateways by family and metric, and the addresses used towards them', () => {
    const links = new Map([
      [2, { addresses: [own('198.51.100.2'), own('192.0.2.2'), own('fe80::2', 253, 0, 64)] }],
      [3, { addresses: [own('203.0.113.3')] }],
      [4, { addresses: [] }],
    ])
    const gateways = [
      gateway('fe80::1', 2, 5),
      gateway('192.0.2.1', 2, 100),
      gateway('203.0.113.1', 3, 50, '203.0.113.77'),
      gateway('198.18.0.1', 4, 200),
    ]
    const facts = hostFactsOf({ links, gateways }, [])
    expect(texts(facts.gateways)).toEqual(['203.0.113.1@3', '192.0.2.1@2', '198.18.0.1@4', 'fe80::1@2'])
    expect(texts(facts.outbound)).toEqual(['203.0.113.77@3', '192.0.2.2@2', 'fe80::2@2'])
  })
})

test.each<[string, string[], boolean]>([
  ['::1 on the loopback link', ['127.0.0.1', '::1'], true],
  ['disable_ipv6 takes it away', ['127.0.0.1'], false],
])('IPv6 off by sysctl, and localhost still had ::1: %s', (_, loopback, expected) => {
  const links = new Map([[1, { addresses: loopback.map((address) => own(address, 254)) }]])
  expect(hostFactsOf({ links, gateways: [] }, []).hasIpv6).toBe(expected)
})

describe('answerFromHosts', () => {
  const table = HostsTable.parse(`
192.0.2.1 server.example Server alias.example
2001:db8::1 server.example
192.0.2.2 other.example alias2.example
192.0.2.3 third.example alias2.example
0.0.0.0 blocked.example
127.0.0.1 localhost
`)

  test.each([
    ['R-HOSTS-5: the canonical name has its addresses', 'server.example', ['A 192.0.2.1@0', 'AAAA 2001:db8::1@0']],
    ['R-HOSTS-5: an alias is a CNAME', 'alias.example', ['CNAME server.example@0', 'A 192.0.2.1@0']],
    ['R-HOSTS-5: letter case', 'SERVER', ['CNAME server.example@0', 'A 192.0.2.1@0']],
    ['RFC 1034 §3.6.2: two canonical names make no two CNAMEs', 'alias2.example', ['A 192.0.2.2@0', 'A 192.0.2.3@0']],
    ['R-HOSTS-3: 0.0.0.0 is NODATA', 'blocked.example', ['NODATA']],
    ['R-HOSTS-4: no names below', 'a.server.example', ['nothing']],
    ['R-HOSTS-6: plain localhost is left to synthesis', 'localhost', ['nothing']],
    ['R-HOSTS-6: and its address', '1.0.0.127.in-addr.arpa', ['nothing']],
    [
      'R-HOSTS-5: back to the canonical name, then the others',
      '1.2.0.192.in-addr.arpa',
      ['PTR server.example@0', 'PTR Server@0', 'PTR alias.example@0'],
    ],
    ['an address that is not there', '9.2.0.192.in-addr.arpa', ['nothing']],
    ['0.0.0.0 is no address', '0.0.0.0.in-addr.arpa', ['nothing']],
  ])('%s', (_rule, name, expected) => {
    expect(inWords(answerFromHosts(table, nameOf(name)))).toEqual(expected)
  })
})
