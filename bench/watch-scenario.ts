import { inside } from '../test/lab/kit/world.ts'
import { dnsperf, type LoadSpec, measuredLoad } from './dnsperf.ts'
import { MOST_MISSES_PER_SECOND, subject, warm, warmUpMisses } from './load-scenarios.ts'
import { newNames } from './questions.ts'
import type { Bench, Figures, Row, Scenario } from './scenario.ts'
import type { Scene } from './scene.ts'

/** Where the watcher's lines go, to be counted. */
const SEEN = '/run/lab/seen'
/** It has connected. */
const WATCHER_STARTS = 1500

/** What it costs that somebody follows the questions: one process, with and without, by turns. */
export function watched(bench: Bench): Scenario {
  const { seconds } = bench.options
  const row = (name: string, title: string, load: (scene: Scene, known: string) => Promise<LoadSpec>): Row => ({
    name,
    title,
    peer: 'ours',
    open: async () => {
      const { scene, questions } = await warm(bench.peers.ours, { cacheSize: 10_000 }, 1000)
      await warmUpMisses(scene)
      let round = 0
      return subject(scene, async () => {
        const measured = async () => {
          // At first watchers are told more than in the long run.
          await dnsperf(scene, { questions, seconds: 0.5 })
          return measuredLoad(scene, await load(scene, questions))
        }
        const [first, second] = round++ % 2 === 0 ? [alone, whileWatched] : [whileWatched, alone]
        return compared({ ...(await first(scene, measured)), ...(await second(scene, measured)) })
      })
    },
  })
  return {
    name: 'watch',
    title: 'Nobody watches, and `tsresolvectl monitor --clients`',
    columns: [
      { key: 'qps', title: 'q/s' },
      { key: 'watchedQps', title: 'watched' },
      { key: 'qpsRatio', title: 'ratio', digits: 3 },
      { key: 'cpu', title: 'CPU µs/q', digits: 2 },
      { key: 'watchedCpu', title: 'watched', digits: 2 },
      { key: 'cpuRatio', title: 'ratio', digits: 3 },
      { key: 'seen', title: 'shown/s' },
      { key: 'lost', title: 'lost' },
    ],
    rows: [
      row('cached', 'cached, 1,000 names', async (_scene, questions) => ({ questions, seconds })),
      row('misses', 'cold misses', async (scene) => {
        return { questions: await newNames(scene, Math.ceil(MOST_MISSES_PER_SECOND * seconds)), seconds, once: true }
      }),
    ],
  }
}

type Measured = () => Promise<Record<string, number>>

async function alone(_scene: Scene, measured: Measured): Promise<Figures> {
  const { qps = NaN, cpu = NaN, lost = NaN } = await measured()
  return { qps, cpu, lost }
}

async function whileWatched(scene: Scene, measured: Measured): Promise<Figures> {
  const words = [inside.node, `${inside.repo}/dist/cli/main.js`, 'monitor', '--clients', '--json=short']
  const watcher = await scene.world.start('monitor', ['sh', '-c', `exec "$@" >${SEEN}`, 'sh', ...words])
  try {
    await new Promise((resolve) => setTimeout(resolve, WATCHER_STARTS))
    const startedAt = performance.now()
    const { qps = NaN, cpu = NaN, lost = NaN } = await measured()
    const took = (performance.now() - startedAt) / 1000
    const lines = Number((await scene.world.run(['wc', '-l', SEEN])).split(' ')[0])
    if (lines === 0) throw new Error('the watcher saw nothing')
    return { watchedQps: qps, watchedCpu: cpu, watchedLost: lost, seen: lines / took }
  } finally {
    await watcher.stop()
  }
}

function compared(figures: Figures): Figures {
  const { qps = NaN, watchedQps = NaN, cpu = NaN, watchedCpu = NaN, lost = NaN, watchedLost = NaN } = figures
  return { ...figures, qpsRatio: watchedQps / qps, cpuRatio: watchedCpu / cpu, lost: lost + watchedLost }
}
