import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
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

test('a message that comes a byte at a time costs a byte each, not a chunk', () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const framers = Array.from({ length: 20 }, () => new StreamFramer())
  const used = () => {
    collect()
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    return heapUsed + arrayBuffers
  }
  const before = used()
  const length = frame(Buffer.alloc(10_001)).subarray(0, 2)
  for (const framer of framers) {
    framer.push(length)
    for (let i = 0; i < 10_000; i++) framer.push(Buffer.of(7))
  }
  const perByte = (used() - before) / (framers.length * 10_000)
  expect(framers.every(({ pending }) => pending === 10_002)).toBe(true)
  expect(perByte).toBeLessThan(8)
})
