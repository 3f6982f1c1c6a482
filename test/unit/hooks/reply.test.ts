import { expect, test } from 'vitest'
import { readReply } from '../../../src/hooks/reply.ts'
import { rdataText } from '../../../src/wire/index.ts'
import { wireOfRecord } from '../../../src/wire/index.ts'
import { hookRecords } from '../../kit/hook-server.ts'
import { rr } from '../../kit/messages.ts'

const RAW = wireOfRecord(rr('Www.test 60 A 192.0.2.1'))

test('H-RR-2: records in wire form', () => {
  const reply = readReply({ ...hookRecords('a.test 60 CNAME b.test', 'b.test 5 A 192.0.2.1'), later: 1 })
  expect(reply?.rcode).toBe(0)
  expect(reply?.records.map(({ name, ttl, type, rdata }) => `${name} ${ttl} ${rdataText(type, rdata)}`)).toEqual([
    'a.test 60 b.test',
    'b.test 5 192.0.2.1',
  ])
})

test('H-RR-3: no response code leaves the name to others, whatever else is there', () => {
  expect(readReply({})).toBeUndefined()
  expect(readReply({ answer: [{ raw: RAW.toString('base64') }] })).toBeUndefined()
  expect(readReply({ rcode: 0 })).toEqual({ rcode: 0, records: [] })
  expect(readReply({ rcode: 3, answer: [] })).toEqual({ rcode: 3, records: [] })
})

test.each<[string, Readonly<Record<string, unknown>>]>([
  ['a response code nobody knows', { rcode: 24 }],
  ['a negative one', { rcode: -1 }],
  ['a text for a code', { rcode: '0' }],
  ['a record without its bytes', { rcode: 0, answer: [{ rr: {} }] }],
  ['what is not base64', { rcode: 0, answer: [{ raw: '***' }] }],
  ['half a record', { rcode: 0, answer: [{ raw: RAW.subarray(0, 20).toString('base64') }] }],
  ['a record and more', { rcode: 0, answer: [{ raw: Buffer.concat([RAW, RAW]).toString('base64') }] }],
  ['nothing', { rcode: 0, answer: [{ raw: '' }] }],
  [
    'a compressed name',
    { rcode: 0, answer: [{ raw: Buffer.concat([Buffer.from([0xc0, 12]), RAW.subarray(10)]).toString('base64') }] },
  ],
])('H-RR-2: %s is an error', (_what, reply) => {
  expect(() => readReply(reply)).toThrow(/reply/)
})
