import { expect, test } from 'vitest'
import { readNegativeTrustAnchors } from '../../../src/settings/index.ts'
import { warningText } from '../../../src/settings/index.ts'
import { nameOf } from '../../../src/wire/index.ts'

const read = (...texts: readonly string[]) => {
  const files = texts.map((text, i) => ({ path: `/etc/dnssec-trust-anchors.d/${i}.negative`, text }))
  const { anchors, warnings } = readNegativeTrustAnchors(files)
  return { anchors, warnings: warnings.map(warningText) }
}

test('R-SEC-4: one domain a line, of all files, remarks behind ;', () => {
  expect(read('; ours\nCorp.Example.\n\n  lab.test\r\n', 'lab.test\nother.test')).toEqual({
    anchors: ['corp.example', 'lab.test', 'other.test'],
    warnings: [],
  })
})

test('R-SEC-4: a bad line is a warning that names it, and loses only itself', () => {
  expect(read('a..b\none.test ; two\n# no remark\nok.test')).toEqual({
    anchors: ['ok.test'],
    warnings: [
      '/etc/dnssec-trust-anchors.d/0.negative:1: "a..b" is not one domain, ignoring the line.',
      '/etc/dnssec-trust-anchors.d/0.negative:2: "one.test ; two" is not one domain, ignoring the line.',
      '/etc/dnssec-trust-anchors.d/0.negative:3: "# no remark" is not one domain, ignoring the line.',
    ],
  })
})

test.each([[[]], [['; nothing here\n']], [['a..b']]])('R-SEC-5: without any domain (%j) the usual ones', (texts) => {
  expect(read(...texts).anchors).toContain('home.arpa')
})

test('a list without end is cut', () => {
  const { anchors, warnings } = read(Array.from({ length: 65_540 }, (_, i) => `d${i}`).join('\n'))
  expect(anchors).toHaveLength(65_536)
  expect(warnings).toHaveLength(4)
})

test('S-NTA-2: a positive anchor for just that domain takes it from the usual ones, and from no list of files', () => {
  const anchored = new Set(['home.arpa', 'internal'].map(nameOf))
  const { anchors } = readNegativeTrustAnchors([], anchored)
  expect(anchors).not.toContain('home.arpa')
  expect(anchors).toContain('corp')
  expect(readNegativeTrustAnchors([{ path: '/a', text: 'internal' }], anchored).anchors).toEqual(['internal'])
})
