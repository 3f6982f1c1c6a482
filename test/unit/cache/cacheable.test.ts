import { describe, expect, test } from 'vitest'
import { type Cacheability, cacheabilityOf } from '../../../src/cache/index.ts'
import { parseMessage, RCODE } from '../../../src/wire/index.ts'
import { queryFor, replyFor, type ReplyParts } from '../../kit/messages.ts'

const soa = (ttl: number, minimum: number, owner = 'test') =>
  `${owner} ${ttl} SOA ns.test admin.test 1 2 3 4 ${minimum}`
const NXDOMAIN = RCODE.NXDOMAIN
const none: Cacheability = { kind: 'none' }

/** rule, type asked for `a.test`, the reply, verdict. */
const cases: readonly [string, string, ReplyParts, Cacheability][] = [
  ['R-CACHE-5: the TTL of the answer', 'A', { answer: ['a.test 300 A 192.0.2.1'] }, { kind: 'positive', seconds: 300 }],
  ['R-CACHE-5: two hours at most', 'A', { answer: ['a.test 7201 A 192.0.2.1'] }, { kind: 'positive', seconds: 7200 }],
  ['R-CACHE-5: TTL 0 is not kept', 'A', { answer: ['a.test 0 A 192.0.2.1'] }, none],
  ['R-CACHE-5: a TTL with its top bit set is 0', 'A', { answer: ['a.test 2147483649 A 192.0.2.1'] }, none],
  [
    'R-CACHE-5: the least of all sections',
    'A',
    {
      answer: ['a.test 300 A 192.0.2.1', 'a.test 200 A 192.0.2.2'],
      authority: ['test 90 NS x'],
      additional: ['x 80 A 192.0.2.3'],
    },
    { kind: 'positive', seconds: 80 },
  ],
  [
    'R-CACHE-5: a whole chain lasts as long as its shortest link',
    'A',
    { answer: ['a.test 300 CNAME b.test', 'b.test 60 A 192.0.2.1'] },
    { kind: 'positive', seconds: 60 },
  ],
  [
    'R-CNAME-2: a chain without its end is kept as it is',
    'A',
    { answer: ['a.test 300 CNAME b.test'] },
    { kind: 'redirect', seconds: 300 },
  ],
  [
    'R-CACHE-7: no negative answer where a CNAME is',
    'A',
    { rcode: NXDOMAIN, answer: ['a.test 300 CNAME b.test'], authority: [soa(60, 60)] },
    { kind: 'redirect', seconds: 60 },
  ],
  [
    'a CNAME that was asked for is the answer',
    'CNAME',
    { answer: ['a.test 300 CNAME b.test'] },
    { kind: 'positive', seconds: 300 },
  ],
  [
    'R-CACHE-7: NXDOMAIN by the SOA minimum',
    'A',
    { rcode: NXDOMAIN, authority: [soa(300, 60)] },
    { kind: 'nxdomain', seconds: 60 },
  ],
  [
    'R-CACHE-7: or the SOA’s own TTL',
    'A',
    { rcode: NXDOMAIN, authority: [soa(30, 60)] },
    { kind: 'nxdomain', seconds: 30 },
  ],
  ['R-CACHE-7: NODATA likewise', 'A', { authority: [soa(300, 60)] }, { kind: 'nodata', seconds: 60 }],
  ['R-CACHE-7: two hours at most', 'A', { authority: [soa(90_000, 90_000)] }, { kind: 'nodata', seconds: 7200 }],
  ['R-CACHE-7: not without an SOA', 'A', { rcode: NXDOMAIN }, none],
  ['R-CACHE-7: not with the SOA of another zone', 'A', { rcode: NXDOMAIN, authority: [soa(60, 60, 'example')] }, none],
  ['R-CACHE-7: not with an SOA below the name', 'A', { rcode: NXDOMAIN, authority: [soa(60, 60, 'x.a.test')] }, none],
  ['R-CACHE-7: not with SOA minimum 0', 'A', { rcode: NXDOMAIN, authority: [soa(60, 0)] }, none],
  ['R-CACHE-7: not with SOA TTL 0', 'A', { rcode: NXDOMAIN, authority: [soa(0, 60)] }, none],
  ['R-CACHE-7: not for SOA questions', 'SOA', { authority: [soa(60, 60)] }, none],
  ['R-CACHE-8: SERVFAIL for ten seconds', 'A', { rcode: RCODE.SERVFAIL }, { kind: 'failure', seconds: 10 }],
  ['R-CACHE-8: no other rcode', 'A', { rcode: RCODE.REFUSED, authority: [soa(60, 60)] }, none],
  ['R-CACHE-4: never ANY', 'ANY', { answer: ['a.test 300 A 192.0.2.1'] }, none],
  ['an answer to something else is NODATA without an SOA', 'A', { answer: ['b.test 300 A 192.0.2.1'] }, none],
  [
    'a chain in a circle is no answer',
    'A',
    { answer: ['a.test 9 CNAME b.test', 'b.test 9 CNAME a.test'] },
    { kind: 'redirect', seconds: 9 },
  ],
]

describe('cacheVerdict', () => {
  test.each(cases)('%s', (_rule, type, parts, expected) => {
    const message = parseMessage(replyFor(queryFor('a.test', { type }), parts))
    expect(cacheabilityOf(message.question!, message)).toEqual(expected)
  })

  test('R-CACHE-7: NXDOMAIN below resolver.arpa is not kept', () => {
    const message = parseMessage(
      replyFor(queryFor('x.resolver.arpa'), { rcode: NXDOMAIN, authority: [soa(60, 60, 'resolver.arpa')] }),
    )
    expect(cacheabilityOf(message.question!, message)).toEqual(none)
  })

  test('R-CACHE-4: never class ANY', () => {
    const message = parseMessage(replyFor(queryFor('a.test'), { answer: ['a.test 300 A 192.0.2.1'] }))
    expect(cacheabilityOf({ ...message.question!, class: 255 }, message)).toEqual(none)
  })

  test('an SOA with short data does not make it throw', () => {
    const message = parseMessage(replyFor(queryFor('a.test'), { rcode: NXDOMAIN, authority: [soa(60, 60)] }))
    const authority = message.authority.map((record) => ({ ...record, rdata: Buffer.alloc(3) }))
    expect(cacheabilityOf(message.question!, { ...message, authority })).toEqual(none)
  })
})
