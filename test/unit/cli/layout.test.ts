import { describe, expect, it } from 'vitest'
import { alignRows, formatJson, timeSpan, wrapWords } from '../../../src/cli/terminal/layout.ts'

describe('C-Q-6: time spans', () => {
  it.each([
    [0, '0'],
    [1, '1us'],
    [572, '572us'],
    [1000, '1ms'],
    [1849, '1.8ms'],
    [2099, '2ms'],
    [999_999, '999.9ms'],
    [1_000_000, '1s'],
    [1_234_567, '1.2345s'],
    [59_999_999, '59.9999s'],
    [60_000_000, '1min'],
    [62_345_678, '1min 2.3456s'],
  ])('%i us', (micros, text) => expect(timeSpan(micros)).toBe(text))
})

describe('wrapping', () => {
  it('C-P-2: breaks between words and indents what follows', () => {
    expect(wrapWords('Global:', ['aaaa', 'bbbb', 'cccc'], 8, 17)).toBe('Global: aaaa bbbb\n        cccc')
  })

  it('keeps a word that fits nowhere whole', () => {
    expect(wrapWords('L:', ['a'.repeat(30), 'b'], 4, 20)).toBe(`L:\n    ${'a'.repeat(30)}\n    b`)
  })

  it('gives the heading alone for an empty list', () =>
    expect(wrapWords('Link 2 (w1):', [], 8, 80)).toBe('Link 2 (w1):'))

  it('C-S-3: labels align on their colon, at least as wide as asked', () => {
    const rows = [
      { label: 'A', value: 'x' },
      { label: 'Long', value: ['y', 'z'] },
    ]
    expect(alignRows(rows, 80)).toEqual(['   A: x', 'Long: y z'])
    expect(alignRows(rows, 80, 8)).toEqual(['      A: x', '   Long: y z'])
  })
})

describe('JSON', () => {
  const value = { a: 1, b: [1, { c: 'x' }], d: {}, e: [], f: undefined, g: null }

  it('short', () => expect(formatJson(value, 'short')).toBe('{"a":1,"b":[1,{"c":"x"}],"d":{},"e":[],"g":null}'))

  it('pretty', () => {
    const lines = ['{', '\t"a" : 1,', '\t"b" : [', '\t\t1,', '\t\t{', '\t\t\t"c" : "x"', '\t\t}', '\t],', '\t"d" : {},']
    expect(formatJson(value, 'pretty')).toBe([...lines, '\t"e" : [],', '\t"g" : null', '}'].join('\n'))
  })
})
