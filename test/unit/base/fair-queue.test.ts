import { expect, test } from 'vitest'
import { FairQueue } from '../../../src/base/index.ts'

function queueOf(max: number, ...waiting: readonly string[]): FairQueue<string> {
  const queue = new FairQueue<string>(max)
  for (const item of waiting) queue.push(item, item.slice(0, -1).split(' '))
  return queue
}

function all(queue: FairQueue<string>): string[] {
  return Array.from({ length: queue.size }, () => queue.shift() as string)
}

test('groups take turns, and the groups within each; in the smallest the oldest comes first', () => {
  expect(all(queueOf(99, 'a1', 'a2', 'a3', 'b1', 'b2', 'c1'))).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3'])
  expect(all(queueOf(99, 'a x1', 'a x2', 'a x3', 'a y1', 'b z1'))).toEqual(['a x1', 'b z1', 'a y1', 'a x2', 'a x3'])
})

test('one group alone gets half of the places, two get a third each, and there is room for one more', () => {
  const queue = new FairQueue<string>(12)
  const fill = (group: string) => {
    let count = 0
    for (; queue.hasRoomFor([group]); count++) queue.push(group, [group])
    return count
  }
  expect([fill('a'), fill('b'), fill('c')]).toEqual([6, 3, 2])
  expect(queue.hasRoomFor(['d'])).toBe(true)
  expect(queue.hasRoomFor(['a'])).toBe(false)
})

test('many small groups of one user have no more than the user', () => {
  const queue = new FairQueue<string>(100)
  let count = 0
  for (let i = 0; i < 1000; i++) if (queue.hasRoomFor(['u', `s${i}`])) queue.push(`${count++}`, ['u', `s${i}`])
  expect(count).toBe(50)
  expect(queue.hasRoomFor(['v', 's'])).toBe(true)
})

test('what is cleared is gone, and its places are free', () => {
  const queue = queueOf(4, 'a1', 'b1')
  queue.clear()
  expect([queue.size, queue.shift(), queue.hasRoomFor(['a'])]).toEqual([0, undefined, true])
})
