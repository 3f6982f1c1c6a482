import { expect, test } from 'vitest'
import {
  DEFAULT_LINK_SETTINGS,
  formatDomain,
  formatSavedLink,
  formatServerSpec,
  isDefaultLink,
  type LinkSettings,
  type Origin,
  parseDomain,
  parseServerSpec,
  readNetworkdLink,
  readSavedLink,
  SettingError,
} from '../../../src/settings/index.ts'
import { nameOf } from '../../../src/wire/index.ts'

const IFINDEX = 7
const ifindexOf = (name: string) => ({ eth0: IFINDEX, eth1: 8 })[name]
const networkd = (text: string) => readNetworkdLink({ path: '7', text }, IFINDEX, ifindexOf)
const saved = (text: string) => readSavedLink({ path: '7', text }, IFINDEX, ifindexOf)
const server = (text: string) => parseServerSpec(text, ifindexOf)
const lists = ({ servers, domains }: LinkSettings) => [servers.map(formatServerSpec), domains.map(formatDomain)]

test.each<[string, boolean]>([
  ['', false],
  ['ADMIN_STATE=pending\n', false],
  ['ADMIN_STATE=initialized\n', false],
  ['ADMIN_STATE=unmanaged\n', false],
  ['OPER_STATE=routable\nDNS=192.0.2.1\n', false],
  ['ADMIN_STATE=configuring\n', true],
  ['ADMIN_STATE=configured\n', true],
  ['ADMIN_STATE=failed\n', true],
  ['ADMIN_STATE=linger\n', true],
])('R-NETD-3: %j is managed: %s', (text, isManaged) => {
  const { link } = networkd(text)
  expect(link).toMatchObject({ isManaged, settings: DEFAULT_LINK_SETTINGS })
})

test('R-NETD-4, R-NETD-5: every key is read', () => {
  const { link, warnings } = networkd(`# This is private data. Do not parse.
ADMIN_STATE=configured
OPER_STATE=routable
CARRIER_STATE=carrier
DNS=192.0.2.1 192.0.2.2:53#dns.example [2001:db8::1]:54 fe80::1%eth0
DOMAINS=corp.example lab.example
ROUTE_DOMAINS=vpn.example . lab.example
DNS_DEFAULT_ROUTE=no
LLMNR=resolve
MDNS=no
DNS_OVER_TLS=no
DNSSEC=no
DNSSEC_NTA=a.example b.example
`)
  expect(warnings).toEqual([])
  expect(link.operState).toBe('routable')
  expect(lists(link.settings)).toEqual([
    ['192.0.2.1', '192.0.2.2#dns.example', '[2001:db8::1]:54', 'fe80::1'],
    ['corp.example', '~lab.example', '~vpn.example', '~.'],
  ])
  expect(link.settings).toMatchObject({
    defaultRoute: false,
    llmnr: 'resolve',
    multicastDns: 'no',
    dnsOverTls: 'no',
    dnssec: 'no',
    negativeTrustAnchors: ['a.example', 'b.example'],
  })
})

test.each<[string, string, string[], string[], number]>([
  ['one bad server clears the list', 'DNS=192.0.2.1 nonsense', [], [], 1],
  ['a server of another link is bad', 'DNS=192.0.2.1 fe80::1%eth1', [], [], 1],
  ['our own stub is skipped', 'DNS=127.0.0.53 192.0.2.1', ['192.0.2.1'], [], 0],
  ['a bad domain loses only itself', 'DOMAINS=a..b c\nDNS=192.0.2.1', ['192.0.2.1'], ['c'], 1],
  ['empty lists are cleared lists', 'DNS=\nDOMAINS=\nROUTE_DOMAINS=', [], [], 0],
  ['bad words count as absent', 'LLMNR=maybe\nDNSSEC=perhaps\nDNS_DEFAULT_ROUTE=x', [], [], 3],
])('R-NETD-4: %s', (_, text, servers, domains, count) => {
  const { link, warnings } = networkd(`ADMIN_STATE=configured\n${text}\n`)
  expect(lists(link.settings)).toEqual([servers, domains])
  expect(link.settings).toMatchObject({ llmnr: 'yes', dnssec: undefined, defaultRoute: undefined })
  expect(warnings).toHaveLength(count)
})

test('S-MODE-1: a link has modes of its own', () => {
  const { link, warnings } = networkd('ADMIN_STATE=configured\nDNSSEC=yes\nDNS_OVER_TLS=yes\n')
  expect(link.settings).toMatchObject({ dnssec: 'yes', dnsOverTls: 'yes' })
  expect(warnings).toEqual([])
})

