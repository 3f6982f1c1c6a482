import { expect, test } from 'vitest'
import { RoutedDomains } from '../../../src/routing/index.ts'
import { parseDomain } from '../../../src/settings/index.ts'
import { isWithin, labelCount, nameOf } from '../../../src/wire/index.ts'

const FEW = ['~corp.test', '~a.corp.test', 'test']
const MANY = [...FEW, 'x', 'y\\.z.test', ...Array.from({ length: 100 }, (_, i) => `~d${i}.corp.test`)]
const NAMES = [
  '.',
  'test',
  'corp.test',
  'www.corp.test',
  'b.a.corp.test',
  'www.d7.corp.test',
  'xd7.corp.test',
  'com',
  'x',
]

test.each([
  ['a few', FEW],
  ['many', MANY],
  ['many, and all', [...MANY, '~.']],
])('R-ROUTE-8: the longest of %s domains', (_, texts) => {
  const domains = texts.map(parseDomain)
  const routed = new RoutedDomains(domains)
  for (const text of [...NAMES, 'w.y\\.z.test', 'z.test', 'y\\.z.test']) {
    const name = nameOf(text)
    const matches = domains.map((domain) => domain.name).filter((domain) => isWithin(name, domain))
    expect(routed.longestMatch(name)).toBe(matches.toSorted((a, b) => labelCount(b) - labelCount(a))[0])
  }
})

test('R-ROUTE-6: search domains complete names; the root and route-only domains do not', () => {
  const completes = (...texts: string[]) => new RoutedDomains(texts.map(parseDomain)).completesNames
  expect([completes('test'), completes('~test'), completes('.'), completes()]).toEqual([true, false, false, false])
})
