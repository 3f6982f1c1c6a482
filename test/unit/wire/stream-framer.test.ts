import { expect, test } from 'vitest'
import { frame, StreamFramer } from '../../../src/wire/index.ts'

const buffers = [Buffer.from('first message'), Buffer.alloc(0), Buffer.from('x'), Buffer.alloc(700, 7)]
const messages = buffers.map((bytes) => bytes.toString('latin1'))
const stream = Buffer.concat(buffers.map(frame))

function feed(chunks: readonly Buffer[]): { messages: string[]; pending: number } {
  const framer = new StreamFramer()
  const got = chunks.flatMap((chunk) => framer.push(chunk)).map((bytes) => bytes.toString('latin1'))
  return { messages: got, pending: framer.pending }
}

test('RFC 1035 §4.2.2: a stream read whole gives its messages', () => {
  expect(feed([stream])).toEqual({ messages, pending: 0 })
})

test('RFC 1035 §4.2.2: a stream cut anywhere gives the same messages', () => {
  for (let cut = 0; cut <= stream.length; cut++) {
    expect(feed([stream.subarray(0, cut), stream.subarray(cut)])).toEqual({ messages, pending: 0 })
  }
})

test('RFC 1035 §4.2.2: a stream read byte by byte gives the same messages', () => {
  expect(feed([...stream].map((byte) => Buffer.of(byte)))).toEqual({ messages, pending: 0 })
})

test('what is not complete is kept, and counted', () => {
  expect(feed([stream.subarray(0, 21)])).toEqual({ messages: messages.slice(0, 3), pending: 1 })
})
