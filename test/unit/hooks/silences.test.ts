import { expect, test } from 'vitest'
import { Silences } from '../../../src/hooks/silences.ts'

test('H-RR-4: a silence leaves it out for 10 s, each further one for twice as long, up to 5 minutes', () => {
  const silences = new Silences()
  let now = 0
  const pauses: number[] = []
  for (let i = 0; i < 7; i++) {
    silences.begin()
    silences.note(now)
    const from = now
    while (silences.isLeftOut(now)) now += 1000
    pauses.push((now - from) / 1000)
  }
  expect(pauses).toEqual([10, 20, 40, 80, 160, 300, 300])
})

test('H-RR-4: questions that were under way together are one silence', () => {
  const silences = new Silences()
  for (let i = 0; i < 5; i++) silences.begin()
  for (let i = 0; i < 5; i++) silences.note(i)
  expect(silences.isLeftOut(9_999)).toBe(true)
  expect(silences.isLeftOut(10_000)).toBe(false)
})

test('H-RR-4: one question alone tries it again, and a reply brings it back', () => {
  const silences = new Silences()
  silences.note(0)
  expect(silences.isLeftOut(10_000)).toBe(false)
  silences.begin()
  expect(silences.isLeftOut(10_000)).toBe(true)
  silences.end(true)
  expect(silences.isLeftOut(10_000)).toBe(false)
})

test('a question that was given up while it tried the hook lets the next one try', () => {
  const silences = new Silences()
  silences.note(0)
  silences.begin()
  silences.end(false)
  expect(silences.isLeftOut(10_000)).toBe(false)
})
