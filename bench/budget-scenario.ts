import { inside } from '../test/lab/kit/world.ts'
import { dnsperf } from './dnsperf.ts'
import { missing, subject } from './load-scenarios.ts'
import { debianProgram } from './packages.ts'
import { loadPeers } from './peers.ts'
import { newNames } from './questions.ts'
import type { Bench, Figures, Scenario } from './scenario.ts'
import type { Scene } from './scene.ts'

/** Few enough for the young generation below to hold what they allocate: nothing is collected, so the heap's growth is all. */
const MISSES = 400
const CALLS = '/run/lab/calls'
const PROBED = ['--require', `${inside.repo}/bench/probe.cjs`]
const UNCOLLECTED = ['--min-semi-space-size=64', '--max-semi-space-size=64']

/**
 * What a miss takes, counted instead of timed. One question after the other. Not quite the same on a busy machine: looks at
 * files come by time, so that a slow run counts more of them for each question.
 */
export function budget(bench: Bench): Scenario {
  const open = (flags: readonly string[], measure: (scene: Scene) => Promise<Figures>) => async () => {
    const { ours } = await loadPeers([...bench.options.nodeFlags, ...flags], bench.peers.ours.placing)
    const { scene } = await missing(ours, { cacheSize: 4096 })
    return subject(scene, () => measure(scene))
  }
  const row = (name: string, title: string, flags: readonly string[], measure: (scene: Scene) => Promise<Figures>) => ({
    name,
    title,
    peer: 'ours' as const,
    open: open(flags, measure),
  })
  return {
    name: 'budget',
    title: 'What one miss takes, one question after the other',
    columns: [
      { key: 'bytes', title: 'heap B', digits: 0 },
      { key: 'promises', title: 'promises', digits: 1 },
      { key: 'others', title: 'timers, ticks', digits: 1 },
      { key: 'systemCalls', title: 'system calls', digits: 2 },
    ],
    rows: [
      row('heap', 'bytes allocated', [...PROBED, ...UNCOLLECTED], bytesEach),
      row('made', 'promises and timers', PROBED, madeEach),
      row('calls', 'system calls', [], callsEach),
    ],
  }
}

/** The probe's own work is in both differences. */
async function bytesEach(scene: Scene): Promise<Figures> {
  const grown = async (count: number) => {
    const questions = await newNames(scene, count)
    const before = Number(await told(scene, 'heap'))
    await oneByOne(scene, questions)
    return Number(await told(scene, 'heap')) - before
  }
  await grown(1)
  const few = await grown(MISSES / 4)
  return { bytes: ((await grown(MISSES)) - few) / (MISSES - MISSES / 4) }
}

async function madeEach(scene: Scene): Promise<Figures> {
  const questions = await newNames(scene, MISSES)
  await told(scene, 'made')
  await oneByOne(scene, questions)
  const made = JSON.parse(await told(scene, 'made')) as Record<string, number>
  const promises = made['PROMISE'] ?? 0
  const all = Object.values(made).reduce((sum, count) => sum + count, 0)
  return { promises: promises / MISSES, others: (all - promises) / MISSES }
}

async function callsEach(scene: Scene): Promise<Figures> {
  const questions = await newNames(scene, MISSES)
  const strace = await debianProgram('strace')
  const words = ['sh', '-c', 'exec "$@" 2>&1', 'sh', ...strace, '-f', '-c', '-o', CALLS, '-p', String(scene.server.pid)]
  const counting = await scene.world.start('strace', words, { until: /attached/ })
  await oneByOne(scene, questions)
  await counting.stop('SIGINT')
  const total = /^100\.00\s+\S+\s+\S*\s+(\d+)\s.*total/m.exec(await scene.world.run(['cat', CALLS]))
  return { systemCalls: Number(total?.[1]) / MISSES }
}

async function oneByOne(scene: Scene, questions: string): Promise<void> {
  const load = await dnsperf(scene, { questions, seconds: 60, once: true, clients: 1, underWay: 1 })
  if (load.lost > 0 || load.failed > 0) throw new Error(`${load.lost} questions were lost, ${load.failed} failed`)
}

function told(scene: Scene, what: string): Promise<string> {
  return scene.world.run(['curl', '-sS', '--unix-socket', '/run/lab/probe.sock', `http://probe/${what}`])
}
