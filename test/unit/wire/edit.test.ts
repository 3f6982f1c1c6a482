import { describe, expect, test } from 'vitest'
import {
  age,
  compose,
  hasUnaskedDnssecRecords,
  isReplyTo,
  nameOf,
  type Opt,
  parseMessage,
  QR,
  RA,
  relay,
  shuffleAddresses,
  TYPE,
  wireOfOpt,
  withId,
} from '../../../src/wire/index.ts'
import { CONVERSATIONS, MESSAGES } from '../../kit/fixture-messages.ts'
import { addressesIn, queryFor, replyFor, rr } from '../../kit/messages.ts'
import { SeededRandom } from '../../kit/seeded-random.ts'

const OPT: Opt = { payloadSize: 65_494, extendedRcode: 0, version: 0, dnssecOk: false, options: [] }
const replies = CONVERSATIONS.map(({ title, query, reply }) => [title, query, reply] as const)
const question = (query: Buffer) => query.subarray(12, query.indexOf(0, 12) + 5)

function replyTitled(title: string): Buffer {
  return CONVERSATIONS.find((conversation) => conversation.title === title)?.reply as Buffer
}

function ttlsIn(message: Buffer): number[] {
  const { answer, authority, additional } = parseMessage(message)
  return [...answer, ...authority, ...additional].map(({ ttl }) => ttl)
}

/** All of a message but its TTLs. */
function withoutTtls(message: Buffer): object {
  const { answer, authority, additional, ...rest } = parseMessage(message)
  const records = [answer, authority, additional].flat().map(({ owner, type, rdata }) => [owner, type, rdata])
  return { ...rest, records }
}

describe('relay: the bytes of the server, for this client', () => {
  test('ID, flags and letter case are the client’s, the rest is untouched', () => {
    const reply = replyFor(queryFor('ab.test'), { answer: ['ab.test 300 A 192.0.2.1'] })
    const edit = { id: 0xbeef, flags: QR | RA, question: question(queryFor('aB.TesT')), opt: undefined }
    const relayed = relay(reply, edit) as Buffer
    expect(relayed.toString('hex', 0, 4)).toBe('beef8080')
    expect(relayed.subarray(12, 12 + edit.question.length)).toEqual(edit.question)
    expect(relayed.subarray(24)).toEqual(reply.subarray(24))
  })

  test.each([
    ['the server’s goes when the client sent none', 'SERVFAIL with a reason', undefined, undefined],
    ['ours replaces the server’s', 'SERVFAIL with a reason', OPT, OPT],
    ['ours is added where the server sent none', 'an address', OPT, OPT],
  ])('R-STUB-16: OPT: %s', (_what, title, opt, expected) => {
    const reply = replyTitled(title)
    const { additional } = parseMessage(reply)
    const edit = { id: 1, flags: QR, question: reply.subarray(12, reply.indexOf(0, 12) + 5), opt }
    const relayed = parseMessage(relay(reply, edit) as Buffer)
    expect(relayed.opt).toEqual(expected)
    expect(relayed.additional).toEqual(additional)
  })

  test('bytes behind the last record are not passed on', () => {
    const reply = replyTitled('an address')
    const edit = { id: 1, flags: QR, question: reply.subarray(12, 24), opt: OPT }
    expect(relay(Buffer.concat([reply, Buffer.from('junk')]), edit)).toEqual(relay(reply, edit))
  })

  test.each([
    ['an OPT record with another after it', 'OPT before another record'],
    ['an error reply that left the question out made the stub throw', 'FORMERR without the question'],
    ['likewise NXDOMAIN', 'NXDOMAIN without the question'],
  ])('declines %s', (_what, title) => {
    const edit = { id: 1, flags: QR, question: queryFor('a.test').subarray(12, 24), opt: undefined }
    expect(relay(replyTitled(title), edit)).toBeUndefined()
  })

  test('declines a question of another length: a cached DNAME above the name overwrote its own records', () => {
    const dname = replyFor(queryFor('old.test', { type: 'DNAME' }), { answer: ['old.test 300 DNAME new.test'] })
    const edit = { id: 1, flags: QR, question: question(queryFor('host.old.test')), opt: undefined }
    expect(relay(dname, edit)).toBeUndefined()
  })
})

