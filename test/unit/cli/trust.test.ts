import { expect, test } from 'vitest'
import { trustLines, trustTitle } from '../../../src/cli/diagnose/trust-text.ts'
import type { Why } from '../../../src/cli/diagnose/why-reply.ts'
import { TYPE } from '../../../src/wire/index.ts'

type Trust = NonNullable<Why['trust']>[number]

const HOUR = 3_600_000_000
const DAY = 24 * HOUR
const NOW = 1_800_000_000_000_000
const signed = { keyTag: 20_326, algorithm: 8, ttlUSec: HOUR, inceptionUSec: NOW - DAY, expirationUSec: NOW + 9 * DAY }
const TRUST: Trust = {
  scope: 'link 2 (lan)',
  key: { name: 'www.test', type: TYPE.A, class: 1 },
  verdict: 'secure',
  anchor: { name: '.', keys: [{ tag: 20_326, algorithm: 8, digestType: 2 }] },
  links: [
    {
      ...signed,
      name: '.',
      type: TYPE.DNSKEY,
      zone: '.',
      keys: [
        { tag: 20_326, algorithm: 8, entryPoint: true },
        { tag: 7, algorithm: 8, entryPoint: false },
      ],
    },
    { ...signed, name: 'test', type: TYPE.DS, zone: '.', keyTag: 7, keys: [{ tag: 5, algorithm: 13, digestType: 2 }] },
    {
      ...signed,
      name: 'www.test',
      type: TYPE.A,
      zone: 'test',
      keyTag: 5,
      algorithm: 13,
      expirationUSec: NOW + HOUR,
      keys: [],
    },
  ],
}

test('a chain of trust is drawn from the anchor down, with keys, algorithms and lifetimes', () => {
  expect(trustTitle(TRUST)).toBe('Chain of trust of www.test A by link 2 (lan)')
  expect(trustLines(TRUST, NOW)).toEqual([
    'anchor of the root: 20326 (RSASHA256, SHA-256)',
    '└ the root DNSKEY: entry 20326 (RSASHA256) · 7 (RSASHA256), signed by key 20326 (RSASHA256), its own, valid for 9 days, kept for 1h 0min',
    '  └ test DS: 5 (ECDSAP256SHA256, SHA-256), signed by key 7 (RSASHA256) of the root, valid for 9 days, kept for 1h 0min',
    '    └ www.test A, signed by key 5 (ECDSAP256SHA256) of test, valid for 1h 0min, kept for 1h 0min',
    'secure: every link holds',
  ])
})

test.each([
  ['failure', 'test has no DNSKEY records', 'BROKEN: test has no DNSKEY records'],
  ['insecure', 'test is delegated without DS', 'unsigned: test is delegated without DS'],
])('and ends with what it comes to: %s', (verdict, reason, last) => {
  expect(trustLines({ ...TRUST, verdict, reason }, NOW).at(-1)).toBe(last)
})

test('a signature that has just expired is told', () => {
  const links = [{ ...signed, name: '.', type: TYPE.DNSKEY, zone: '.', keys: [], expirationUSec: NOW - HOUR }]
  expect(trustLines({ ...TRUST, anchor: undefined, links }, NOW)[0]).toContain('expired, as far as clocks may differ')
})
