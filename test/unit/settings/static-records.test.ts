import { expect, test } from 'vitest'
import { warningText, readStaticRecords } from '../../../src/settings/index.ts'
import { nameOf, rdataText, typeText } from '../../../src/wire/index.ts'

const read = (...texts: string[]) => readStaticRecords(texts.map((text, index) => ({ path: `${index + 1}.rr`, text })))

function show(text: string, name: string) {
  return read(text)
    .records.get(nameOf(name))
    ?.map(({ type, rdata, ttl }) => `${typeText(type)} ${rdataText(type, rdata)} ${ttl}`)
}

test.each<[string, string, string, string[] | undefined]>([
  ['A as text', '{"key":{"name":"A.example.","type":1},"address":"192.0.2.1"}', 'a.example', ['A 192.0.2.1 0']],
  ['A as bytes', '{"key":{"name":"a","type":1,"class":1},"address":[192,0,2,1]}', 'a', ['A 192.0.2.1 0']],
  ['AAAA', '{"key":{"name":"a","type":28},"address":"2001:db8::1"}', 'a', ['AAAA 2001:db8::1 0']],
  [
    'an array, several of one name',
    '[{"key":{"name":"a","type":1},"address":"192.0.2.1"},{"key":{"name":"a","type":2},"name":"ns.example"}]',
    'a',
    ['A 192.0.2.1 0', 'NS ns.example 0'],
  ],
  [
    'PTR',
    '{"key":{"name":"1.2.0.192.in-addr.arpa","type":12},"name":"h.example"}',
    '1.2.0.192.in-addr.arpa',
    ['PTR h.example 0'],
  ],
  ['exact names only', '{"key":{"name":"a","type":39},"name":"b"}', 'x.a', undefined],
])('R-STATIC-1, R-STATIC-2: %s', (_, text, name, expected) => {
  expect(show(text, name)).toEqual(expected)
})

test.each<[string, string, string]>([
  ['no JSON', '{', 'Not valid JSON'],
  ['empty', '', 'Not valid JSON'],
  ['not an object', '[1]', 'record 1: the record must be an object, not 1.'],
  ['no key', '{}', 'key must be an object, not missing.'],
  ['no name', '{"key":{"type":1}}', 'key.name must be a domain name, not missing.'],
  ['bad name', '{"key":{"name":"a..b","type":1}}', 'key.name must be a domain name'],
  ['type as text', '{"key":{"name":"a","type":"A"}}', 'key.type must be a number, not "A".'],
  ['unknown type', '{"key":{"name":"a","type":15}}', 'key.type must be A, AAAA, PTR, NS, CNAME or DNAME, not "MX".'],
  ['class', '{"key":{"name":"a","type":1,"class":3}}', 'key.class must be 1 (IN), not 3.'],
  [
    'address of the other family',
    '{"key":{"name":"a","type":1},"address":"::1"}',
    'address must be an IPv4 address, not "::1".',
  ],
  ['bytes out of range', '{"key":{"name":"a","type":1},"address":[192,0,2,256]}', 'address must be an IPv4 address'],
  ['no target', '{"key":{"name":"a","type":5}}', 'name must be a domain name, not missing.'],
  ['__proto__', '{"__proto__":{"key":{"name":"a","type":5}}}', 'key must be an object, not missing.'],
])('R-STATIC-1: a bad record is named: %s', (_, text, message) => {
  const { records, warnings } = read(text)
  expect(records.size).toBe(0)
  expect(warnings.map(warningText)).toEqual([expect.stringContaining(`1.rr: ${message}`)])
})

test('R-STATIC-1: a bad record loses only itself', () => {
  const { records, warnings } = read(
    '[{},{"key":{"name":"a","type":1},"address":"192.0.2.1"}]',
    '{"key":{"name":"a","type":1},"address":"192.0.2.2"}',
  )
  expect(records.get(nameOf('a'))).toHaveLength(2)
  expect(warnings).toHaveLength(1)
})