describe('age', () => {
  test.each([
    ['R-CACHE-16: TTLs count down', 100, 7200, [200, 500]],
    ['R-CACHE-16: never below 1', 1000, 7200, [1, 1]],
    ['R-CACHE-5: nor beyond what is left of the answer', 0, 50, [50, 50]],
    ['nothing changes at once', 0, 7200, [300, 600]],
  ])('%s', (_rule, seconds, remaining, ttls) => {
    const reply = replyFor(queryFor('a.test'), {
      answer: ['a.test 300 A 192.0.2.1'],
      additional: ['ns.test 600 A 192.0.2.2'],
    })
    expect(ttlsIn(age(reply, seconds, remaining))).toEqual(ttls)
  })

  test('the field of an OPT record is no TTL', () => {
    const reply = replyTitled('BADVERS')
    expect(parseMessage(age(reply, 1000, 1)).rcode).toBe(16)
  })

  test.each(replies)('any reply still parses, and differs in TTLs alone: %s', (_title, _query, reply) => {
    expect(withoutTtls(age(Buffer.from(reply), 7, 100))).toEqual(withoutTtls(reply))
  })
})

describe('shuffleAddresses (R-CACHE-15)', () => {
  test('lets addresses trade places within their RRset, and loses none', () => {
    const answer = ['1', '2', '3', '4', '5'].map((host) => rr(`a.test 60 A 192.0.2.${host}`))
    const orders = new Set<string>()
    for (let seed = 0; seed < 50; seed++) {
      const bytes = compose({ id: 1, flags: QR, question: { name: nameOf('a.test'), type: TYPE.A, class: 1 }, answer })
      shuffleAddresses(bytes, new SeededRandom(seed))
      const { answer: shuffled } = parseMessage(bytes)
      orders.add(shuffled.map(({ rdata }) => rdata[3]).join(''))
      expect(addressesIn(parseMessage(bytes))).toEqual([
        '192.0.2.1',
        '192.0.2.2',
        '192.0.2.3',
        '192.0.2.4',
        '192.0.2.5',
      ])
    }
    expect(orders.size).toBeGreaterThan(20)
  })

  test('leaves the chain before them, and other types, where they are', () => {
    const reply = replyTitled('a chain of CNAMEs')
    const copy = Buffer.from(reply)
    shuffleAddresses(copy, new SeededRandom(3))
    expect(copy).toEqual(reply)
  })
})

test.each(MESSAGES)('hasUnaskedDnssecRecords is true for signed answers alone: %s', (title, bytes) => {
  expect(hasUnaskedDnssecRecords(bytes)).toBe(title === 'signed: reply')
})

describe('isReplyTo (R-SRV-7)', () => {
  const query = queryFor('www.test', { id: 0x4711 })
  const reply = replyFor(query, { answer: ['www.test 1 A 192.0.2.1'] })
  const changed = (change: (bytes: Buffer) => unknown) => {
    const copy = Buffer.from(reply)
    change(copy)
    return copy
  }

  test.each([
    ['the answer', reply, true],
    ['another ID', withId(reply, 0x4712), false],
    ['a query', changed((bytes) => (bytes[2] = 0x01)), false],
    ['another opcode', changed((bytes) => (bytes[2] = 0xa1)), false],
    ['another name', changed((bytes) => (bytes[13] = 0x78)), false],
    ['RFC 4343: another letter case', changed((bytes) => (bytes[13] = 0x57)), true],
    ['a byte that differs by 32 but is no letter', changed((bytes) => (bytes[17] = 0x54 ^ 0x80)), false],
    ['another type', changed((bytes) => (bytes[22] = 28)), false],
    ['another class', changed((bytes) => (bytes[24] = 3)), false],
    ['two questions', changed((bytes) => (bytes[5] = 2)), false],
    ['a longer name', replyFor(queryFor('www.test.test', { id: 0x4711 })), false],
    ['a shorter name', replyFor(queryFor('www', { id: 0x4711 })), false],
    ['nothing but a header, and no error', compose({ id: 0x4711, flags: QR }), false],
    ['nothing but a header, and an error', compose({ id: 0x4711, flags: QR | 1 }), true],
    ['too short', reply.subarray(0, 11), false],
    ['cut within the question', reply.subarray(0, 20), false],
  ])('%s', (_what, bytes, expected) => {
    expect(isReplyTo(bytes, query)).toBe(expected)
  })

  test('no prefix of a reply is taken for one before the question is complete', () => {
    for (let end = 0; end < 26; end++) expect(isReplyTo(reply.subarray(0, end), query)).toBe(false)
  })
})

test('an OPT record of our own has the form of RFC 6891 §6.1.2', () => {
  const opt = {
    ...OPT,
    payloadSize: 1232,
    extendedRcode: 1,
    dnssecOk: true,
    options: [{ code: 3, data: Buffer.from('id') }],
  }
  expect(wireOfOpt(opt).toString('hex')).toBe('00002904d0010080000006000300026964')
})
