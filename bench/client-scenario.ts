import { inside } from '../test/lab/kit/world.ts'
import { subject, warm } from './load-scenarios.ts'
import { ZONE } from './questions.ts'
import type { Bench, Figures, Scenario } from './scenario.ts'
import type { Scene } from './scene.ts'

/** Calls in a row, so that one slow start does not count much. */
const CALLS = 10

/** What a call of the client costs, and a program of Node that does nothing, by turns. */
export function client(bench: Bench): Scenario {
  const query = [inside.node, `${inside.repo}/dist/cli/main.js`, 'query', `n1.${ZONE}`]
  return {
    name: 'client',
    title: 'One call of `tsresolvectl query NAME`, and `node -e 0`',
    repeats: 3,
    columns: [
      { key: 'ms', title: 'ms' },
      { key: 'bareMs', title: 'node' },
      { key: 'msRatio', title: 'ratio', digits: 2 },
      { key: 'cpu', title: 'CPU ms' },
      { key: 'bareCpu', title: 'node' },
      { key: 'cpuRatio', title: 'ratio', digits: 2 },
    ],
    rows: [
      {
        name: 'query',
        title: 'query of a cached name',
        peer: 'ours',
        open: async () => {
          const { scene } = await warm(bench.peers.ours, { cacheSize: 10_000 }, 1000)
          await scene.world.run(query) // the first call finds nothing in the page cache
          return subject(scene, async () => {
            const bare = await timed(scene, [inside.node, '-e', '0'])
            const ours = await timed(scene, query)
            const { ms: bareMs = NaN, cpu: bareCpu = NaN } = bare
            const { ms = NaN, cpu = NaN } = ours
            return { ms, bareMs, msRatio: ms / bareMs, cpu, bareCpu, cpuRatio: cpu / bareCpu }
          })
        },
      },
    ],
  }
}

/** Milliseconds of one call: from start to end, and of CPU, user and system. */
export async function timed(scene: Scene, command: readonly string[]): Promise<Figures> {
  const loop = `LC_ALL=C; TIMEFORMAT='%R %U %S'; time for i in {1..${CALLS}}; do "$@" >/dev/null || exit; done`
  const { code, stderr } = await scene.world.tryRun(['bash', '-c', loop, 'bash', ...command])
  if (code !== 0) throw new Error(`${command.join(' ')}: ${stderr}`)
  // bash may complain of the locale first
  const [wall = NaN, user = NaN, system = NaN] = (stderr.trim().split('\n').at(-1) ?? '').split(' ').map(Number)
  return { ms: (wall * 1000) / CALLS, cpu: ((user + system) * 1000) / CALLS }
}
