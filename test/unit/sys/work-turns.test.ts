import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { TurnWatch, type Work, WorkTurns } from '../../../src/sys/index.ts'
import { hurrying } from '../../kit/fake-clock.ts'

function workOf(label: string, steps: number, did: (label: string) => unknown): Work {
  let left = steps
  const step = () => {
    did(label)
    return --left > 0
  }
  return { label, step }
}

test('50 connections with work had a share of each turn each: now all have one share, step by step', async () => {
  const turns = new WorkTurns(hurrying())
  const done: string[] = []
  for (let i = 0; i < 50; i++) turns.add(workOf(`c${i}`, 2, (label) => done.push(label)))
  expect(done).toEqual([])
  await nextTurn()
  await nextTurn()
  expect(done.length).toBeGreaterThan(0)
  expect(done.length).toBeLessThan(10)
  for (let turn = 0; turn < 200; turn++) await nextTurn()
  const round = Array.from({ length: 50 }, (_, i) => `c${i}`)
  expect(done).toEqual([...round, ...round])
  expect(turns.isIdle).toBe(true)
})

test('what a step begins with promises is part of it', async () => {
  const turns = new WorkTurns({ now: () => 0 })
  const order: string[] = []
  const begin = async (label: string) => {
    for (let i = 0; i < 5; i++) await Promise.resolve()
    order.push(label)
  }
  turns.add(workOf('a', 2, begin))
  turns.add(workOf('b', 1, begin))
  await nextTurn()
  await nextTurn()
  expect(order).toEqual(['a', 'b', 'a'])
})

test('a step that fails is a bug of its owner alone', async () => {
  const failures: unknown[] = []
  const onFailure = (error: unknown) => void failures.push(error)
  const others = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException').on('uncaughtException', onFailure)
  const turns = new WorkTurns(hurrying())
  let steps = 0
  turns.add({
    label: 'broken',
    step: () => {
      throw new Error('broken')
    },
  })
  turns.add(workOf('whole', 3, () => steps++))
  for (let turn = 0; turn < 20; turn++) await nextTurn()
  process.removeAllListeners('uncaughtException')
  for (const other of others) process.on('uncaughtException', other)
  expect(failures).toHaveLength(1)
  expect(steps).toBe(3)
})

test('a flood began more questions in a turn than it finished, and all of them were copied by each collection', async () => {
  let isBehind = true
  const turns = new WorkTurns({ now: () => 0 }, undefined, () => isBehind)
  let steps = 0
  let checked = 0
  turns.add({ ...workOf('questions', 100, () => steps++), isBeginning: true })
  const checks = workOf('checks of signatures', 50, () => checked++)
  turns.add(checks)
  for (let turn = 1; turn <= 3; turn++) {
    await nextTurn()
    expect([steps, checked]).toEqual([turn, 50])
  }
  isBehind = false
  await nextTurn()
  await nextTurn()
  expect(steps).toBe(100)
})

test('whoever waits for a turn gets one, and what is removed gets none', async () => {
  const turns = new WorkTurns(hurrying())
  let steps = 0
  const removed = workOf('removed', 1, () => steps++)
  turns.add(removed)
  turns.remove(removed)
  await Promise.all([turns.turn(), turns.turn()])
  expect(steps).toBe(0)
})

test('who may go on at once does so for a millisecond of each turn of the event loop', async () => {
  let now = 0
  const turns = new WorkTurns({ now: () => now })
  expect([turns.mayGoOn(), turns.mayGoOn()]).toEqual([true, true])
  now = 1.5
  expect(turns.mayGoOn()).toBe(false)
  await turns.turn()
  await nextTurn()
  await nextTurn()
  expect(turns.mayGoOn()).toBe(true)
})

test('who went on at once for a whole turn leaves the next one to those who wait', async () => {
  let now = 0
  const turns = new WorkTurns({ now: () => now })
  const done: string[] = []
  turns.add(workOf('waiting', 1, (label) => done.push(label)))
  expect(turns.mayGoOn()).toBe(true)
  now = 2.5
  await nextTurn()
  expect([...done, turns.mayGoOn()]).toEqual([false])
  await nextTurn()
  expect([...done, turns.mayGoOn()]).toEqual(['waiting', true])
})

test('the longest turn is told with what most of it was spent on', async () => {
  const watch = new TurnWatch(undefined)
  const turns = new WorkTurns({ now: () => performance.now() }, watch)
  const busy = (milliseconds: number) => () => {
    for (const end = performance.now() + milliseconds; performance.now() < end; );
  }
  turns.add(workOf('short', 1, busy(0.1)))
  turns.add(workOf('long', 1, busy(20)))
  for (let turn = 0; turn < 5; turn++) await nextTurn()
  const [longest] = watch.longest
  expect(longest?.what).toBe('long')
  expect(longest?.took).toBeGreaterThanOrEqual(20)
  watch.reset()
  expect(watch.longest).toEqual([])
})
