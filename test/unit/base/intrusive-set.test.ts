import { expect, test } from 'vitest'
import { IntrusiveSet, type IntrusiveMember, NOT_A_MEMBER, TransientMap } from '../../../src/base/index.ts'

const member = (name: string): IntrusiveMember & { readonly name: string } => ({ name, setIndex: NOT_A_MEMBER })
const [ada, bob, cyd] = [member('ada'), member('bob'), member('cyd')] as const

test('members come and go in any order', () => {
  const set = new IntrusiveSet<typeof ada>()
  for (const each of [ada, bob, cyd]) set.add(each)
  expect(set.delete(ada)).toBe(true)
  expect([...set].map(({ name }) => name)).toEqual(['cyd', 'bob'])
  expect([ada, bob, cyd].map((each) => set.has(each))).toEqual([false, true, true])
  expect(set.delete(ada)).toBe(false)
  set.add(ada)
  expect(set.size).toBe(3)
  for (const each of [bob, ada, cyd]) expect(set.delete(each)).toBe(true)
  expect(set.size).toBe(0)
})

test('members may leave during iteration', () => {
  const set = new IntrusiveSet<typeof ada>()
  for (const each of [ada, bob, cyd]) set.add(each)
  const seen: string[] = []
  for (const each of set) {
    seen.push(each.name)
    set.delete(each)
  }
  expect(seen).toEqual(['ada', 'bob', 'cyd'])
  expect(set.size).toBe(0)
})

test('a member of one set is not in another', () => {
  const [here, there] = [new IntrusiveSet<typeof ada>(), new IntrusiveSet<typeof ada>()]
  here.add(ada)
  there.add(bob)
  expect(there.has(ada)).toBe(false)
  expect(there.delete(ada)).toBe(false)
  expect(here.has(ada)).toBe(true)
})

test('a passing map is a map', () => {
  const map = new TransientMap<string, number>()
  map.set('a', 1)
  map.set('b', 2)
  map.set('a', 3)
  expect(map.entries()).toEqual([
    ['a', 3],
    ['b', 2],
  ])
  expect([map.get('a'), map.get('x'), map.has('b'), map.size]).toEqual([3, undefined, true, 2])
  expect([map.delete('a'), map.delete('a'), map.get('a')]).toEqual([true, false, undefined])
  map.clear()
  expect([map.size, map.entries()]).toEqual([0, []])
})
