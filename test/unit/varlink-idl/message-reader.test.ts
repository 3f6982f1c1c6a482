import { expect, test } from 'vitest'
import { MessageReader } from '../../../src/varlink-idl/message-reader.ts'

const MESSAGES = ['{"method":"a.b.C"}', '', '{"method":"ä\\u0000"}', 'x'.repeat(3000)]
const STREAM = Buffer.from(MESSAGES.map((message) => `${message}\0`).join(''))

function texts(...chunks: Buffer[]): string[] {
  const framer = new MessageReader()
  const found = chunks.flatMap((chunk) => framer.push(chunk).map(String))
  expect(framer.pending).toBe(0)
  return found
}

test('V-1, V-2: many messages in one chunk', () => {
  expect(texts(STREAM)).toEqual(MESSAGES)
})

test('V-2: cut at every offset', () => {
  for (let cut = 0; cut <= STREAM.length; cut++) {
    expect(texts(STREAM.subarray(0, cut), STREAM.subarray(cut))).toEqual(MESSAGES)
  }
})

test('V-2: byte by byte', () => {
  expect(texts(...Array.from(STREAM, (byte) => Buffer.from([byte])))).toEqual(MESSAGES)
})

test('messages kept stay the same when later chunks arrive', () => {
  const framer = new MessageReader()
  framer.push(Buffer.from('on'))
  const first = framer.push(Buffer.from('e\0tw'))
  const second = framer.push(Buffer.from('o\0'))
  expect([...first, ...second].map(String)).toEqual(['one', 'two'])
})

const TOO_LONG: [string, string[]][] = [
  ['in one chunk', ['12345\0']],
  ['before its end is seen', ['12345']],
  ['in pieces', ['123', '4', '5']],
  ['with the end in the last piece', ['123', '45\0']],
]
test.each(TOO_LONG)('V-2: a message over the limit is refused %s', (_, chunks) => {
  const framer = new MessageReader(4)
  expect(() => chunks.forEach((chunk) => framer.push(Buffer.from(chunk)))).toThrow('too long')
})

test('V-2: a message of exactly the limit passes', () => {
  expect(new MessageReader(4).push(Buffer.from('1234\0')).map(String)).toEqual(['1234'])
})
