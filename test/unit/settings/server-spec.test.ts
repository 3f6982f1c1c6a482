import { expect, test } from 'vitest'
import {
  formatServerSpec,
  isRefusedServer,
  parseServerSpec,
  SettingError,
  serverKey,
} from '../../../src/settings/index.ts'

const ifindexOf = (name: string) => (name === 'eth0' ? 7 : undefined)
const parse = (text: string) => parseServerSpec(text, ifindexOf)

test.each<[string, string, number, number, string | undefined, string?]>([
  ['192.0.2.1', '192.0.2.1', 0, 0, undefined],
  ['192.0.2.1:53', '192.0.2.1', 0, 0, undefined, '192.0.2.1'],
  ['192.0.2.1:853', '192.0.2.1', 0, 0, undefined, '192.0.2.1'],
  ['192.0.2.1:5353#dns.example', '192.0.2.1', 5353, 0, 'dns.example'],
  ['2001:DB8::1', '2001:db8::1', 0, 0, undefined, '2001:db8::1'],
  ['[2001:db8::1]:9953%eth0#dns.example', '2001:db8::1', 9953, 7, 'dns.example', '[2001:db8::1]:9953%7#dns.example'],
  ['fe80::1%3', 'fe80::1', 0, 3, undefined],
  ['192.0.2.1#192.0.2.1', '192.0.2.1', 0, 0, '192.0.2.1'],
  ['192.0.2.1#https://dns.example/q{?dns}', '192.0.2.1', 0, 0, 'https://dns.example/q{?dns}'],
  ['[2001:db8::1]:8443%eth0#https://a/', '2001:db8::1', 8443, 7, 'https://a/', '[2001:db8::1]:8443%7#https://a/'],
])('R-CONF-4, R-SRV-3: %s', (text, address, port, ifindex, serverName, normal = text) => {
  const spec = parse(text)
  expect({ ...spec, address: spec.address.text }).toEqual({ address, port, ifindex, serverName })
  expect(formatServerSpec(spec)).toBe(normal)
  expect(serverKey(parse(normal))).toBe(serverKey(spec))
})

test.each([
  ['', ''],
  ['dns.example', 'dns.example'],
  ['192.0.2', '192.0.2'],
  ['192.0.2.1:', ''],
  ['192.0.2.1:0', '0'],
  ['192.0.2.1:65536', '65536'],
  ['[192.0.2.1]:53', '[192.0.2.1]:53'],
  ['[2001:db8::1]', '[2001:db8::1]'],
  ['2001:db8::1%', '2001:db8::1%'],
  ['192.0.2.1#', '192.0.2.1#'],
  ['192.0.2.1%nowhere', 'nowhere'],
  ['192.0.2.1%0', '0'],
  ['192.0.2.1#a..b', 'a..b'],
  ['192.0.2.1#a b', 'a b'],
  ['192.0.2.1#http://dns.example/q', 'http://dns.example/q'],
  ['192.0.2.1#tls://dns.example', 'tls://dns.example'],
  ['192.0.2.1#https://dns.example', 'https://dns.example'],
  ['192.0.2.1:853#https://dns.example/q', '192.0.2.1:853#https://dns.example/q'],
])('R-CONF-4: %j is refused because of %j', (text, part) => {
  expect(() => parse(text)).toThrow(expect.objectContaining({ name: 'SettingError', part }) as SettingError)
})

test.each(['http://dns.example/q', 'tls://dns.example', 'sdns://AQ', 'h3://dns.example/q'])(
  'a server named by %s is told that only https:// can stand there',
  (name) => {
    expect(() => parse(`192.0.2.1#${name}`)).toThrow(`'${name}' cannot be used: only https:// can stand here.`)
  },
)

test.each([
  ['0.0.0.0', true],
  ['::', true],
  ['127.0.0.53', true],
  ['127.0.0.54', true],
  ['127.0.0.1', false],
  ['::1', false],
])('R-SRV-3: %s can never be a server: %s', (text, expected) => {
  expect(isRefusedServer(parse(text).address)).toBe(expected)
})

test('R-SRV-3: servers differ by port, interface and name', () => {
  const texts = ['192.0.2.1', '192.0.2.1:54', '192.0.2.1%7', '192.0.2.1#a', '2001:db8::1']
  expect(new Set(texts.map((text) => serverKey(parse(text)))).size).toBe(texts.length)
})
