import { describe, expect, test } from 'vitest'
import {
  concatNames,
  expandName,
  FormError,
  isSingleLabel,
  isWithin,
  labelsOf,
  nameOf,
  parentOf,
  parseName,
  readName,
  ROOT,
  skipName,
  textOfWire,
  wireOfName,
  wireOfText,
} from '../../../src/wire/index.ts'

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')
const L63 = 'a'.repeat(63)
/** 255 bytes of wire form: three labels of 63, one of 61, and the root. */
const LONGEST = `${L63}.${L63}.${L63}.${'a'.repeat(61)}`

/** rule, text, name. */
const names: readonly [string, string, string | undefined][] = [
  ['a name', 'www.example.com', 'www.example.com'],
  ['RFC 4343 §3: letter case does not matter', 'WwW.Example.COM', 'www.example.com'],
  ['a final dot changes nothing', 'a.test.', 'a.test'],
  ['the root', '.', '.'],
  ['no name at all', '', undefined],
  ['an empty label', 'a..b', undefined],
  ['an empty first label', '.a', undefined],
  ['two dots', '..', undefined],
  ['RFC 1035 §2.3.4: 63 bytes in a label', L63, L63],
  ['RFC 1035 §2.3.4: not 64', `${L63}a`, undefined],
  ['RFC 1035 §2.3.4: 255 bytes in a name', LONGEST, LONGEST],
  ['RFC 1035 §2.3.4: not 256', `${LONGEST}a`, undefined],
  ['RFC 1035 §5.1: an escaped dot is no separator', 'a\\.b.test', 'a\\.b.test'],
  ['RFC 1035 §5.1: an escaped backslash', 'a\\\\.test', 'a\\\\.test'],
  ['RFC 1035 §5.1: a byte by its number', '\\065b.test', 'ab.test'],
  ['RFC 1035 §5.1: a dot by its number', 'a\\046b.test', 'a\\.b.test'],
  ['RFC 1035 §5.1: bytes that cannot be printed', 'a\\000\\255.test', 'a\\000\\255.test'],
  ['a space is escaped', 'a b.test', 'a\\032b.test'],
  ['other characters become UTF-8', 'é.test', '\\195\\169.test'],
  ['a number beyond a byte', '\\256.test', undefined],
  ['a number cut short', '\\25', undefined],
  ['a backslash at the end', 'a\\', undefined],
  ['an escape of an ordinary character', '\\a.test', 'a.test'],
]

describe('names as text', () => {
  test.each(names)('%s', (_rule, text, name) => {
    expect(parseName(text)).toBe(name)
  })

  test.each(names.flatMap(([, , name]) => name ?? []))('%j reads back as itself', (name) => {
    expect(parseName(name)).toBe(name)
    expect(readName(wireOfName(nameOf(name)), 0).name).toBe(name)
  })

  test('letter case survives in wire form', () => {
    expect(textOfWire(wireOfText('WwW.Test') as Buffer)).toBe('WwW.Test')
  })

  test('a constant that is no name is a bug', () => {
    expect(() => nameOf('a..b')).toThrow(TypeError)
  })
})

/** what, message bytes, where the name starts, name or problem, where it ends. */
const wires: readonly [string, string, number, string, number][] = [
  ['a plain name', '000000000000000000000000 0161 0474657374 00', 12, 'a.test', 20],
  ['RFC 1035 §4.1.4: a pointer to the end of a name', `${'00'.repeat(12)} 0474657374 00 0161 c00c`, 18, 'a.test', 22],
  ['RFC 1035 §4.1.4: a pointer alone', `${'00'.repeat(12)} 0474657374 00 c00c`, 18, 'test', 20],
  ['RFC 1035 §4.1.4: a pointer to a pointer', `${'00'.repeat(12)} 0474657374 00 0161 c00c c012`, 22, 'a.test', 24],
]

