import * as fc from 'fast-check'
import { decode } from 'ini'
import { expect, test } from 'vitest'
import { parseUnitFile } from '../../../src/settings/unit-file.ts'

const parse = (text: string) => parseUnitFile({ path: 'f.conf', text })
const short = (text: string) => parse(text).assignments.map((a) => `${a.line} [${a.section}] ${a.key}=${a.value}`)

test.each<[string, string, string[]]>([
  ['repeated keys stay in order', '[R]\nDNS=a\nX=1\nDNS=b\n', ['2 [R] DNS=a', '3 [R] X=1', '4 [R] DNS=b']],
  ['# and ; inside a value are text', '[R]\nDNS=192.0.2.1#a.example;b #c\n', ['2 [R] DNS=192.0.2.1#a.example;b #c']],
  ['comments only at the start of a line', '# x\n[R]\n ; y\nA=1\n', ['4 [R] A=1']],
  [
    'a final backslash continues, comments between vanish',
    '[R]\nA=1 \\\n# no\n  2\nB=3',
    ['2 [R] A=1    2', '5 [R] B=3'],
  ],
  ['a continuation may end the file', '[R]\nA=1\\', ['2 [R] A=1']],
  ['two backslashes do not continue', '[R]\nA=1\\\\\nB=2', ['2 [R] A=1\\\\', '3 [R] B=2']],
  ['words stay text', '[R]\nA=true\nB=null\nC=\nD', ['2 [R] A=true', '3 [R] B=null', '4 [R] C=']],
  ['quotes stay', `[R]\nA="x y"\nB='z'\nC="a" "b"`, ['2 [R] A="x y"', "3 [R] B='z'", '4 [R] C="a" "b"']],
  ['a value may hold =', '[R]\nA = b=c \n', ['2 [R] A=b=c']],
  ['a section may come again, in file order', '[R]\nA=1\n[S]\nB=2\n[R]\nC=3', ['2 [R] A=1', '4 [S] B=2', '6 [R] C=3']],
  [
    'keys and sections that mean something to others',
    '[a.b]\nX[]=1\n__proto__=2\n[R]\nY=1',
    ['2 [a.b] X[]=1', '3 [a.b] __proto__=2', '5 [R] Y=1'],
  ],
  ['CRLF and a byte order mark', '\ufeff[R]\r\nA=1\r\nB=2\r\n', ['2 [R] A=1', '3 [R] B=2']],
])('R-CONF-1 syntax: %s', (_, text, expected) => {
  expect(short(text)).toEqual(expected)
})

test.each<[string, string, number, RegExp]>([
  ['assignment before any section', 'A=1\n[R]\n', 1, /outside/],
  ['no equals sign', '[R]\nDNS 192.0.2.1\n', 2, /Key=value/],
  ['no key', '[R]\n=1\n', 2, /Key=value/],
  ['broken header', '[R\nA=1', 1, /section header/],
  ['bytes that are not UTF-8', '[R]\nA=\ufffd\n', 2, /UTF-8/],
  ['a line separator', '[R]\nA=1\u20282\n', 2, /UTF-8/],
])('a broken line loses only itself: %s', (_, text, line, message) => {
  const { warnings, assignments } = parse(`${text}\n[Good]\nB=2\n`)
  expect(warnings[0]).toMatchObject({ file: 'f.conf', line, message: expect.stringMatching(message) as string })
  expect(assignments.at(-1)).toMatchObject({ section: 'Good', key: 'B', value: '2' })
})

test('any text is read without an error, and any plain value survives', { timeout: 60_000 }, () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parse(text)))
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('[', ']', '=', '#', ';', '\\', '"', "'", '\n', ' ', 'a', '.'), { maxLength: 40 }),
      (chars) => void parse(`[R]\n${chars.join('')}`),
    ),
  )
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0x21, max: 0x7e }), { maxLength: 30 }), (codes) => {
      const value = `${String.fromCharCode(...codes)}x` // a final backslash would be a continuation
      expect(parse(`[R]\nA=${value}`).assignments[0]?.value).toBe(value)
    }),
  )
})

test('files without what the two languages differ in are read as ini reads them', { timeout: 60_000 }, () => {
  const word = fc.stringMatching(/^[A-Z][A-Za-z]{0,8}$/)
  const value = fc.stringMatching(/^[a-z0-9~.:%/][a-z0-9~.:%/ ]{0,12}x$/)
  const pad = fc.constantFrom('', ' ', '\t')
  const assignments = fc.uniqueArray(fc.tuple(word, pad, pad, value), { selector: ([key]) => key, minLength: 1 })
  const sections = fc.uniqueArray(fc.tuple(word, assignments), { selector: ([name]) => name })
  fc.assert(
    fc.property(sections, fc.constantFrom('\n', '\r\n', '\n# remark\n', '\n\n'), (file, end) => {
      const lines = file.flatMap(([name, body]) => [
        `[${name}]`,
        ...body.map(([key, before, after, text]) => `${key}${before}=${after}${text}`),
      ])
      const read: Record<string, Record<string, string>> = {}
      for (const { section, key, value: text } of parse(lines.join(end)).assignments) (read[section] ??= {})[key] = text
      expect(read).toEqual(decode(lines.join(end)))
    }),
  )
})

test('long runs of backslashes and of continued lines are read in linear time', { timeout: 60_000 }, () => {
  expect(short(`[R]\nA=${'\\'.repeat(100_000)}x`)).toHaveLength(1)
  expect(short(`[R]\nA=${'a\\\n'.repeat(50_000)}`)).toHaveLength(1)
})
