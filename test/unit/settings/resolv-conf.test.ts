import { expect, test } from 'vitest'
import { IpAddress } from '../../../src/base/index.ts'
import {
  formatDomain,
  formatServerSpec,
  parseDomain,
  warningText,
  type ResolvConfServer,
  readForeignResolvConf,
  stubResolvConf,
  uplinkResolvConf,
} from '../../../src/settings/index.ts'

const ifindexOf = (name: string) => (name === 'eth0' ? 7 : undefined)
const domains = (text: string) => text.split(' ').filter(Boolean).map(parseDomain)
const body = (text: string) => text.split('\n').filter((line) => line !== '' && !/^#(?! (No|Too))/.test(line))

function listed(address: string, more: Partial<ResolvConfServer> = {}): ResolvConfServer {
  return { address: IpAddress.parse(address) as IpAddress, port: 0, linkName: undefined, isDefaultRoute: true, ...more }
}

test.each<[string, ResolvConfServer[], string, string[]]>([
  [
    'order kept, duplicates removed',
    [listed('192.0.2.2'), listed('192.0.2.1'), listed('192.0.2.2')],
    '',
    ['nameserver 192.0.2.2', 'nameserver 192.0.2.1', 'search .'],
  ],
  ['other ports cannot be said', [listed('192.0.2.1', { port: 54 })], '', ['# No DNS servers known.', 'search .']],
  [
    'not default route: glibc would ask it everything',
    [listed('192.0.2.1', { isDefaultRoute: false })],
    '',
    ['# No DNS servers known.', 'search .'],
  ],
  [
    'a warning after the third',
    ['1', '2', '3', '4'].map((n) => listed(`192.0.2.${n}`)),
    '',
    [
      'nameserver 192.0.2.1',
      'nameserver 192.0.2.2',
      'nameserver 192.0.2.3',
      '# Too many DNS servers, the following may be ignored.',
      'nameserver 192.0.2.4',
      'search .',
    ],
  ],
  [
    'link-local IPv6 needs its link',
    [
      listed('fe80::1', { linkName: 'eth0' }),
      listed('2001:db8::1', { linkName: 'eth0' }),
      listed('169.254.1.1', { linkName: 'eth0' }),
    ],
    '',
    ['nameserver fe80::1%eth0', 'nameserver 2001:db8::1', 'nameserver 169.254.1.1', 'search .'],
  ],
  [
    'R-RC-4: search domains without duplicates and route-only ones',
    [],
    'b.example ~vpn.example a.example b.example ~.',
    ['# No DNS servers known.', 'search b.example a.example'],
  ],
])('R-RC-2: %s', (_, servers, searched, expected) => {
  expect(body(uplinkResolvConf('/run/x', servers, domains(searched)))).toEqual(expected)
})

test.each([
  ['', 'search .'],
  ['a.example ~b.example', 'search a.example'],
])('R-RC-3: stub with domains %j', (searched, expected) => {
  expect(body(stubResolvConf('/run/x', domains(searched)))).toEqual([
    'nameserver 127.0.0.53',
    'options edns0 trust-ad',
    expected,
  ])
})

test('R-RC-2: the header names the file, and its owner in the word that clients look for', () => {
  for (const text of [stubResolvConf('/run/x/stub', []), uplinkResolvConf('/run/x/stub', [], [])]) {
    expect(text).toMatch(/^# This is \/run\/x\/stub managed by .*systemd-resolved/)
    expect(text).not.toMatch(/resolvconf|NetworkManager/) // words by which clients recognise other owners
    expect(text.endsWith('\n')).toBe(true)
  }
})

test('what we write can be read back', () => {
  const text = uplinkResolvConf(
    '/run/x',
    [listed('192.0.2.1'), listed('fe80::1', { linkName: 'eth0' })],
    domains('a b'),
  )
  const { dns, warnings } = readForeignResolvConf({ path: 'resolv.conf', text }, ifindexOf)
  expect(dns.servers.map(formatServerSpec)).toEqual(['192.0.2.1', 'fe80::1%7'])
  expect(dns.domains.map(formatDomain)).toEqual(['a', 'b'])
  expect(warnings).toEqual([])
})

test.each<[string, string, string[], string[], string[]]>([
  [
    'all lines add up',
    'nameserver 192.0.2.1\n nameserver\t192.0.2.2 \r\ndomain a\nsearch b c\nsearch d',
    ['192.0.2.1', '192.0.2.2'],
    ['a', 'b', 'c', 'd'],
    [],
  ],
  [
    'comments and other lines',
    '# nameserver 192.0.2.9\n;search x\noptions ndots:5\nsortlist 1.2.3.4\nnameserver\nnameserverx 192.0.2.1',
    [],
    [],
    [],
  ],
  [
    'our own stub is skipped',
    'nameserver 127.0.0.53\nnameserver 127.0.0.54\nnameserver 127.0.0.1',
    ['127.0.0.1'],
    [],
    [],
  ],
  ['"search ." searches nothing and routes nothing', 'search .', [], [], []],
  [
    'a bad line loses only itself',
    'nameserver x\nnameserver 192.0.2.1',
    ['192.0.2.1'],
    [],
    ["resolv.conf:1: 'x' is not an IP address with an optional port."],
  ],
])('R-RC-7: %s', (_, text, servers, searched, expected) => {
  const { dns, warnings } = readForeignResolvConf({ path: 'resolv.conf', text }, ifindexOf)
  expect(dns.servers.map(formatServerSpec)).toEqual(servers)
  expect(dns.domains.map(formatDomain)).toEqual(searched)
  expect(warnings.map(warningText)).toEqual(expected)
})
