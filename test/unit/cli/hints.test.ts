import { expect, test } from 'vitest'
import { suggestionFor } from '../../../src/cli/command/suggestion.ts'
import { VERBS } from '../../../src/cli/command/verbs.ts'
import { hintOn } from '../../../src/cli/query/failure-hint.ts'
import { linkStateLines } from '../../../src/cli/settings/link-state.ts'

const verbs = VERBS.map(({ name }) => name)

test.each([
  ['qeury', 'query'],
  ['staus', 'status'],
  ['flush-cache', 'flush-caches'],
  ['flush', 'flush-caches'],
  ['doc', 'doctor'],
  ['x', undefined],
  ['frobnicate', undefined],
])('the verb %s was mistyped: %s', (word, expected) => expect(suggestionFor(word, verbs)).toBe(expected))

test.each([
  ['nas', 'org.freedesktop.resolve1.NoNameServers', 'Single labels are not sent to DNS servers: tsresolvectl why nas'],
  [
    'nas',
    'org.freedesktop.resolve1.DnsError.NXDOMAIN',
    'Single labels are not sent to DNS servers: tsresolvectl why nas',
  ],
  ['www.test', 'org.freedesktop.resolve1.NoNameServers', 'To see why: tsresolvectl why www.test'],
  ['www.test', 'org.freedesktop.DBus.Error.Timeout', 'To see why: tsresolvectl why www.test'],
  ['www.test', 'org.freedesktop.resolve1.DnsError.NXDOMAIN', undefined],
  ['192.0.2.1', 'org.freedesktop.resolve1.DnsError.NXDOMAIN', undefined],
])('%s failed with %s and pointed at no reason: %s', (word, error, hint) => expect(hintOn(word, error)).toBe(hint))

test('status says why a link has no scope', () => {
  const state = { ifindex: 2, up: true, carrier: true, addresses: ['192.0.2.5'], configuredServers: [] }
  const lines = (changes: object, scopes?: { protocol: string }[]) =>
    linkStateLines({ ifindex: 2, ifname: 'w1', ...(scopes && { scopes }) }, [{ ...state, ...changes }], 80)
  expect(lines({ up: false, carrier: false })).toEqual(['        Link State: down'])
  expect(lines({ carrier: false, addresses: [] })).toEqual(['        Link State: no carrier'])
  expect(lines({ addresses: [] })).toEqual(['        Link State: no address'])
  expect(lines({})).toEqual(['        Link State: no DNS server'])
  expect(lines({ up: false }, [{ protocol: 'dns' }])).toEqual([])
})
