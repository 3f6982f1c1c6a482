import { describe, expect, test } from 'vitest'
import { receive } from '../../../src/stub/request.ts'
import { RCODE } from '../../../src/wire/index.ts'
import { queryFor } from '../../kit/messages.ts'

const QUERY = queryFor('a.test', { edns: 1232 })

/** A copy of an ordinary request with some bytes changed. */
function changed(changes: Readonly<Record<number, number>>, base = QUERY): Buffer {
  const copy = Buffer.from(base)
  for (const [at, byte] of Object.entries(changes)) copy[Number(at)] = byte
  return copy
}

function withoutRd(packet: Buffer): Buffer {
  return changed({ 2: 0 }, packet)
}

/** The request with so many records before its OPT record. */
function withRecords(count: number): Buffer {
  const records = Array.from({ length: count }, () => Buffer.from('c00c00010001000000000000', 'hex'))
  return changed({ 9: count }, Buffer.concat([QUERY.subarray(0, 24), ...records, QUERY.subarray(24)]))
}

/** rule, packet, what becomes of it. */
const cases: readonly (readonly [string, Buffer, string | number])[] = [
  ['an ordinary request', QUERY, 'answer'],
  ['R-STUB-5: shorter than a header', QUERY.subarray(0, 11), 'drop'],
  ['R-STUB-5: empty', Buffer.alloc(0), 'drop'],
  ['R-STUB-5: a reply', changed({ 2: 0x81 }), 'drop'],
  ['R-STUB-5: truncated', changed({ 2: 0x03 }), 'drop'],
  ['R-STUB-5: no question', changed({ 5: 0 }), 'drop'],
  ['R-STUB-5: two questions', changed({ 5: 2 }), 'drop'],
  ['R-STUB-5: an answer', changed({ 7: 1 }), 'drop'],
  ['an opcode that is not implemented, said instead of kept silent', changed({ 2: 0x11 }), RCODE.NOTIMP],
  ['an update', changed({ 2: 0x28 }), RCODE.NOTIMP],
  ['R-STUB-7: unparsable', QUERY.subarray(0, 16), RCODE.FORMERR],
  ['R-STUB-7: a name with a pointer into the header', changed({ 12: 0xc0, 13: 0 }), RCODE.FORMERR],
  ['R-STUB-7: a name that runs past the end', changed({ 12: 60 }), RCODE.FORMERR],
  ['R-STUB-7: two OPT records', changed({ 11: 2 }, Buffer.concat([QUERY, QUERY.subarray(24)])), RCODE.FORMERR],
  ...[0, 41, 249, 250, 46].map(
    (type) => [`R-STUB-7: type ${type}`, queryFor('a.test', { type: `TYPE${type}` }), RCODE.FORMERR] as const,
  ),
  ['R-STUB-8: EDNS version 1', changed({ 30: 1 }), RCODE.BADVERS],
  ...[3, 4, 7, 8, 9, 10, 11, 14, 30, 38, 251, 252, 253, 254].map(
    (type) => [`R-STUB-9: type ${type}`, queryFor('a.test', { type: `TYPE${type}` }), RCODE.REFUSED] as const,
  ),
  ['R-STUB-9: recursion not desired', withoutRd(QUERY), RCODE.REFUSED],
  [
    'records besides the OPT record do no harm',
    changed(
      { 9: 1 },
      Buffer.concat([QUERY.subarray(0, 24), Buffer.from('c00c00010001000000000000', 'hex'), QUERY.subarray(24)]),
    ),
    'answer',
  ],
  ['nine records besides the question are not read: nobody needs them', withRecords(8), RCODE.FORMERR],
  ['eight are', withRecords(7), 'answer'],
  ['bytes after the message do no harm', Buffer.concat([QUERY, Buffer.from('junk')]), 'answer'],
  ['type ANY', queryFor('a.test', { type: 'ANY' }), 'answer'],
  ['a type nobody knows', queryFor('a.test', { type: 'TYPE65280' }), 'answer'],
]

describe('receive', () => {
  test.each(cases)('%s', (_rule, packet, expected) => {
    const reception = receive(packet)
    expect(reception.kind === 'refuse' ? reception.rcode : reception.kind).toBe(expected)
  })

  test('R-STUB-11: the question is kept as the client wrote it', () => {
    const reception = receive(queryFor('A.tEsT', { id: 7 }))
    expect(reception).toMatchObject({
      kind: 'answer',
      request: { id: 7, question: { name: 'a.test' }, questionBytes: queryFor('A.tEsT').subarray(12) },
    })
  })

  test('R-STUB-7: what is malformed has no question to repeat', () => {
    expect(receive(QUERY.subarray(0, 16))).toMatchObject({ kind: 'refuse', request: { questionBytes: undefined } })
  })
})
