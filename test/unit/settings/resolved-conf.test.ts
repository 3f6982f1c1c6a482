import { expect, test } from 'vitest'
import {
  DEFAULT_RESOLVED_SETTINGS,
  formatDomain,
  formatListenSpec,
  formatServerSpec,
  warningText,
  readResolvedConf,
  type BootSettings,
  type ResolvedSettings,
} from '../../../src/settings/index.ts'

const ifindexOf = (name: string) => (name === 'eth0' ? 7 : undefined)
const boot = (key: keyof BootSettings, text: string): BootSettings => ({ [key]: { path: key, text } })

function read(texts: string | string[], from?: BootSettings) {
  const files = [texts].flat().map((text, index) => ({ path: `${index + 1}.conf`, text: `[Resolve]\n${text}` }))
  const { settings, warnings } = readResolvedConf(files, ifindexOf, from)
  return { settings, warnings: warnings.map(warningText) }
}

function lists({ servers, fallbackServers, domains }: ResolvedSettings) {
  return [servers.map(formatServerSpec), fallbackServers.map(formatServerSpec), domains.map(formatDomain)]
}

test('R-CONF: an empty configuration gives the defaults without a word', () => {
  expect(readResolvedConf([], ifindexOf)).toEqual({ settings: DEFAULT_RESOLVED_SETTINGS, warnings: [] })
  expect(read('# only a comment')).toEqual({ settings: DEFAULT_RESOLVED_SETTINGS, warnings: [] })
  expect(DEFAULT_RESOLVED_SETTINGS).toMatchObject({
    llmnr: 'no',
    dnssec: 'no',
    dnsCacheSize: 65_536,
    dnsCacheBytes: 33_554_432,
    fallbackServers: [],
  })
})

test.each<[string, string | string[], string[], string[], string[]]>([
  [
    'lists accumulate over lines and files',
    ['DNS=192.0.2.1\nDNS=192.0.2.2', 'DNS=192.0.2.3'],
    ['192.0.2.1', '192.0.2.2', '192.0.2.3'],
    [],
    [],
  ],
  [
    'an empty assignment clears what came before',
    ['DNS=192.0.2.1\nDomains=a', 'DNS=\nDNS=192.0.2.3'],
    ['192.0.2.3'],
    [],
    ['a'],
  ],
  [
    'duplicates count once, in their first place',
    'DNS=192.0.2.1 192.0.2.2 192.0.2.1:53',
    ['192.0.2.1', '192.0.2.2'],
    [],
    [],
  ],
  ['R-SRV-3: our own stub is skipped without a word', 'DNS=127.0.0.53 192.0.2.1 0.0.0.0 ::', ['192.0.2.1'], [], []],
  ['whole server syntax', 'DNS=[2001:db8::1]:9953%eth0#dns.example', ['[2001:db8::1]:9953%7#dns.example'], [], []],
  ['R-CONF-5 domains', 'Domains=Corp.example ~vpn.example "~." *', [], [], ['corp.example', '~vpn.example', '~.']],
  [
    'a domain named again: the last mention says whether it is route-only',
    'Domains=a b\nDomains=~a',
    [],
    [],
    ['~a', 'b'],
  ],
  ['fallback', 'FallbackDNS=9.9.9.9#dns.quad9.net', [], ['9.9.9.9#dns.quad9.net'], []],
])('R-CONF-2: %s', (_, texts, servers, fallback, domains) => {
  const { settings, warnings } = read(texts)
  expect(lists(settings)).toEqual([servers, fallback, domains])
  expect(warnings).toEqual([])
})

test.each<[string, Partial<ResolvedSettings>]>([
  ['Cache=no-negative', { cache: 'no-negative' }],
  ['Cache=off', { cache: 'no' }],
  ['CacheFromLocalhost=1', { cacheFromLocalhost: true }],
  ['DNSCacheSize=0', { dnsCacheSize: 0 }],
  ['DNSCacheBytes=0', { dnsCacheBytes: 0 }],
  ['DNSCacheBytes=4096', { dnsCacheBytes: 4096 }],
  ['DNSCacheBytes=512B', { dnsCacheBytes: 512 }],
  ['DNSCacheBytes=500K', { dnsCacheBytes: 512_000 }],
  ['DNSCacheBytes=1.5M', { dnsCacheBytes: 1_572_864 }],
  ['DNSCacheBytes=1024G', { dnsCacheBytes: 2 ** 40 }],
  ['DNSStubListener=udp', { stubListener: 'udp' }],
  ['ReadEtcHosts=no', { readEtcHosts: false }],
  ['ReadStaticRecords=f', { readStaticRecords: false }],
  ['ResolveUnicastSingleLabel=yes', { resolveUnicastSingleLabel: true }],
  ['RefuseRecordTypes=AAAA SRV\nRefuseRecordTypes=TYPE65', { refuseRecordTypes: [28, 33, 65] }],
  ['DNSSEC=no\nDNSOverTLS=false\nLLMNR=0\nMulticastDNS=off', {}],
  ['X-Vendor=1', {}],
  ['Cache=no\nCache=yes', { cache: 'yes' }],
])('R-CONF table: %s', (text, expected) => {
  expect(read(text)).toEqual({ settings: { ...DEFAULT_RESOLVED_SETTINGS, ...expected }, warnings: [] })
})

