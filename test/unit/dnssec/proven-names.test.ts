import { describe, expect, test } from 'vitest'
import type { SecureAnswer } from '../../../src/dnssec/index.ts'
import { ChainMemory, ProvenNames } from '../../../src/dnssec/index.ts'
import { SortedMap } from '../../../src/dnssec/sorted-map.ts'
import { CLASS, nameOf, TYPE } from '../../../src/wire/index.ts'
import { SeededRandom } from '../../kit/seeded-random.ts'
import { SignedTree, TEST_TIME } from '../../kit/signed-tree.ts'

const DATA = [
  'b A 192.0.2.1',
  'd.e MX 1 b',
  '*.g A 192.0.2.9',
  '*.h.g TXT "x"',
  'j NS ns.invalid.',
  'k DNAME b',
  'm CNAME b',
]
const TREE = new SignedTree([
  { apex: 'test' },
  { apex: 'nsec.test', records: DATA },
  { apex: 'nsec3.test', records: DATA, denial: 'nsec3' },
  { apex: 'optout.test', records: DATA, denial: 'opt-out' },
  { apex: 'compact.test', records: DATA, denial: 'compact' },
  { apex: 'signed.nsec.test', records: ['b A 192.0.2.7'] },
])
const LABELS = 'a b c d e f g h i j k m z'.split(' ')
const TYPES = ['A', 'MX', 'TXT', 'DS', 'NS', 'SOA'] as const

function randomQuestion(random: SeededRandom): readonly [name: string, type: (typeof TYPES)[number]] {
  const pick = <T>(list: readonly T[]) => list[random.below(list.length)] as T
  const labels = Array.from({ length: 1 + random.below(3) }, () => pick(LABELS))
  const zone = pick(['nsec', 'nsec3', 'optout', 'compact', 'signed.nsec'])
  return [`${labels.join('.')}.${zone}.test`, pick(TYPES)]
}

/** What is said of a name: that it or the type is not there, or data, signatures left out. */
function said({ denied, answer }: Pick<SecureAnswer, 'denied' | 'answer'>): (string | undefined)[] {
  const data = answer.filter(({ type }) => type !== TYPE.RRSIG)
  return [denied, ...data.map(({ name, type, rdata }) => `${name} ${type} ${rdata.toString('hex')}`).toSorted()]
}

test('S-CACHE-4: what follows is what the zone itself says, whatever came before', () => {
  const random = new SeededRandom(5)
  const proven = new ProvenNames<string>()
  const memory = new ChainMemory()
  const [told, truth]: (string | undefined)[][][] = [[], []]
  for (let i = 0; i < 500; i++) {
    const [name, type] = randomQuestion(random)
    const found = proven.answer({ name: nameOf(name), type: TYPE[type], class: CLASS.IN }, TEST_TIME)
    const verdict = TREE.validate(name, type, { memory })
    if (verdict.kind === 'secure') proven.learn(verdict.sets, 'server', TEST_TIME)
    if (found === undefined) continue
    told?.push([name, type, ...said(found)])
    truth?.push([name, type, ...(verdict.kind === 'secure' ? said(verdict) : [verdict.kind])])
  }
  expect(told).toEqual(truth)
  expect(told?.length).toBeGreaterThan(100)
})

describe('S-CACHE-4: what is kept is bounded', () => {
  test('one zone holds about a thousand records, and forgets then', () => {
    const proven = new ProvenNames<string>()
    const names = Array.from({ length: 1100 }, (_none, i) => `n${i}`)
    const tree = new SignedTree([{ apex: 'test', records: ['a A 192.0.2.1'], denial: 'compact' }])
    const memory = new ChainMemory()
    for (const name of names) {
      const verdict = tree.validate(`${name}.test`, 'A', { memory })
      if (verdict.kind === 'secure') proven.learn(verdict.sets, 'server', TEST_TIME)
    }
    const isKnown = (name: string) =>
      proven.answer({ name: nameOf(`${name}.test`), type: TYPE.MX, class: CLASS.IN }, TEST_TIME) !== undefined
    const known = names.filter(isKnown).length
    expect(known).toBeGreaterThan(0)
    expect(known).toBeLessThanOrEqual(1024)
  })
})

test('a sorted map is a circle', () => {
  const map = new SortedMap<number>()
  expect(map.upTo('a')).toBe(undefined)
  for (const [i, key] of ['m', 'c', 'x', 'c'].entries()) map.set(key, i)
  expect([map.size, map.get('c'), map.get('d')]).toEqual([3, 3, undefined])
  expect(['a', 'c', 'd', 'm', 'z'].map((key) => map.upTo(key))).toEqual([2, 3, 3, 0, 2])
  map.deleteWhere((value) => value === 3)
  expect([map.size, map.upTo('d')]).toEqual([2, 2])
})
