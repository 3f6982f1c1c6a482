import { describe, expect, test } from 'vitest'
import {
  CLASS,
  compose,
  composeQuestion,
  extendedErrorOf,
  extendedErrorOption,
  FormError,
  HEADER_SIZE,
  type MessageParts,
  nameOf,
  type Opt,
  parseMessage,
  QR,
  recordOf,
  type ResourceRecord,
  skipQuestions,
  TC,
  TYPE,
  typeText,
  wireOfOpt,
  wireOfText,
} from '../../../src/wire/index.ts'
import { MESSAGES } from '../../kit/fixture-messages.ts'
import { queryFor, replyFor, rr } from '../../kit/messages.ts'

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')
const QUESTION = '0161 0474657374 00 0001 0001'
/** A reply with one question and the given counts and bytes. */
const message = (answers: number, additional: number, body: string) =>
  hex(`1234 8180 0001 ${word(answers)} 0000 ${word(additional)} ${QUESTION} ${body}`)
const word = (value: number) => value.toString(16).padStart(4, '0')
const records = (count: number) => Array.from({ length: count }, (_, i) => rr(`a.test 300 A 192.0.2.${i}`))
const late = (host: string) => rr(`${host}.far.example 1 A 192.0.2.1`)
const OPT = '00 0029 04d0 00000000 0000'

describe('parseMessage', () => {
  test('takes a message apart', () => {
    const reply = replyFor(queryFor('A.test'), {
      answer: ['a.test 300 A 192.0.2.1'],
      authority: ['test 60 NS ns.test'],
      additional: ['ns.test 30 A 192.0.2.2'],
    })
    const { id, rcode, question, answer, authority, additional, opt } = parseMessage(reply)
    expect({ id, rcode, question, opt }).toEqual({
      id: 0x1234,
      rcode: 0,
      question: { name: 'a.test', type: TYPE.A, class: CLASS.IN },
      opt: undefined,
    })
    const seen = [answer, authority, additional].map(([it]) => [it?.name, it?.ttl, it && typeText(it.type)])
    expect(seen).toEqual([
      ['a.test', 300, 'A'],
      ['test', 60, 'NS'],
      ['ns.test', 30, 'A'],
    ])
  })

  test.each(MESSAGES)('composed anew says the same: %s', (_title, bytes) => {
    const { id, flags, answer, authority, additional, opt } = parseMessage(bytes)
    const written = bytes.subarray(HEADER_SIZE, skipQuestions(bytes)) // letter case and all
    const question = written.length === 0 ? undefined : written
    const again = parseMessage(compose({ id, flags, question, answer, authority, additional, opt }))
    expect(again).toEqual(parseMessage(bytes))
  })

  test('RFC 2181 §8: a TTL with its top bit set counts as 0', () => {
    expect(parseMessage(message(1, 0, 'c00c 0001 0001 80000001 0004 c0000201')).answer[0]?.ttl).toBe(0)
  })

  test('RFC 6891 §6.1.3: the OPT record extends the rcode', () => {
    const parsed = parseMessage(message(0, 1, '00 0029 04d0 01008000 0000'))
    expect({ rcode: parsed.rcode, opt: parsed.opt, additional: parsed.additional }).toMatchObject({
      rcode: 16,
      opt: { payloadSize: 1232, extendedRcode: 1, version: 0, dnssecOk: true },
      additional: [],
    })
  })

  test('RFC 6891 §6.2.3: payload sizes below 512 mean 512', () => {
    expect(parseMessage(message(0, 1, '00 0029 0010 00000000 0000')).opt?.payloadSize).toBe(512)
  })

  test('bytes after the last record are passed over', () => {
    expect(parseMessage(message(0, 0, 'ffff')).answer).toEqual([])
  })

  test.each([
    ['shorter than its header', hex('1234 8180 0001')],
    ['two questions', hex(`1234 8180 0002 0000 0000 0000 ${QUESTION} ${QUESTION}`)],
    ['a question that runs past the end', hex('1234 0100 0001 0000 0000 0000 0161 00 0001')],
    ['a record that is not there', message(1, 0, '')],
    ['rdata that runs past the end', message(1, 0, 'c00c 0001 0001 00000000 0005 c0000201')],
    ['a name in rdata that is longer than the rdata', message(1, 0, 'c00c 0005 0001 00000000 0002 0162 00')],
    ['rdata that is longer than its name', message(1, 0, 'c00c 0005 0001 00000000 0003 c00c 00')],
    ['an SOA without numbers', message(1, 0, 'c00c 0006 0001 00000000 0004 c00c c00c')],
    ['a CNAME without a target', message(1, 0, 'c00c 0005 0001 00000000 0000')],
    ['a name that runs through a TTL', message(1, 0, 'c00c 0005 0001 00000101 0002 c01e')],
    ['a name that a TTL leads on', message(1, 0, 'c00c 0005 0001 c00c0000 0002 c01e')],
    ['a question with a pointer', hex('0000 0100 0001 0000 0000 0000 c000 0001 0001')],
  ])('FormError: %s', (_what, bytes) => {
    expect(() => parseMessage(bytes)).toThrow(FormError)
  })

  test.each([
    ['in the answer', message(1, 0, OPT)],
    ['twice', message(0, 2, `${OPT} ${OPT}`)],
    ['with a name', message(0, 1, '0161 00 0029 04d0 00000000 0000')],
    ['with an option that runs past the end', message(0, 1, '00 0029 04d0 00000000 0005 000f 0002 00')],
    ['with half an option', message(0, 1, '00 0029 04d0 00000000 0002 000f')],
  ])('an OPT record %s says nothing, and the message stands', (_what, bytes) => {
    expect(parseMessage(bytes)).toMatchObject({ opt: undefined, hasBadOpt: true, answer: [], additional: [] })
  })

  test('a CNAME without data from a server made the resolver throw', () => {
    expect(() => parseMessage(message(1, 0, 'c00c 0005 0001 0000012c 0000'))).toThrow(FormError)
  })
})

