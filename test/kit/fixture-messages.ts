import {
  compose,
  extendedErrorOption,
  nameOf,
  OPTION,
  QR,
  RA,
  RCODE,
  RD,
  TYPE,
  wireOfOpt,
  wireOfText,
} from '../../src/wire/index.ts'
import { queryFor, replyFor, type ReplyParts } from './messages.ts'

/** A request as clients send it, and what a server says to it. All messages are well-formed. */
export interface Conversation {
  readonly title: string
  readonly query: Buffer
  readonly reply: Buffer
}

const SOA = 'test 300 SOA ns.test admin.test 2026010101 7200 900 1209600 60'
const LONG_NAME = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(54)}.test`
const RAW = (owner: string, type: number, hex: string) => `${owner} 300 TYPE${type} \\# 0 ${hex}`
const name = (text: string) => (wireOfText(text) as Buffer).toString('hex')

function talk(title: string, query: Buffer, parts: ReplyParts): Conversation {
  return { title, query, reply: replyFor(query, parts) }
}

/** The reply with an OPT record behind everything else. */
function withOpt(conversation: Conversation, rcode = 0, text = ''): Conversation {
  const options = text === '' ? [] : [extendedErrorOption({ code: 22, text })]
  const opt = wireOfOpt({ payloadSize: 4096, extendedRcode: rcode >> 4, version: 0, dnssecOk: true, options })
  const reply = Buffer.concat([conversation.reply, opt])
  reply.writeUInt16BE(reply.readUInt16BE(10) + 1, 10)
  return { ...conversation, reply }
}

/** An OPT record with another one after it in the same section: legal, and not editable in place. */
function optInTheMiddle(query: Buffer): Conversation {
  const { reply, ...rest } = withOpt(talk('OPT before another record', query, { answer: ['a.test 60 A 192.0.2.1'] }))
  const extra = Buffer.from('02 6e73 c00c 0001 0001 0000003c 0004 c0000205'.replaceAll(' ', ''), 'hex')
  const longer = Buffer.concat([reply, extra])
  longer.writeUInt16BE(2, 10)
  return { ...rest, reply: longer }
}

function nsidQuery(): Buffer {
  const options = [{ code: OPTION.NSID, data: Buffer.alloc(0) }]
  const opt = { payloadSize: 1400, extendedRcode: 0, version: 0, dnssecOk: false, options }
  return compose({ id: 7, flags: RD, question: { name: nameOf('a.test'), type: TYPE.A, class: 1 }, opt })
}

/** A server that could not read the question repeats only the header. */
function headerOnly(query: Buffer, rcode: number): Buffer {
  return compose({ id: query.readUInt16BE(0), flags: QR | RD | RA | rcode })
}

const MANY = Array.from({ length: 90 }, (_, i) => `many.test 300 A 192.0.2.${i}`)
const A = queryFor('a.test')
const SIGNED = `${name('test')}${'5a'.repeat(32)}`

