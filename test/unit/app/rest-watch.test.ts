import { expect, test } from 'vitest'
import { RestWatch } from '../../../src/app/rest-watch.ts'
import { FakeClock } from '../../kit/fake-clock.ts'

function watched() {
  const clock = new FakeClock()
  const process = { resident: 100, givenBack: 0 }
  const giveBack = () => {
    process.givenBack++
    process.resident = 105
  }
  const watch = new RestWatch({ clock, resident: () => process.resident, giveBack })
  return { clock, process, watch }
}

test('memory that work took is given back when there has been none for five seconds, once', async () => {
  const { clock, process, watch } = watched()
  process.resident = 150
  for (let second = 0; second < 60; second++) {
    watch.onWork()
    await clock.advance(1000)
  }
  expect(process.givenBack).toBe(0)
  await clock.advance(4000)
  expect(process.givenBack).toBe(1)
  await clock.advance(3_600_000)
  expect(process.givenBack).toBe(1)
})

test('without work no timer runs', async () => {
  const { clock, watch } = watched()
  expect(clock.pending).toBe(0)
  watch.onWork()
  expect(clock.pending).toBe(1)
  await clock.advance(5000)
  expect(clock.pending).toBe(0)
})

test('little growth since then is left alone, also what adds up to little', async () => {
  const { clock, process, watch } = watched()
  const work = async (resident: number) => {
    process.resident = resident
    watch.onWork()
    await clock.advance(10_000)
    return process.givenBack
  }
  expect(await work(109)).toBe(0)
  expect(await work(111)).toBe(1)
  expect(await work(115)).toBe(1) // now of 105
  expect(await work(80)).toBe(1)
  expect(await work(89)).toBe(2) // what was freed otherwise is the measure from then on
})

test('closed in between, nothing comes of it', async () => {
  const { clock, process, watch } = watched()
  process.resident = 150
  watch.onWork()
  watch[Symbol.dispose]()
  await clock.advance(10_000)
  expect(process.givenBack).toBe(0)
})
