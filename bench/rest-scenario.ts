import { setTimeout as pause } from 'node:timers/promises'
import { subject } from './load-scenarios.ts'
import type { Bench, Figures, Row, Scenario } from './scenario.ts'
import { Scene } from './scene.ts'

/** By then the start is over, names are probed and announced, and memory is given back. */
const SETTLING = 20_000
const WATCHED = 20_000
const LINKS = 20

/** What the daemon does when nobody asks anything. */
export function resting(bench: Bench): Scenario {
  const row = (name: string, title: string, mode: 'yes' | 'no'): Row => ({
    name,
    title,
    peer: 'ours',
    open: async () => {
      const scene = await Scene.open(bench.peers.ours, { cacheSize: 4096, idleLinks: LINKS, start: false })
      const text = `[Resolve]\nMulticastDNS=${mode}\nLLMNR=${mode}\n`
      await scene.world.write('/etc/systemd/resolved.conf.d/rest.conf', text)
      await scene.start()
      await pause(SETTLING)
      return subject(scene, () => atRest(scene))
    },
  })
  return {
    name: 'rest',
    title: `At rest, ${LINKS} links`,
    columns: [
      { key: 'percent', title: 'CPU, % of a core', digits: 3 },
      { key: 'wakeUps', title: 'wake-ups/s', digits: 2 },
    ],
    rows: [row('plain', 'unicast alone', 'no'), row('multicast', 'multicast DNS and LLMNR on each link', 'yes')],
  }
}

async function atRest(scene: Scene): Promise<Figures> {
  const [before, { wakeUps }] = [await nanoseconds(scene), await scene.placement()]
  const began = performance.now()
  await pause(WATCHED)
  const after = await nanoseconds(scene)
  const seconds = (performance.now() - began) / 1000
  const { wakeUps: later } = await scene.placement()
  return { percent: (after - before) / 1e7 / seconds, wakeUps: (later - wakeUps) / seconds }
}

/** CPU time of all threads: /proc/PID/stat counts in hundredths of a second. */
async function nanoseconds(scene: Scene): Promise<number> {
  const text = await scene.world.run(['sh', '-c', `cat /proc/${scene.server.pid}/task/*/schedstat`])
  return text
    .trim()
    .split('\n')
    .reduce((sum, line) => sum + Number(line.split(' ')[0]), 0)
}
