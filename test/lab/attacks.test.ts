import { expect, test } from 'vitest'
import { original } from './kit/lab.ts'
import { Siege } from './kit/attack.ts'

/** Milliseconds of the daemon's own work between a question for a cached name and its answer. */
const PROMPT = 20
/** Milliseconds for which the daemon may not come to read its sockets. */
const LONGEST_TURN = 10

test.skipIf(original)('10,000 new names a second: cached answers had to wait seconds, and two of three were lost', async () => {
  await using siege = await Siege.open()
  const flood = siege.flood({ rate: 10_000, seconds: 5 })
  const polite = await siege.polite(4)
  console.log(polite, await flood, await siege.longestTurn())
  expect(polite).toMatchObject({ lost: 0, failed: 0 })
  expect(polite.work99).toBeLessThan(PROMPT)
  expect((await siege.longestTurn()).took).toBeLessThan(LONGEST_TURN)
  expect(await flood).toBeGreaterThan(0)
})