/** One message of every kind that the stub and the upstream path can meet in ordinary life. */
export const CONVERSATIONS: readonly Conversation[] = [
  talk('an address', A, {
    answer: ['a.test 300 A 192.0.2.1', 'a.test 300 A 192.0.2.2'],
    authority: ['test 300 NS ns.test'],
  }),
  talk('mixed case and EDNS', queryFor('Ab.TeSt', { type: 'AAAA', edns: 4096 }), {
    answer: ['ab.test 5 AAAA 2001:db8::1'],
  }),
  talk('a chain of CNAMEs', queryFor('www.test'), {
    answer: ['www.test 300 CNAME b.test', 'b.test 30 CNAME c.example', 'c.example 60 A 192.0.2.3'],
  }),
  talk('a CNAME that leads out of the message', queryFor('out.test'), {
    answer: ['out.test 300 CNAME elsewhere.test'],
  }),
  talk('a DNAME', queryFor('x.old.test'), {
    answer: ['old.test 300 DNAME new.test', 'x.old.test 300 CNAME x.new.test', 'x.new.test 60 A 192.0.2.4'],
  }),
  talk('NXDOMAIN', queryFor('nope.test', { edns: 1232 }), { rcode: RCODE.NXDOMAIN, authority: [SOA] }),
  talk('NODATA', queryFor('a.test', { type: 'MX' }), { authority: [SOA] }),
  talk('names in rdata', queryFor('test', { type: 'MX' }), {
    answer: ['test 300 MX 10 mail.test', 'test 300 MX 20 backup.mail.test'],
    additional: ['mail.test 300 A 192.0.2.25', 'mail.test 300 AAAA 2001:db8::25'],
  }),
  talk('a service', queryFor('_sip._tcp.test', { type: 'SRV' }), {
    answer: ['_sip._tcp.test 300 SRV 10 20 5060 sip.test'],
  }),
  talk('a zone apex', queryFor('test', { type: 'SOA' }), { answer: [SOA], authority: ['test 300 NS ns.test'] }),
  talk('text', queryFor('t.test', { type: 'TXT' }), { answer: ['t.test 300 TXT v=spf1 -all'] }),
  talk('a pointer', queryFor('1.2.0.192.in-addr.arpa', { type: 'PTR' }), {
    answer: ['1.2.0.192.in-addr.arpa 300 PTR a.test'],
  }),
  talk('NAPTR', queryFor('n.test', { type: 'NAPTR' }), {
    answer: [RAW('n.test', TYPE.NAPTR, `00640032015305534950324400${name('a.test')}`)],
  }),
  talk('HTTPS', queryFor('h.test', { type: 'HTTPS' }), {
    answer: [RAW('h.test', TYPE.HTTPS, '00010000010006026832026833')],
  }),
  talk('an unknown type', queryFor('u.test', { type: 'TYPE4711' }), { answer: [RAW('u.test', 4711, 'c0ffee')] }),
  talk('anything', queryFor('a.test', { type: 'ANY' }), { answer: ['a.test 300 A 192.0.2.1', 'a.test 300 TXT x'] }),
  talk('odd labels', queryFor('a\\.b\\000\\255.test'), { answer: ['a\\.b\\000\\255.test 300 A 192.0.2.6'] }),
  talk('the longest name', queryFor(LONG_NAME), { answer: [`${LONG_NAME} 300 A 192.0.2.7`] }),
  talk('the root', queryFor('.', { type: 'NS' }), { answer: ['. 300 NS a.root-servers.net'] }),
  talk('more than a datagram holds', queryFor('many.test', { edns: 512 }), { answer: MANY }),
  talk('SERVFAIL', queryFor('broken.test'), { rcode: RCODE.SERVFAIL }),
  talk('REFUSED', queryFor('refused.test'), { rcode: RCODE.REFUSED }),
  talk('truncated', queryFor('tc.test'), { flags: 0x0200 }),
  talk('the host itself', queryFor('localhost'), { answer: ['localhost 1 A 192.0.2.66'] }),
  withOpt(
    talk('signed', queryFor('s.test', { dnssecOk: true, flags: 0x0010 }), {
      answer: ['s.test 300 A 192.0.2.8', RAW('s.test', TYPE.RRSIG, `000108020000012c5f0000005e000000a2b3${SIGNED}`)],
      authority: [RAW('s.test', TYPE.NSEC, `${name('t.test')}0006400000000003`)],
    }),
  ),
  withOpt(
    talk('SERVFAIL with a reason', queryFor('bogus.test', { edns: 1232 }), { rcode: RCODE.SERVFAIL }),
    0,
    'no reachable authority',
  ),
  withOpt(talk('BADVERS', queryFor('v.test', { edns: 1232 }), {}), RCODE.BADVERS),
  optInTheMiddle(queryFor('a.test', { edns: 1232 })),
  { title: 'NSID', query: nsidQuery(), reply: replyFor(nsidQuery(), { answer: ['a.test 1 A 192.0.2.9'] }) },
  { title: 'FORMERR without the question', query: A, reply: headerOnly(A, RCODE.FORMERR) },
  { title: 'NXDOMAIN without the question', query: A, reply: headerOnly(A, RCODE.NXDOMAIN) },
]

/** Every message of the conversations, by title. */
export const MESSAGES: readonly (readonly [title: string, message: Buffer])[] = CONVERSATIONS.flatMap(
  ({ title, query, reply }) => [[`${title}: query`, query] as const, [`${title}: reply`, reply] as const],
)
