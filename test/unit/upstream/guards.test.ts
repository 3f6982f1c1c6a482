import { describe, expect, test } from 'vitest'
import { Cookies, isCookieBelieved } from '../../../src/upstream/cookies.ts'
import { GuardEvidence } from '../../../src/upstream/guard-evidence.ts'
import { NO_GUARDS } from '../../../src/upstream/guards.ts'
import { outgoingMessage } from '../../../src/upstream/outgoing.ts'
import { flawOf } from '../../../src/upstream/reply-flaw.ts'
import {
  CLASS,
  cookieIn,
  cookieOption,
  foldQuestion,
  nameOf,
  OPTION,
  TYPE,
  withOwnOption,
} from '../../../src/wire/index.ts'
import { queryFor, replyFor } from '../../kit/messages.ts'
import { SeededRandom } from '../../kit/seeded-random.ts'

const CLIENT = Buffer.from('0102030405060708', 'hex')
const OTHER = Buffer.from('0102030405060709', 'hex')
const SERVER = Buffer.alloc(16, 9)
const QUESTION = { name: nameOf('www.bank.test'), type: TYPE.A, class: CLASS.IN }
const GUARDS = { mixesCase: true, cookie: { client: CLIENT, server: undefined } }
const SENT = outgoingMessage({ kind: 'question', question: QUESTION }, 1232, new SeededRandom(7), GUARDS)

describe('which reply is believed', () => {
  const proven = { repeatsCase: true, sendsCookies: true }
  const unknown = { repeatsCase: false, sendsCookies: false }
  const cookie = (client: Buffer, server: Buffer | undefined) => cookieOption(client, server)
  const rows = [
    ['as sent, with both cookies', false, cookie(CLIENT, SERVER), undefined, undefined],
    ['dns0x20 §3: in lower case', true, cookie(CLIENT, SERVER), 'letter case', undefined],
    ['RFC 7873 §5.3: without a cookie', false, undefined, 'no cookie', undefined],
    [
      'RFC 7873 §5.3: with the cookie of another client',
      false,
      cookie(OTHER, SERVER),
      'foreign cookie',
      'foreign cookie',
    ],
    [
      'RFC 7873 §5.3: with half a client cookie',
      false,
      cookie(CLIENT.subarray(4), undefined),
      'foreign cookie',
      'foreign cookie',
    ],
    [
      'with our cookie alone, as servers repeat what they do not know',
      false,
      cookie(CLIENT, undefined),
      undefined,
      undefined,
    ],
  ] as const

  test.each(rows)('%s', (_, isFolded, option, ofProven, ofUnknown) => {
    const opt = { payloadSize: 1232, extendedRcode: 0, version: 0, dnssecOk: false, options: [] }
    const reply = withOwnOption(replyFor(SENT, { answer: ['www.bank.test 60 A 192.0.2.1'], opt }), option)
    if (isFolded) foldQuestion(reply)
    const sent = { wire: SENT, guards: GUARDS }
    expect(flawOf(reply, sent, proven)).toBe(ofProven)
    expect(flawOf(reply, sent, unknown)).toBe(ofUnknown)
    expect(flawOf(reply, { wire: SENT, guards: NO_GUARDS }, proven)).toBeUndefined()
    reply.writeUInt16BE(reply.readUInt16BE(0) ^ 1, 0)
    expect(flawOf(reply, sent, unknown)).toBe('mismatch')
  })

  test('RFC 7873 §5.3: nothing is asked of a server that is not known to send cookies', () => {
    expect(isCookieBelieved(undefined, CLIENT, false)).toBe(true)
    expect(isCookieBelieved(undefined, CLIENT, true)).toBe(false)
  })
})