test.each([
  ['a.test', 1232],
  ['a.test', undefined],
  ['.', 4096],
  ['odd\\.label.\\000.test', 512],
])('a bare question is what compose makes of it: %s, EDNS %s', (text, payloadSize) => {
  const question = { name: nameOf(text), type: 0x1234, class: 0x5678 }
  const opt = payloadSize && { payloadSize, extendedRcode: 0, version: 0, dnssecOk: false, options: [] }
  const expected = compose({ id: 0xabcd, flags: 0x0100, question, opt: opt || undefined })
  expect(composeQuestion(0xabcd, 0x0100, question, payloadSize)).toEqual(expected)
})

describe('compose', () => {
  const question = { name: nameOf('a.test'), type: TYPE.A, class: CLASS.IN }
  const plain: Opt = { payloadSize: 1232, extendedRcode: 0, version: 0, dnssecOk: false, options: [] }

  test('RFC 1035 §4.1.4: names are compressed, letter case of the first aside', () => {
    const bytes = compose({
      id: 1,
      flags: QR,
      question: queryFor('A.TEST').subarray(12),
      answer: records(2),
    })
    expect(bytes.toString('hex', 12)).toBe(
      '014104544553540000010001c00c000100010000012c0004c0000200c00c000100010000012c0004c0000201',
    )
  })

  test('RFC 3597 §4: names in rdata of newer types stay whole', () => {
    const srv = rr('a.test 300 SRV 1 2 3 a.test')
    const mx = rr('a.test 300 MX 1 a.test')
    const bytes = compose({ id: 1, flags: QR, question, answer: [srv, mx] })
    expect(bytes.includes(Buffer.concat([hex('000e 0001 0002 0003'), wireOfText('a.test') as Buffer]))).toBe(true)
    expect(bytes.subarray(-6).toString('hex')).toBe('00040001c00c')
  })

  /** rule, parts, limit, answers, authority, additional, TC. */
  const sizes: readonly [string, Partial<MessageParts>, number, boolean, [number, number, number], boolean][] = [
    ['R-STUB-15: everything fits', { answer: records(3) }, 512, false, [3, 0, 0], false],
    ['R-STUB-15: what does not fit of the answer is told', { answer: records(40) }, 512, false, [30, 0, 0], true],
    ['R-STUB-15: room for OPT is kept', { answer: records(40), opt: plain }, 512, false, [29, 0, 1], true],
    [
      'R-STUB-15: additional records are never missed',
      { answer: records(28), additional: records(10) },
      512,
      false,
      [28, 0, 2],
      false,
    ],
    ['R-STUB-15: nor authority', { answer: records(28), authority: records(10) }, 512, false, [28, 2, 0], false],
    ['R-STUB-15: but with DO it is', { answer: records(28), authority: records(10) }, 512, true, [28, 2, 0], true],
    [
      'nothing follows a section that was cut',
      { answer: records(40), additional: [rr('. 1 TXT')] },
      512,
      false,
      [30, 0, 0],
      true,
    ],
  ]

  test.each(sizes)('%s', (_rule, parts, maxSize, authorityMatters, counts, isTruncated) => {
    const bytes = compose({ id: 1, flags: QR, question, ...parts }, { maxSize, authorityMatters })
    const { answer, authority, additional, opt, flags } = parseMessage(bytes)
    expect([answer.length, authority.length, additional.length + (opt === undefined ? 0 : 1)]).toEqual(counts)
    expect((flags & TC) !== 0).toBe(isTruncated)
    expect(bytes.length).toBeLessThanOrEqual(maxSize)
  })

  test('a record that was taken back leaves no pointer target behind', () => {
    const long = recordOf(nameOf('deep.other.test'), TYPE.TXT, Buffer.alloc(490))
    const bytes = compose({ id: 1, flags: QR, question, answer: [long], additional: [] }, { maxSize: 512 })
    expect(parseMessage(bytes).answer).toEqual([])
    const after = compose({
      id: 1,
      flags: QR,
      question,
      authority: [long],
      additional: [rr('x.other.test 1 A 192.0.2.1')],
    })
    expect(parseMessage(after).additional[0]?.name).toBe('x.other.test')
  })

  test('pointers reach no further than 16 383 bytes', () => {
    const filler = recordOf(nameOf('a.test'), TYPE.TXT, Buffer.alloc(17_000))
    const { answer } = parseMessage(compose({ id: 1, flags: QR, question, answer: [filler, late('x'), late('y')] }))
    expect(answer.map(({ name }) => name)).toEqual(['a.test', 'x.far.example', 'y.far.example'])
  })

  test('a signature whose name expands beyond 65 535 bytes of rdata is left out, not thrown at the client', () => {
    const huge: ResourceRecord = recordOf(nameOf('a.test'), TYPE.RRSIG, Buffer.alloc(65_600))
    const { answer, flags } = parseMessage(compose({ id: 1, flags: QR, question, answer: [huge] }))
    expect({ answer, isTruncated: (flags & TC) !== 0 }).toEqual({ answer: [], isTruncated: true })
  })
})