test('R-STUB-4: extra listeners', () => {
  const { settings } = read('DNSStubListenerExtra=udp:192.0.2.1:9953 [::1]:54\nDNSStubListenerExtra=tcp:192.0.2.2')
  expect(settings.extraListeners.map(formatListenSpec)).toEqual(['udp:192.0.2.1:9953', '[::1]:54', 'tcp:192.0.2.2:53'])
})

test.each<[string, string, Partial<ResolvedSettings>, string]>([
  [
    'empty scalar keeps the earlier value',
    'Cache=no\nCache=',
    { cache: 'no' },
    "1.conf:3: Cache=: '' is not one of yes, no, no-negative.",
  ],
  [
    'bad boolean keeps the earlier value',
    'ReadEtcHosts=no\nReadEtcHosts=maybe',
    { readEtcHosts: false },
    "1.conf:3: ReadEtcHosts=: 'maybe' is not a boolean, expected yes or no.",
  ],
  ['too large', 'DNSCacheSize=16777217', {}, "1.conf:2: DNSCacheSize=: '16777217' is not a number from 0 to 16777216."],
  ...['', '-1', '32m', '32MB', 'much', '1e3'].map((text): [string, string, Partial<ResolvedSettings>, string] => [
    `bad number of bytes ${text}`,
    `DNSCacheBytes=${text}`,
    {},
    `1.conf:2: DNSCacheBytes=: '${text}' is not a number of bytes such as 500K, 32M or 1G.`,
  ]),
  ['too many bytes', 'DNSCacheBytes=2T', {}, "1.conf:2: DNSCacheBytes=: '2T' is more than 1024G."],
  [
    'bad time',
    'StaleRetentionSec=soon',
    {},
    "1.conf:2: StaleRetentionSec=: 'soon' is not a time span such as 30s, 5min or 1h 30min.",
  ],
  [
    'bad type',
    'RefuseRecordTypes=A NOPE',
    { refuseRecordTypes: [1] },
    "1.conf:2: RefuseRecordTypes=: 'NOPE' is not a record type.",
  ],
  ['unknown key', 'Dns=192.0.2.1', {}, '1.conf:2: Dns=: Unknown key in section [Resolve], ignoring it.'],
  [
    'key of every object',
    'constructor=1',
    {},
    '1.conf:2: constructor=: Unknown key in section [Resolve], ignoring it.',
  ],
  [
    'unknown section',
    '[Network]\nDNS=192.0.2.1',
    {},
    '1.conf:3: Unknown section [Network], ignoring it. Only [Resolve] is read here.',
  ],
])('R-CONF-2: %s', (_, text, expected, warning) => {
  expect(read(text)).toEqual({ settings: { ...DEFAULT_RESOLVED_SETTINGS, ...expected }, warnings: [warning] })
})

test('R-CONF-2: one bad word in a list loses only itself', () => {
  const { settings, warnings } = read('DNS=192.0.2.1 nonsense 192.0.2.2%nowhere 192.0.2.3\nDomains=a..b c')
  expect(lists(settings)).toEqual([['192.0.2.1', '192.0.2.3'], [], ['c']])
  expect(warnings).toEqual([
    "1.conf:2: DNS=: 'nonsense' is not an IP address with an optional port.",
    "1.conf:2: DNS=: There is no interface 'nowhere'.",
    "1.conf:3: Domains=: 'a..b' is not a domain name.",
  ])
})

test('R-SRV-1: lists are bounded', () => {
  const { settings, warnings } = read(
    `DNS=${Array.from({ length: 300 }, (_, i) => `192.0.${i >> 8}.${i & 255}`).join(' ')}`,
  )
  expect(settings.servers).toHaveLength(256)
  expect(warnings).toEqual([expect.stringContaining('More than 256 entries')])
})

test.each<[string, string, Partial<ResolvedSettings>]>([
  ['DNSSEC', 'DNSSEC=allow-downgrade', { dnssec: 'allow-downgrade' }],
  ['strict TLS', 'DNSOverTLS=yes', { dnsOverTls: 'yes' }],
  ['LLMNR', 'LLMNR=resolve', { llmnr: 'resolve' }],
  ['multicast DNS', 'MulticastDNS=yes', { multicastDns: 'yes' }],
  ['their caches', 'LLMNRCacheSize=1\nMulticastDNSCacheSize=2', { llmnrCacheSize: 1, multicastDnsCacheSize: 2 }],
  ['stale answers', 'StaleRetentionSec=1d', { staleRetention: 86_400 }],
])('what is asked for is in force without a remark: %s', (_, text, expected) => {
  expect(read(text)).toEqual({ settings: { ...DEFAULT_RESOLVED_SETTINGS, ...expected }, warnings: [] })
})