describe('what is learnt of a server', () => {
  const given = (evidence: GuardEvidence, ...replies: boolean[]) => {
    for (const isGivenBack of replies) evidence.onReply(isGivenBack, true)
  }

  test('proven after four replies in a row, and not by a pool of which some do it', () => {
    const evidence = new GuardEvidence()
    expect(evidence.state(0)).toBe('untried')
    given(evidence, true, true, true, false, true, true, true)
    expect(evidence.state(0)).toBe('seen')
    given(evidence, true)
    expect(evidence.state(0)).toBe('proven')
  })

  test('a server that changes loses two replies, and takes four times as many proofs from then on', () => {
    const evidence = new GuardEvidence()
    given(evidence, true, true, true, true)
    evidence.onMissing()
    expect(evidence.isProven).toBe(true)
    evidence.onMissing()
    expect(evidence.state(0)).toBe('missing')
    given(evidence, ...Array.from({ length: 15 }, () => true))
    expect(evidence.isProven).toBe(false)
    given(evidence, true)
    expect(evidence.isProven).toBe(true)
  })

  test('twice lost where the same question without it was answered: off for five minutes', () => {
    const evidence = new GuardEvidence()
    evidence.onReplyWithout(true, true, 0)
    expect(evidence.isOn(0)).toBe(true)
    evidence.onReplyWithout(true, true, 0)
    expect(evidence.state(1)).toBe('off')
    expect(evidence.state(300_001)).toBe('untried')
  })

  test('twice an error, and then an answer without it: off', () => {
    const evidence = new GuardEvidence()
    evidence.onReply(true, false)
    expect(evidence.isDoubtful).toBe(false)
    evidence.onReply(true, false)
    expect(evidence.isDoubtful).toBe(true)
    evidence.onReplyWithout(false, true, 0)
    expect(evidence.isOn(1)).toBe(false)
  })

  test('an error without it as well: it was not that', () => {
    const evidence = new GuardEvidence()
    evidence.onReply(true, false)
    evidence.onReply(true, false)
    evidence.onReplyWithout(false, false, 0)
    expect([evidence.isDoubtful, evidence.isOn(1)]).toEqual([false, true])
  })

  test('once it has answered so, losses and errors say nothing', () => {
    const evidence = new GuardEvidence()
    given(evidence, true)
    for (let i = 0; i < 10; i++) {
      evidence.onReply(true, false)
      evidence.onReplyWithout(true, true, 0)
    }
    expect([evidence.isOn(1), evidence.isDoubtful]).toEqual([true, false])
  })
})

describe('cookies', () => {
  const random = new SeededRandom(3)
  const replyWith = (cookies: Cookies, server: Buffer) => {
    const { client } = cookies.own(random)
    cookies.onReply(Buffer.concat([client, server]), client, true)
  }

  test('RFC 7873 §5.1: the same client cookie each time, with what the server gave last', () => {
    const cookies = new Cookies()
    const { client, server } = cookies.own(random)
    expect([client.length, server]).toEqual([8, undefined])
    replyWith(cookies, SERVER)
    expect(cookies.own(random)).toEqual({ client, server: SERVER })
    replyWith(cookies, Buffer.alloc(32, 4))
    expect(cookies.own(random).server).toEqual(Buffer.alloc(32, 4))
  })

  test.each([7, 33])('RFC 7873 §4: a server cookie of %i bytes is none', (size) => {
    const cookies = new Cookies()
    replyWith(cookies, Buffer.alloc(size))
    expect(cookies.own(random).server).toBeUndefined()
  })

  test('RFC 9018 §3: one for each server', () => {
    expect(new Cookies().own(random).client).not.toEqual(new Cookies().own(random).client)
  })

  test('RFC 9018 §3: with another address there is another, and late replies to the old one bring nothing', () => {
    const cookies = new Cookies()
    replyWith(cookies, SERVER)
    const { client: old } = cookies.own(random)
    cookies.renew()
    cookies.onReply(Buffer.concat([old, SERVER]), old, true)
    const { client, server } = cookies.own(random)
    expect(client).not.toEqual(old)
    expect(server).toBeUndefined()
  })

  test('a server that mixes up its clients gets none any more', () => {
    const cookies = new Cookies()
    cookies.onDisbelieved(true, 0)
    expect(cookies.evidence.isOn(0)).toBe(true)
    cookies.onDisbelieved(true, 0)
    expect(cookies.evidence.isOn(1)).toBe(false)
  })
})

test("RFC 7873 §8: a client's cookie leaves in no message", () => {
  const options = [{ code: OPTION.COOKIE, data: Buffer.alloc(24, 5) }]
  const message = queryFor('www.bank.test', { dnssecOk: true, options })
  const request = { kind: 'relay', question: QUESTION, message } as const
  expect(cookieIn(outgoingMessage(request, undefined, new SeededRandom()))).toBeUndefined()
  expect(cookieIn(outgoingMessage(request, undefined, new SeededRandom(), GUARDS))).toEqual(CLIENT)
})
