import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { envLine, parseEnvFile } from '../../../src/settings/env-file.ts'

const read = (text: string) => Object.fromEntries(parseEnvFile(text))

test.each<[string, string, Record<string, string>]>([
  ['plain', 'A=1\nB=x y  \n', { A: '1', B: 'x y' }],
  ['comments and stray lines', '# A=1\n ;B=2\nnothing\nC=3', { C: '3' }],
  ['empty value', 'A=\nB=2\n', { A: '', B: '2' }],
  ['the last of repeated keys', 'A=1\nA=2\n', { A: '2' }],
  ['double quotes', 'A="x \\" \\n \\$"\nB=1', { A: 'x " \\n $', B: '1' }],
  ['single quotes keep everything', "A='x \\ # '\n", { A: 'x \\ # ' }],
  ['quotes may span lines', 'A="x\ny"\nB=2\n', { A: 'x\ny', B: '2' }],
  ['a backslash joins lines', 'A=x\\\ny\nB=2\n', { A: 'xy', B: '2' }],
  ['escapes outside quotes', 'A=a\\.b\\\\c\\ \n', { A: 'a.b\\c ' }],
  ['unfinished', 'A="x', { A: 'x' }],
])('env file: %s', (_, text, expected) => {
  expect(read(text)).toEqual(expected)
})

test('what we write is read back, and any text is read without an error', { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const value = text
        .replaceAll('\0', '')
        .replace(/[\r\n]/g, ' ')
        .trim()
      expect(read(envLine('KEY', value))).toEqual({ KEY: value })
      parseEnvFile(text)
    }),
  )
})

test('long runs of empty lines or of backslashes take linear time', { timeout: 60_000 }, () => {
  expect(read('\n'.repeat(100_000))).toEqual({})
  expect(read(`A=${'\\'.repeat(100_000)}`)['A']).toHaveLength(50_000)
})
