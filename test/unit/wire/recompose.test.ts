import { expect, test } from 'vitest'
import {
  answerTo,
  compose,
  nameOf,
  parseMessage,
  QR,
  RCODE,
  recordOf,
  recomposed,
  TYPE,
} from '../../../src/wire/index.ts'

const name = nameOf('www.example.test')
const question = { name, type: TYPE.A, class: 1 }
const OPT = { payloadSize: 1232, extendedRcode: 0, version: 0, dnssecOk: true, options: [] }
const a = recordOf(name, TYPE.A, Uint8Array.of(192, 0, 2, 1), 300)
const rrsig = recordOf(name, TYPE.RRSIG, new Uint8Array(40), 300)
const mx = recordOf(name, TYPE.MX, Buffer.from('\0\x0a\x04mail\x07example\x04test\0', 'latin1'), 300)

test.each([
  ['a signature is left out', { answer: [a, rrsig] }],
  ['so is what nobody asked for', { answer: [a, mx], authority: [rrsig], additional: [mx, a] }],
  ['a TTL means less than it says', { answer: [{ ...a, ttl: 0x8000_0001 }, rrsig] }],
])('what is put together anew is read as its bytes are: %s', (_what, records) => {
  const wire = compose({ id: 7, flags: QR, question, opt: OPT, ...records })
  const made = answerTo(question, { wire, message: parseMessage(wire) })
  expect(made.message.answer).toHaveLength(1)
  expect(made.message).toEqual(parseMessage(made.wire))
})

test('also where a message cannot hold it all, or has another rcode', () => {
  const wire = compose({ id: 7, flags: QR, question, opt: { ...OPT, extendedRcode: 1 } })
  const large = Array.from({ length: 3 }, () => recordOf(name, TYPE.TXT, new Uint8Array(30_000), 300))
  const sections = { question, answer: [a], authority: [], additional: large }
  const made = recomposed(parseMessage(wire), { ...sections, flags: QR | RCODE.NXDOMAIN })
  expect(made.message.additional).toHaveLength(2)
  expect(made.message.rcode).toBe(16 + RCODE.NXDOMAIN)
  expect(made.message).toEqual(parseMessage(made.wire))
})
