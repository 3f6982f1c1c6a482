import { expect, test } from 'vitest'
import { tieBreak } from '../../../src/multicast/mdns/tie-break.ts'
import type { MulticastRecord } from '../../../src/multicast/message.ts'
import { nameOf, recordOf, TYPE } from '../../../src/wire/index.ts'

const record = (type: number, rdata: string, recordClass = 1): MulticastRecord =>
  recordOf(nameOf('host.local'), type, Buffer.from(rdata, 'hex'), 120, recordClass)
const a = (rdata: string) => record(TYPE.A, rdata)

test.each([
  ['the example of RFC 6762 §8.2: 169.254.200.50 is later than 169.254.99.200', [a('a9fec832')], [a('a9fe63c8')], 1],
  ['bytes are unsigned', [a('7f000001')], [a('80000001')], -1],
  ['the same', [a('0a000001')], [a('0a000001')], 0],
  ['the class comes first', [record(TYPE.A, 'ff')], [record(TYPE.A, '00', 3)], -1],
  ['then the type', [record(TYPE.AAAA, '00')], [a('ffffffff')], 1],
  ['a longer rdata is later where the shorter one ends', [a('0a0000')], [a('0a000001')], -1],
  ['the list that runs out first loses', [a('0a000001')], [a('0a000001'), a('0a000002')], -1],
  ['also where it is theirs', [a('0a000001'), a('0a000002')], [a('0a000001')], 1],
  ['lists are sorted first', [a('0a000002'), a('0a000001')], [a('0a000001'), a('0a000002')], 0],
  ['the first difference decides, not the length', [a('0a000003')], [a('0a000001'), a('0a000002')], 1],
])('MD-P-4: %s', (_, ours, theirs, sign) => {
  expect(Math.sign(tieBreak(ours, theirs))).toBe(sign)
  expect(Math.sign(tieBreak(theirs, ours))).toBe(0 - sign)
})
