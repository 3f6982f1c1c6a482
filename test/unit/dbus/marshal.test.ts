import { createRequire } from 'node:module'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { CODEC } from '../../../src/dbus/codec.ts'
import { FrameReader } from '../../../src/dbus/frames.ts'
import { Variant } from '../../../src/dbus/variant.ts'

const require = createRequire(import.meta.url)
const dbus = require('dbus-next') as {
  Message: new (message: object) => object
  Variant: new (signature: string, value: unknown) => unknown
}
const { marshallMessage } = require('dbus-next/lib/marshall-compat.js') as {
  marshallMessage: (message: object) => [Buffer]
}

const text = fc.string({ unit: 'binary', maxLength: 9 }).map((each) => each.replaceAll('\0', ''))
const bytes = fc.uint8Array({ maxLength: 9 }).map((each) => Buffer.from(each))
const server = fc.tuple(fc.integer(), fc.integer(), bytes, fc.nat(0xffff), text)
const long = fc.bigInt(0n, (1n << 64n) - 1n)

/** Header fields travel in another order than dbus-next's, so bodies are compared as bytes, headers as what they say. */
test('every body comes out byte by byte as dbus-next writes it, and reads back', async () => {
  const codec = CODEC
  const body = fc.tuple(
    fc.array(server),
    fc.array(fc.tuple(text, fc.boolean())),
    long,
    fc.array(bytes),
    fc.nat(255),
    text,
  )
  fc.assert(
    fc.property(body, ([servers, domains, flags, txt, small, word]) => {
      const signature = 'a(iiayqs)a(sb)taayyosg'
      const values = [servers, domains, flags, txt, small, '/p', word, 'a(i)']
      const target = { type: 2, serial: 9, replySerial: 3, destination: ':1.2', signature, body: values }
      const ours = codec.encode(target as Parameters<typeof codec.encode>[0])
      const [theirs] = marshallMessage(new dbus.Message({ ...target, body: [...values] }))
      expect(bodyOf(ours).equals(bodyOf(theirs))).toBe(true)
      new FrameReader((frame) => {
        const read = codec.decode(frame)
        expect([read.type, read.serial, read.replySerial, read.signature]).toEqual([2, 9, 3, signature])
        expect(read.body()).toEqual(values)
      }).push(ours)
    }),
  )
})

test('dictionaries and variants', async () => {
  const codec = CODEC
  const target = { serial: 1, path: '/p', interface: 'a.b', member: 'C', signature: 'sa{sv}asa{ss}' }
  const ours = codec.encode({ type: 4, ...target, body: withVariants(Variant) })
  const [theirs] = marshallMessage(new dbus.Message({ type: 4, ...target, body: withVariants(dbus.Variant) }))
  expect(bodyOf(ours)).toEqual(bodyOf(theirs))
})

test.each([
  ['a NUL in a string', 's', ['a\0b']],
  ['too large a number', 'q', [65536]],
  ['a negative size', 'u', [-1]],
  ['too few values', 'ss', ['a']],
  ['a bare value as variant', 'v', ['a']],
  ['a type that is never sent', 'd', [1.5]],
])('%s is refused', async (_, signature, body) => {
  const codec = CODEC
  expect(() => codec.encode({ type: 2, serial: 1, replySerial: 1, signature, body })).toThrow(Error)
})

function bodyOf(message: Buffer): Buffer {
  return message.subarray(message.length - message.readUInt32LE(4))
}

/** With the variants of either library. */
function withVariants(V: new (signature: string, value: unknown) => unknown): unknown[] {
  return [
    'x',
    { A: new V('a(iay)', [[1, Buffer.from([1, 2, 3])]]), Longer: new V('t', 5n), C: new V('v', new V('b', true)) },
    [],
    { interface: 'eth0' },
  ]
}