const FULL: LinkSettings = {
  servers: [server('192.0.2.1'), server('[2001:db8::1]:9953#dns.example')],
  domains: [parseDomain('corp.example'), parseDomain('~vpn.example'), parseDomain('~.'), parseDomain('a\\.b.example')],
  defaultRoute: false,
  llmnr: 'no',
  multicastDns: 'resolve',
  dnssec: 'no',
  dnsOverTls: 'opportunistic',
  negativeTrustAnchors: [nameOf('a.example'), nameOf('b.example')],
}
const BY_BUS: Origin = { source: 'bus', busName: ':1.42', uid: 1000, process: 'my vpn "x" $HOME', at: 1767225600123 }

test('R-LINK-9: the file is what systemd-resolved writes, plus keys it passes over', () => {
  expect(formatSavedLink({ settings: FULL, origins: { servers: BY_BUS } })).toBe(`# This is private data. Do not parse.
LLMNR=no
MDNS=resolve
DNSSEC=no
DNSOVERTLS=opportunistic
DEFAULT_ROUTE=no
SERVERS=192.0.2.1 [2001:db8::1]:9953#dns.example
DOMAINS=corp.example ~vpn.example ~. a\\\\.b.example
NTAS=a.example b.example
TSRESOLVED_ORIGIN_SERVERS=bus 1767225600123 1000 :1.42 my vpn \\"x\\" \\$HOME
`)
  expect(formatSavedLink({ settings: DEFAULT_LINK_SETTINGS, origins: {} })).toBe(
    '# This is private data. Do not parse.\nLLMNR=yes\nMDNS=yes\n',
  )
})

test('R-LINK-9: settings and origins survive being saved', () => {
  const nobody: Origin = { source: 'varlink', busName: undefined, uid: undefined, process: undefined, at: 5 }
  const before = { settings: FULL, origins: { servers: BY_BUS, llmnr: nobody } }
  const { saved: after, warnings } = saved(formatSavedLink(before))
  expect(after).toEqual(before)
  expect(warnings).toEqual([])
})

test('R-LINK-9: a file as systemd-resolved 252 wrote it is taken over', () => {
  const { saved: link, warnings } = saved(`# This is private data. Do not parse.
LLMNR=resolve
MDNS=no
DNSSEC=allow-downgrade
DNSOVERTLS=opportunistic
DEFAULT_ROUTE=no
SERVERS=192.0.2.1 192.0.2.2:5353#dns.example [2001:db8::1]:9953 fe80::1%7
DOMAINS=corp.example ~vpn.example ~.
NTAS=x.example y.example
`)
  expect(warnings).toEqual([])
  expect(lists(link.settings)).toEqual([
    ['192.0.2.1', '192.0.2.2:5353#dns.example', '[2001:db8::1]:9953', 'fe80::1'],
    ['corp.example', '~vpn.example', '~.'],
  ])
  expect(link.settings).toMatchObject({
    defaultRoute: false,
    llmnr: 'resolve',
    multicastDns: 'no',
    dnssec: 'allow-downgrade',
    dnsOverTls: 'opportunistic',
    negativeTrustAnchors: ['x.example', 'y.example'],
  })
  expect(link.origins).toEqual({})
})

test('R-LINK-9: every truncation but at a line end, and every garbled file, is refused as a whole', () => {
  const text = formatSavedLink({ settings: FULL, origins: { servers: BY_BUS } })
  for (let length = 0; length < text.length; length++) {
    if (text[length - 1] === '\n') continue
    expect(() => saved(text.slice(0, length)), `cut at ${length}`).toThrow(SettingError)
  }
  for (const garbage of ['\0\0\0\n', 'SERVERS=\ufffd\n', 'SERVERS 192.0.2.1\n', '{"servers":[]}\n'])
    expect(() => saved(garbage)).toThrow(SettingError)
})

test('R-LINK-9: one bad word loses only itself; spoilt origins are forgotten', () => {
  const { saved: link, warnings } = saved('SERVERS=192.0.2.1 x\nLLMNR=maybe\nTSRESOLVED_ORIGIN_LLMNR=bus soon\n')
  expect(lists(link.settings)).toEqual([['192.0.2.1'], []])
  expect(new Set(warnings.map(({ key }) => key))).toEqual(new Set(['LLMNR', 'SERVERS']))
  expect(link.origins).toEqual({})
})

test.each<[string, Partial<LinkSettings>, boolean]>([
  ['nothing set', {}, true],
  ['servers', { servers: [server('192.0.2.1')] }, false],
  ['domains', { domains: [parseDomain('a')] }, false],
  ['default route, even no', { defaultRoute: false }, false],
  ['LLMNR off', { llmnr: 'no' }, false],
  ['DNSSEC off', { dnssec: 'no' }, false],
  ['negative trust anchors', { negativeTrustAnchors: [nameOf('a')] }, false],
])('R-LINK-9: default means no file: %s', (_, settings, expected) => {
  expect(isDefaultLink({ ...DEFAULT_LINK_SETTINGS, ...settings })).toBe(expected)
})
