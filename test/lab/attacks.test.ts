import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Siege } from './kit/attack.ts'
import { eventually } from './kit/eventually.ts'
import { original } from './kit/lab.ts'
import { canGivePriority } from './kit/priority.ts'
import { outcomeOf, within } from './kit/siege-outcome.ts'

/** KiB beside the 32 MiB that `DNSCacheBytes=` allows by default. */
const MOST_MEMORY = (32 + 64) * 1024
/** What is left a minute after a flood, without what is cached, as a multiple of what the daemon took at rest before it. */
const MOST_LEFT = 1.2
/** KiB of what one kind of client may make it hold. */
const MOST_GROWTH = 30_000
/** Milliseconds without work after which V8 has collected the garbage of the work before. */
const UNTIL_IDLE = 25_000

test.skipIf(original || !canGivePriority)(
  '10,000 new names a second: cached answers had to wait seconds, and two of three were lost',
  async () => {
    await using siege = await Siege.open()
    let flood = { sent: 0, noerror: 0 }
    const attack = async () => (flood = await siege.flood({ rate: 10_000, seconds: 5 }))
    expect(await outcomeOf(siege, attack)).toMatchObject(within())
    expect(flood.sent).toBeGreaterThan(45_000)
    expect(flood.noerror).toBeGreaterThan(0)
  },
)

test.skipIf(original || !canGivePriority)('10,000 new names a second took 394 MiB, and 121 for good', async () => {
  await using siege = await Siege.open()
  let [idle, peak] = [0, Infinity]
  for (let round = 0; round < 3 && peak > MOST_MEMORY; round++) {
    await siege.lab.tsresolvectl('flush-caches') // what the warming up left
    await pause(UNTIL_IDLE)
    idle = await siege.rss()
    await siege.forgetPeak()
    await siege.flood({ rate: 10_000, seconds: 5 })
    peak = await siege.peakRss()
  }
  expect(peak).toBeLessThanOrEqual(MOST_MEMORY)
  await siege.lab.tsresolvectl('flush-caches') // what was answered stays for its TTL, within `DNSCacheBytes=`; the rest must go
  await eventually(async () => expect(await siege.rss()).toBeLessThan(MOST_LEFT * idle), { within: 60_000 })
})

test.skipIf(original)('50 TCP clients that pipeline and never read held up everybody for a second', async () => {
  await using siege = await Siege.open()
  const before = await siege.rss()
  await siege.forgetPeak()
  expect(await outcomeOf(siege, () => siege.attack('tcp-unread', 5, 50))).toMatchObject(within())
  expect((await siege.peakRss()) - before).toBeLessThan(MOST_GROWTH)
  expect((await siege.lab.dig('n1.polite.zz', 'A', '+tcp')).data).toEqual(['192.0.2.1'])
})

test.skipIf(original)('200 property dumps in flight on the bus', async () => {
  await using siege = await Siege.open()
  expect(await outcomeOf(siege, () => siege.dumpProperties(5, 200))).toMatchObject(within())
})

test.skipIf(original)('100 varlink clients that pipeline calls', async () => {
  await using siege = await Siege.open()
  expect(await outcomeOf(siege, () => siege.attack('varlink', 5, 100))).toMatchObject(within())
})

test.skipIf(original)('varlink calls of 15 MiB', async () => {
  await using siege = await Siege.open()
  expect(await outcomeOf(siege, () => siege.attack('varlink-large', 5, 20))).toMatchObject(within())
  // So few that the user's share of memory has room for whole ones.
  expect(await outcomeOf(siege, () => siege.attack('varlink-large', 5, 2))).toMatchObject(within())
})

test.skipIf(original)('thousands of sockets that do nothing', async () => {
  await using siege = await Siege.open()
  expect(await outcomeOf(siege, () => siege.attack('tcp-idle', 5, 19_000))).toMatchObject(within())
  expect(await outcomeOf(siege, () => siege.attack('udp-idle', 5, 19_000))).toMatchObject(within())
  expect((await siege.lab.dig('n1.polite.zz', 'A', '+tcp')).data).toEqual(['192.0.2.1'])
})

test.skipIf(original)('a byte at a time over TCP costs no memory to speak of', async () => {
  await using siege = await Siege.open()
  const before = await siege.rss()
  expect(await outcomeOf(siege, () => siege.attack('tcp-bytes', 5, 100))).toMatchObject(within())
  expect((await siege.rss()) - before).toBeLessThan(MOST_GROWTH)
})
