import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseSignature } from '../../../src/dbus/signature.ts'
import { TooManyValues, Unmarshaller, UnmarshalError } from '../../../src/dbus/unmarshal.ts'
import { Variant } from '../../../src/dbus/variant.ts'

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')
const read = (signature: string, bytes: Buffer, maxValues?: number) =>
  new Unmarshaller(bytes, true, maxValues).read(signature)

/** An array of so many empty strings, eight bytes each but the last. */
function emptyStrings(count: number): Buffer {
  const bytes = Buffer.alloc(4 + 8 * count)
  bytes.writeUInt32LE(8 * count - 3)
  return bytes.subarray(0, bytes.length - 3)
}

/** Values, or an error that is made for it. */
function outcomeOf(run: () => unknown): string {
  try {
    run()
    return 'as it should'
  } catch (error) {
    return error instanceof UnmarshalError || error instanceof TypeError ? 'as it should' : String(error)
  }
}

describe('what the specification allows is read', () => {
  test.each<[string, string, string, unknown[]]>([
    ['numbers, each at a multiple of its size', 'yqin', '01 00 0200 ffffffff feff', [1, 2, -1, -2]],
    ['64 bits', 'xt', `${'ff'.repeat(8)} 0100000000000000`, [-1n, 1n]],
    ['a text', 's', '02000000 6869 00', ['hi']],
    ['structs begin at multiples of eight', 'y(y)', '01 00000000000000 02', [1, [2]]],
    ['an empty list of structs has its padding', 'a(y)y', '00000000 00000000 07', [[], 7]],
    ['a file descriptor is its index', 'h', '00000000', [0]],
    ['a variant', 'v', '01 75 00 00 05000000', [new Variant('u', 5)]],
    [
      'a dictionary whose key is a name of JavaScript',
      'a{sy}',
      '0f000000 00000000 09000000 5f5f70726f746f5f5f 00 01',
      [Object.fromEntries([['__proto__', 1]])],
    ],
  ])('%s', (_title, signature, bytes, values) => {
    expect(read(signature, hex(bytes))).toEqual(values)
  })
})

describe('what it does not allow is refused before anything is made of it', () => {
  test.each([
    ['an array longer than its message', 'as', 'ffffff7f'],
    ['bytes that are longer than their message', 'ay', 'ffffffff 00'],
    ['a text longer than its message', 's', 'ffffffff 6869 00'],
    ['a text without its NUL', 's', '02000000 6869 01'],
    ['an element that reaches beyond its array', 'as', '04000000 05000000 6162636465 00'],
    ['a number cut off', 'u', '010000'],
    ['a variant of two values', 'v', '02 7979 00 01 02'],
    ['a variant of nothing', 'v', '00 00'],
    ['a NUL within a text', 's', '03000000 610062 00'],
    ['a NUL within a path', 'o', '03000000 2f0062 00'],
    ['a text that is no UTF-8', 's', '02000000 c328 00'],
    ['half of a surrogate pair in a text', 's', '03000000 eda080 00'],
    ['a boolean that is neither 0 nor 1', 'b', '02000000'],
    ['padding that is not zero', 'yu', '01 000001 05000000'],
  ])('%s', (_title, signature, bytes) => {
    expect(() => read(signature, hex(bytes))).toThrow(UnmarshalError)
  })

  test('variants within variants', () => {
    const deep = Buffer.concat([...Array.from({ length: 65 }, () => hex('01 76 00')), hex('01 79 00 05')])
    expect(() => read('v', deep)).toThrow('nested too deeply')
    expect(() => read('v', deep.subarray(3 * 2))).not.toThrow()
  })

  test.each(['a', '(', '()', '(y', 'y)', 'a{vy}', 'a{y}', '{sv}', 'z', `${'a'.repeat(34)}y`, 'y'.repeat(256)])(
    '%s is no signature',
    (signature) => {
      expect(() => parseSignature(signature)).toThrow(TypeError)
    },
  )

  test('any bytes as any signature: values or an UnmarshalError', () => {
    const signature = fc.constantFrom('ia(iayqs)', 'ssv', 'a{sv}', 'yyyyuua(yv)', 'aa{say}', 'v')
    fc.assert(
      fc.property(signature, fc.uint8Array({ maxLength: 200 }), fc.boolean(), (types, bytes, isLittle) => {
        expect(outcomeOf(() => new Unmarshaller(Buffer.from(bytes), isLittle, 1000).read(types))).toBe('as it should')
      }),
      { numRuns: 20_000 },
    )
  })
})

/** dbus-next took 560 ms for 800 KiB on a quiet machine. */
test('a body of many values costs as much as it may hold', () => {
  const body = emptyStrings(100_000)
  expect(read('as', body)).toEqual([Array.from({ length: 100_000 }, () => '')])
  const times = Array.from({ length: 5 }, () => {
    const start = performance.now()
    expect(() => read('as', body, 8192)).toThrow(TooManyValues)
    return performance.now() - start
  })
  expect(Math.min(...times)).toBeLessThan(25)
})
