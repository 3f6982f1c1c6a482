import { subject } from './load-scenarios.ts'
import { ZONE } from './questions.ts'
import type { Bench, Figures, Scenario } from './scenario.ts'
import { Scene } from './scene.ts'
import { type Pace, steady } from './steady.ts'

const CACHE = 20_000
/** So often as many names as the cache holds come and go: after a quarter of the time it is full, whatever the length. */
const FILLINGS = 8
const MINUTE = 60

/** Whether memory grows while names come and go, for `--minutes` at `--rate`. */
export function hour({ options: { minutes, rate }, peers }: Bench): Scenario {
  const names = Math.ceil((FILLINGS * CACHE) / minutes)
  return {
    name: 'hour',
    title: `${minutes} minutes at ${rate.toLocaleString('en')} questions a second, ${names.toLocaleString('en')} other names each minute`,
    isLong: true,
    columns: [
      { key: 'idle', title: 'RSS idle KiB' },
      { key: 'quarter', title: 'after a quarter' },
      { key: 'half', title: 'after half' },
      { key: 'rss', title: 'at the end' },
      { key: 'most', title: 'most of all' },
      { key: 'growth', title: 'end / quarter', digits: 3 },
      { key: 'p99', title: 'p99 µs, worst minute' },
      { key: 'lost', title: 'lost' },
    ],
    rows: [
      {
        name: 'ours',
        title: peers.ours.title,
        peer: 'ours',
        open: async () => {
          const scene = await Scene.open(peers.ours, { cacheSize: CACHE })
          const idle = await scene.rss()
          return subject(scene, async () => ({
            idle,
            ...(await followed(scene, minutes, { rate, seconds: MINUTE, count: names })),
          }))
        },
      },
    ],
  }
}

async function followed(scene: Scene, minutes: number, pace: Omit<Pace, 'zone'>): Promise<Figures> {
  const held: number[] = []
  let [lost, p99] = [0, 0]
  for (let minute = 0; minute < minutes; minute++) {
    const found = await steady(scene, { ...pace, zone: `h${minute}.${ZONE}` })
    held.push(await scene.rss())
    lost += found.lost
    p99 = Math.max(p99, found.p99)
  }
  const at = (share: number) => held[Math.ceil(held.length * share) - 1] ?? NaN
  const [quarter, half, rss] = [at(1 / 4), at(1 / 2), at(1)]
  return { quarter, half, rss, most: Math.max(...held), growth: rss / quarter, lost, p99 }
}
