import { expect, test } from 'vitest'
import {
  compose,
  endOfName,
  FormError,
  nameOf,
  parseMessage,
  recordOf,
  textOfWire,
  TYPE,
} from '../../../src/wire/index.ts'

const NAME = nameOf('a.test')
const SOA_CUT_SHORT = Buffer.from('016100017a', 'hex')

test.each([
  ['no end', TYPE.CNAME, '0161'],
  ['a label longer than the rest', TYPE.CNAME, '3f61'],
  ['an end that is jumped over', TYPE.PTR, '0500'],
  ['a preference and nothing else', TYPE.MX, '000a'],
  ['less than a preference', TYPE.MX, '00'],
  ['the second name missing', TYPE.SOA, SOA_CUT_SHORT.toString('hex')],
])('a record whose rdata holds an unfinished name (%s) made compose run for ever', (_title, type, hex) => {
  const rdata = Buffer.from(hex, 'hex')
  const wire = compose({ id: 1, flags: 0, answer: [recordOf(NAME, type, rdata)] })
  expect(wire.subarray(-rdata.length)).toEqual(rdata) // as the record has it
  expect(() => parseMessage(wire)).toThrow(FormError)
})

test.each(['0161', '', '3f61', '016100ff'])(
  'an owner that is no whole name (%s) is refused, and not looped over',
  (hex) => {
    const record = { ...recordOf(NAME, TYPE.A, Buffer.alloc(4)), owner: Buffer.from(hex, 'hex') }
    expect(() => compose({ id: 1, flags: 0, answer: [record] })).toThrow(FormError)
  },
)

test('the text of an unfinished name ends with it', () => {
  expect(textOfWire(Buffer.from('0161', 'hex'))).toBe('a')
  expect(textOfWire(Buffer.from('03', 'hex')).length).toBeLessThan(20)
})

test('where a name ends', () => {
  expect(endOfName(Buffer.from('ff016100ff', 'hex'), 1)).toBe(4)
  expect(endOfName(Buffer.from('00', 'hex'), 0)).toBe(1)
  expect(endOfName(Buffer.from('0161', 'hex'), 0)).toBeUndefined()
})