describe('names in messages', () => {
  test.each(wires)('%s', (_what, bytes, at, name, end) => {
    expect(readName(hex(bytes), at)).toEqual({ name, end })
    expect(skipName(hex(bytes), at)).toBe(end)
  })

  test.each([
    ['a pointer to itself', `${'00'.repeat(12)} c00c`, 12],
    ['two pointers to each other', `${'00'.repeat(12)} c00e c00c`, 12],
    ['a pointer to the name it ends', `${'00'.repeat(12)} 0161 c00c`, 12],
    ['a pointer forwards', `${'00'.repeat(12)} c00e 0161 00`, 12],
    ['a pointer into the header', `0161 00 ${'00'.repeat(9)} c000`, 12],
    ['half a pointer', `${'00'.repeat(12)} c0`, 12],
    ['a label that runs past the end', `${'00'.repeat(12)} 0561`, 12],
    ['no root', `${'00'.repeat(12)} 0161`, 12],
    ['RFC 6891 §5: label type 01', `${'00'.repeat(12)} 4100`, 12],
    ['label type 10', `${'00'.repeat(12)} 8100`, 12],
    ['256 bytes', `${'00'.repeat(12)} ${`3f${'61'.repeat(63)}`.repeat(4)} 00`, 12],
    ['no byte at all', '00', 1],
  ])('FormError: %s', (_what, bytes, at) => {
    expect(() => expandName(hex(bytes), at)).toThrow(FormError)
  })

  test('a chain of pointers is followed in bounded time, however long the message', () => {
    const message = Buffer.alloc(16_000)
    for (let at = 14; at < message.length; at += 2) message.writeUInt16BE(0xc000 | (at - 2), at)
    expect(readName(message, message.length - 2).name).toBe(ROOT)
  })

  test('a name that grows through a pointer keeps its limit', () => {
    const half = `3f${'61'.repeat(63)}`.repeat(2)
    const message = hex(`${'00'.repeat(12)} ${half} 00 ${half} c00c`)
    expect(() => expandName(message, 141)).toThrow(FormError)
  })
})

describe('labels', () => {
  test.each([
    ['R-ROUTE-8: below', 'a.corp.test', 'corp.test', true],
    ['R-ROUTE-8: the domain itself', 'corp.test', 'corp.test', true],
    ['R-ROUTE-8: whole labels only', 'mycorp.test', 'corp.test', false],
    ['R-ROUTE-8: not above', 'test', 'corp.test', false],
    ['everything is below the root', 'a.test', '.', true],
    ['the root is below nothing else', '.', 'test', false],
    ['an escaped dot is no boundary', 'a\\.corp.test', 'corp.test', false],
    ['a dot after an escaped backslash is one', 'a\\\\.corp.test', 'corp.test', true],
    ['and after one and a half it is none', 'a\\\\\\.corp.test', 'corp.test', false],
  ])('%s', (_rule, name, domain, expected) => {
    expect(isWithin(nameOf(name), nameOf(domain))).toBe(expected)
  })

  test.each([
    ['.', [], undefined, false],
    ['test', ['test'], '.', true],
    ['a.b.test', ['a', 'b', 'test'], 'b.test', false],
    ['a\\.b', ['a\\.b'], '.', true],
    ['a\\.b.test', ['a\\.b', 'test'], 'test', false],
    ['a\\\\.test', ['a\\\\', 'test'], 'test', false],
    ['\\000\\.x.y', ['\\000\\.x', 'y'], 'y', false],
  ] as const)('labels of %s', (text, labels, parent, isSingle) => {
    const name = nameOf(text)
    expect(labelsOf(name)).toEqual(labels)
    expect(parentOf(name)).toBe(parent)
    expect(isSingleLabel(name)).toBe(isSingle)
  })

  test('names are put together as far as they fit', () => {
    expect(concatNames(nameOf('a'), nameOf('b.test'))).toBe('a.b.test')
    expect(concatNames(nameOf('a'), ROOT)).toBe('a')
    expect(concatNames(ROOT, nameOf('a'))).toBe('a')
    expect(concatNames(nameOf('a'), nameOf(LONGEST))).toBeUndefined()
  })
})
