import { expect, test } from 'vitest'
import { readPositiveTrustAnchors, ROOT_TRUST_ANCHORS } from '../../../src/settings/index.ts'
import { recordOf } from '../../../src/wire/index.ts'
import { recordLine } from '../../kit/master-file.ts'

const read = (text: string) => readPositiveTrustAnchors([{ path: 'a.positive', text }])
const lines = (text: string) =>
  read(text).anchors.map(({ name, type, rdata }) => recordLine(recordOf(name, type, rdata)))
const HEX = 'e06d44b80b8f1d39a95c0b0d7c65d08458e880409bbc683457104237c7f8ec8d'

test('S-TA-1: both keys of the root are there', () => {
  expect(ROOT_TRUST_ANCHORS.map(({ rdata }) => rdata.readUInt16BE(0))).toEqual([20_326, 38_696])
  expect(read('').anchors).toEqual(ROOT_TRUST_ANCHORS)
})

test.each([
  ['a DS record', `example IN DS 1 8 2 ${HEX}`, `example 0 DS 1 8 2 ${HEX}`],
  ['words for numbers', `Example. in ds 1 RSASHA256 SHA-256 ${HEX}`, `example 0 DS 1 8 2 ${HEX}`],
  [
    'a digest in pieces',
    `example IN DS 1 13 2 ${HEX.slice(0, 10)} ${HEX.slice(10).toUpperCase()}`,
    `example 0 DS 1 13 2 ${HEX}`,
  ],
  ['a key', 'example IN DNSKEY 256 3 15 AAEC AwQF', 'example 0 DNSKEY 256 3 ED25519 AAECAwQF'],
])('S-TA-4: %s', (_what, line, record) => {
  expect(lines(line).slice(ROOT_TRUST_ANCHORS.length)).toEqual([record])
  expect(read(line).warnings).toEqual([])
})

test('S-TA-6: a line about the root replaces what is built in', () => {
  expect(lines(`; mine\n# too\n. IN DS 7 8 2 ${HEX}`)).toEqual([`. 0 DS 7 8 2 ${HEX}`])
})

test.each([
  ['example DS 1 8 2 00', 'class'],
  ['example IN A 192.0.2.1', 'DS or DNSKEY'],
  ['exa..mple IN DS 1 8 2 00', 'not a domain'],
  [`example IN DS 70000 8 2 ${HEX}`, 'key tag'],
  [`example IN DS 1 FOO 2 ${HEX}`, 'algorithm'],
  ['example IN DS 1 8 2 0102', '32 bytes'],
  ['example IN DS 1 8 9 012', 'hexadecimal'],
  ['example IN DNSKEY 1 3 8 AAEC', '256'],
  ['example IN DNSKEY 385 3 8 AAEC', 'revoked'],
  ['example IN DNSKEY 257 2 8 AAEC', 'protocol'],
  ['example IN DNSKEY 257 3 8 !!', 'base64'],
])('S-TA-5: %s loses only itself', (line, reason) => {
  const { anchors, warnings } = read(`${line}\nother IN DS 1 8 2 ${HEX}`)
  expect(anchors).toHaveLength(ROOT_TRUST_ANCHORS.length + 1)
  expect(warnings).toMatchObject([{ file: 'a.positive', line: 1 }])
  expect(warnings[0]?.message).toContain(reason)
})