test.each<[string, Partial<ResolvedSettings>, number]>([
  ['StaleAnswerAfterSec=0', { staleAnswerAfter: 0 }, 0],
  ['StaleAnswerAfterSec=500ms', { staleAnswerAfter: 500 }, 0],
  ['StaleAnswerAfterSec=5', {}, 1],
  ['Prefetch=no', { prefetch: false }, 0],
  ['ServerPatienceSec=1', { serverPatience: 1000 }, 0],
  ['ServerPatienceSec=infinity', {}, 1],
  ['HedgePercent=0', { hedgePercent: 0 }, 0],
  ['HedgePercent=101', {}, 1],
  ['DiscoverEncryptedServers=yes', { discoverEncryptedServers: true }, 0],
  ['DiscoverEncryptedServers=perhaps', {}, 1],
  ['ServerTiers=2 1', { serverTiers: [2, 1] }, 0],
  ['ServerTiers=two', {}, 1],
])('keys of our own: %s', (line, expected, count) => {
  const { settings, warnings } = read(line)
  expect(settings).toEqual({ ...DEFAULT_RESOLVED_SETTINGS, ...expected })
  expect(warnings).toHaveLength(count)
})

test.each<[string, string, BootSettings, string[], string[], boolean]>([
  ['nothing configured', '', {}, [], [], false],
  ['DNS= configures, even empty', 'DNS=', {}, [], [], true],
  ['Domains= configures, even empty', 'Domains=', {}, [], [], true],
  ['only FallbackDNS= does not', 'FallbackDNS=', {}, [], [], false],
  ['credentials fill in', '', boot('dns', '192.0.2.1 192.0.2.2\n'), ['192.0.2.1', '192.0.2.2'], [], true],
  ['credential domains fill in', '', boot('searchDomains', 'corp.example'), [], ['corp.example'], true],
  ['credentials yield to DNS=', 'DNS=', boot('dns', '192.0.2.1'), [], [], true],
  ['credentials yield to Domains=', 'Domains=a', boot('dns', '192.0.2.1'), [], ['a'], true],
  [
    'kernel options clear and add',
    'DNS=192.0.2.9\nDomains=a',
    boot('kernelCommandLine', 'ro nameserver=192.0.2.1 quiet nameserver=[2001:db8::1]:54'),
    ['192.0.2.1', '[2001:db8::1]:54'],
    ['a'],
    true,
  ],
  ['kernel domain', 'Domains=a', boot('kernelCommandLine', 'domain="b c" xdomain=d domain='), [], ['b', 'c'], true],
  [
    'kernel options beat credentials',
    '',
    { ...boot('dns', '192.0.2.1'), ...boot('kernelCommandLine', 'nameserver=192.0.2.2') },
    ['192.0.2.2'],
    [],
    true,
  ],
])('R-CONF-3, R-RC-7: %s', (_, text, from, servers, domains, configures) => {
  const { settings, warnings } = read(text, from)
  expect(lists(settings)).toEqual([servers, [], domains])
  expect(settings.configuresServersOrDomains).toBe(configures)
  expect(warnings).toEqual([])
})

test('R-CONF-3: a bad word of the kernel command line is named', () => {
  expect(read('', boot('kernelCommandLine', 'nameserver=x')).warnings).toEqual([
    "kernelCommandLine: nameserver=: 'x' is not an IP address with an optional port.",
  ])
})

test('AllowFrom= takes ranges of addresses, says which words are none, and an empty one begins anew', () => {
  const { settings, warnings } = read('AllowFrom=10.0.0.0/8 192.0.2.7 2001:db8::/32 10.0.0.0/33 here/8')
  const ranges = settings.allowFrom.map(({ network, prefixLength }) => `${network.text}/${prefixLength}`)
  expect(ranges).toEqual(['10.0.0.0/8', '192.0.2.7/32', '2001:db8::/32'])
  expect(warnings).toHaveLength(2)
  expect(read('AllowFrom=10.0.0.0/8\nAllowFrom=').settings.allowFrom).toEqual([])
})

test.each([
  ['yes', true],
  ['no', false],
  ['wlan0', ['wlan0']],
  ['wlan0 eth0.5', ['wlan0', 'eth0.5']],
])('RebindProtection=%s', (text, expected) => {
  expect(read(`RebindProtection=${text}`)).toMatchObject({ settings: { rebindProtection: expected }, warnings: [] })
})

test.each(['', 'a/b', 'a-name-that-no-link-can-have'])(
  'RebindProtection=%s is a warning, and what was said before stays',
  (text) => {
    const { settings, warnings } = read(`RebindProtection=yes\nRebindProtection=${text}`)
    expect([settings.rebindProtection, warnings.length]).toEqual([true, 1])
  },
)

test('RebindAllow= takes domains, says which words are none, and an empty one begins anew', () => {
  const { settings, warnings } = read('RebindAllow=plex.direct ~Corp.Example a..b')
  expect(settings.rebindAllow).toEqual(['plex.direct', 'corp.example'])
  expect(warnings).toHaveLength(1)
  expect(read('RebindAllow=a.b\nRebindAllow=').settings.rebindAllow).toEqual([])
})