describe('EDNS', () => {
  test('RFC 8914: an extended error is written and read back', () => {
    const options = [extendedErrorOption({ code: 22, text: 'kein Weg 🛑' })]
    const opt: Opt = { payloadSize: 1400, extendedRcode: 0, version: 0, dnssecOk: true, options }
    const bytes = Buffer.concat([message(0, 1, ''), wireOfOpt(opt)])
    expect(parseMessage(bytes)).toMatchObject({ opt, extendedError: { code: 22, text: 'kein Weg 🛑' } })
  })

  test('a malformed extended error is passed over: it is only advice', () => {
    const options = [
      { code: 15, data: Buffer.from([1]) },
      { code: 15, data: Buffer.from([0, 3, 0x61, 0]) },
    ]
    const opt: Opt = { payloadSize: 512, extendedRcode: 0, version: 0, dnssecOk: false, options }
    expect(extendedErrorOf(opt)).toEqual({ code: 3, text: 'a' })
    expect(extendedErrorOf(undefined)).toBeUndefined()
  })
  test('the text of an extended error does not steer a terminal', () => {
    const options = [extendedErrorOption({ code: 15, text: 'blöcked\x1b]0;by\x07\n\u202eme' })]
    const opt: Opt = { payloadSize: 512, extendedRcode: 0, version: 0, dnssecOk: false, options }
    expect(extendedErrorOf(opt)).toEqual({ code: 15, text: 'blöcked?]0;by???me' })
  })
})
