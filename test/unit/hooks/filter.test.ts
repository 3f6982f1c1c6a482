import { expect, test } from 'vitest'
import { EVERY_NAME, passes, readFilter } from '../../../src/hooks/filter.ts'
import { nameOf } from '../../../src/wire/index.ts'

/** rule, the reply of QueryFilter, names that pass, names that do not */
const cases: readonly [string, Readonly<Record<string, unknown>>, string[], string[]][] = [
  ['H-FIL-2: nothing said, every name', {}, ['a.test', 'localhost', '.'], []],
  ['H-FIL-2: no domain, no name', { filterDomains: [] }, [], ['a.test', '.']],
  [
    'H-FIL-2: the name itself and below',
    { filterDomains: ['Lan.test'] },
    ['lan.test', 'a.b.lan.test'],
    ['xlan.test', 'test'],
  ],
  ['H-FIL-2: one of several', { filterDomains: ['a', 'b.'] }, ['a', 'x.b'], ['c']],
  ['H-FIL-2: the root holds all', { filterDomains: ['.'] }, ['a', 'b.test', '.'], []],
  ['H-FIL-2: least labels', { filterLabelsMin: 2 }, ['a.b'], ['a', '.']],
  ['H-FIL-2: most labels', { filterLabelsMax: 1 }, ['a', '.'], ['a.b']],
  [
    'H-FIL-2: both must hold',
    { filterDomains: ['test'], filterLabelsMin: 2, filterLabelsMax: 2 },
    ['a.test'],
    ['test', 'a.b.test', 'a.b'],
  ],
  ['H-FIL-1: members of later versions', { filterDomains: ['a'], somethingNew: 7 }, ['a'], ['b']],
]

test.each(cases)('%s', (_rule, reply, yes, no) => {
  const filter = readFilter(reply) ?? EVERY_NAME
  const passing = [...yes, ...no].filter((name) => passes(filter, nameOf(name)))
  expect(passing).toEqual(yes)
})

test.each([
  ['a domain that is no name', { filterDomains: [`${'x'.repeat(64)}.test`] }],
  ['domains that are no list', { filterDomains: 'test' }],
  ['a count that is no number', { filterLabelsMin: '2' }],
])('H-FIL-3: %s cannot be read', (_what, reply) => {
  expect(readFilter(reply)).toBeUndefined()
})
