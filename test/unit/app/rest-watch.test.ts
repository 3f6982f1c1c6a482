import { expect, test } from 'vitest'
import { RestWatch } from '../../../src/app/rest-watch.ts'
import { FakeClock } from '../../kit/fake-clock.ts'

function watched() {
  const clock = new FakeClock()
  const memory = { givenBack: 0 }
  const watch = new RestWatch(clock, () => memory.givenBack++)
  return { clock, memory, watch }
}

test('memory that work took is given back when there has been none for five seconds, once', async () => {
  const { clock, memory, watch } = watched()
  for (let second = 0; second < 60; second++) {
    watch.onWork()
    await clock.advance(1000)
  }
  expect(memory.givenBack).toBe(0)
  await clock.advance(3900)
  expect(memory.givenBack).toBe(0)
  await clock.advance(100)
  expect(memory.givenBack).toBe(1)
  await clock.advance(3_600_000)
  expect(memory.givenBack).toBe(1)
})

test('and again after more work', async () => {
  const { clock, memory, watch } = watched()
  for (let time = 1; time <= 3; time++) {
    watch.onWork()
    await clock.advance(10_000)
    expect(memory.givenBack).toBe(time)
  }
})

test('without work no timer runs', async () => {
  const { clock, watch } = watched()
  expect(clock.pending).toBe(0)
  watch.onWork()
  expect(clock.pending).toBe(1)
  await clock.advance(5000)
  expect(clock.pending).toBe(0)
})

test('closed in between, nothing comes of it', async () => {
  const { clock, memory, watch } = watched()
  watch.onWork()
  watch[Symbol.dispose]()
  await clock.advance(10_000)
  expect(memory.givenBack).toBe(0)
})
