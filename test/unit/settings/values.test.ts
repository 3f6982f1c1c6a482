import { expect, test } from 'vitest'
import {
  booleanOf,
  formatDomain,
  formatListenSpec,
  parseDomain,
  parseListenSpec,
  parseMode,
  parseTimeSpan,
  SettingError,
} from '../../../src/settings/index.ts'
import { parseCount, splitWords } from '../../../src/settings/values.ts'

test.each([
  ...['1', 'yes', 'Y', 'TRUE', 't', 'on'].map((word): [string, boolean] => [word, true]),
  ...['0', 'no', 'N', 'false', 'f', 'OFF'].map((word): [string, boolean] => [word, false]),
  ...['', '2', 'enable', ' yes'].map((word): [string, undefined] => [word, undefined]),
])('R-CONF-2: boolean %j is %s', (text, expected) => {
  expect(booleanOf(text)).toBe(expected)
})

test('R-CONF-2: modes take every boolean spelling', () => {
  const modes = ['yes', 'no', 'resolve'] as const
  expect(['on', '0', 'resolve'].map((text) => parseMode(text, modes))).toEqual(['yes', 'no', 'resolve'])
  expect(() => parseMode('', modes)).toThrow(SettingError)
  expect(() => parseMode('Resolve', modes)).toThrow(/yes, no, resolve/)
  expect(() => parseMode('on', ['resolve'])).toThrow(SettingError)
})

test.each<[string, number]>([
  ['0', 0],
  ['5', 5000],
  ['5s', 5000],
  ['1min 30s', 90_000],
  ['1min30s', 90_000],
  ['2.5h', 9_000_000],
  ['500 ms', 500],
  ['1d', 86_400_000],
  ['1w', 604_800_000],
  ['1 M', 2_629_800_000],
  ['infinity', Number.POSITIVE_INFINITY],
])('time span %s', (text, expected) => {
  expect(parseTimeSpan(text)).toBe(expected)
})

test.each(['', ' ', 's', '-1', '5 parsecs', '1h!', '1e3', `${'1'.repeat(50_000)}!`])('no time span: %.20j', (text) => {
  expect(() => parseTimeSpan(text)).toThrow(SettingError)
})

test.each<[string, string, boolean, string?]>([
  ['Corp.Example.', 'corp.example', false, 'corp.example'],
  ['~corp.example', 'corp.example', true],
  ['.', '.', true, '~.'],
  ['~.', '.', true],
  ['*', '.', true, '~.'],
  ['~*', '.', true, '~.'],
  ['lan', 'lan', false],
])('R-CONF-5: domain %s', (text, name, routeOnly, normal = text) => {
  expect(parseDomain(text)).toEqual({ name, routeOnly })
  expect(formatDomain(parseDomain(text))).toBe(normal)
})

test.each(['', '~', 'a..b', `${'a'.repeat(64)}.example`])('R-CONF-5: no domain: %.20j', (text) => {
  expect(() => parseDomain(text)).toThrow(SettingError)
})

test.each<[string, string, string, number, string]>([
  ['192.0.2.1', 'both', '192.0.2.1', 53, '192.0.2.1:53'],
  ['udp:192.0.2.1:9953', 'udp', '192.0.2.1', 9953, 'udp:192.0.2.1:9953'],
  ['tcp:[2001:db8::1]:9953', 'tcp', '2001:db8::1', 9953, 'tcp:[2001:db8::1]:9953'],
  ['udp:::1', 'udp', '::1', 53, 'udp:[::1]:53'],
  ['192.0.2.1:853', 'both', '192.0.2.1', 853, '192.0.2.1:853'],
])('R-STUB-4: listener %s', (text, transport, address, port, normal) => {
  const spec = parseListenSpec(text)
  expect([spec.transport, spec.address.text, spec.port]).toEqual([transport, address, port])
  expect(formatListenSpec(spec)).toBe(normal)
  expect(parseListenSpec(normal)).toEqual(spec)
})

test.each(['', 'udp:', 'sctp:192.0.2.1', '192.0.2.1:0', '[::1]', 'localhost'])('R-STUB-4: no listener: %j', (text) => {
  expect(() => parseListenSpec(text)).toThrow(SettingError)
})

test('numbers are plain, decimal and bounded', () => {
  expect(parseCount('16777216', 16_777_216)).toBe(16_777_216)
  for (const text of ['', '-1', '1.5', '0x10', '16777217', '1e3'])
    expect(() => parseCount(text, 16_777_216)).toThrow(SettingError)
})

test('words split on white space and may be quoted', () => {
  expect(splitWords(` a\t"~b"  'c'\n`)).toEqual(['a', '~b', 'c'])
})
