import { dnsperf } from './dnsperf.ts'
import { networkdLink } from './peers.ts'
import { subject } from './load-scenarios.ts'
import { knownNames } from './questions.ts'
import type { Bench, Row, Scenario } from './scenario.ts'
import { Scene, type SceneSpec, STUB } from './scene.ts'

const [STEADY, MOVING, STAYING] = ['steady.test', 'moving.test', 'staying.test']
/** Questions per second, while it happens and for a second before and after. */
const RATE = 5000
const IDLE_LINKS = 198
const CHANGES = 1000

/** What happens to ours while cached names are asked for, and how long they wait for it. */
export function pauses(bench: Bench): Scenario {
  const row = (name: string, title: string, spec: SceneSpec, event: (scene: Scene) => Promise<string>): Row => ({
    name,
    title,
    peer: 'ours',
    open: async () => {
      const scene = await Scene.open(bench.peers.ours, spec)
      return subject(scene, async () => {
        if (name !== 'storm') await fill(scene)
        await dnsperf(scene, { questions: await knownNames(scene, 1000, STEADY), seconds: 1 })
        const words = [STUB, RATE, 3, 1000, STEADY, `!${await event(scene)}`, 1000, scene.server.pid]
        return JSON.parse(await scene.helper('steady', words)) as Record<string, number>
      })
    },
  })
  return {
    name: 'pause',
    title: 'What happens while 5,000 cached names a second are asked for',
    columns: [
      { key: 'before', title: 'longest latency before, µs' },
      { key: 'after', title: 'longest latency after, µs' },
      { key: 'workBefore', title: 'of one, CPU at most, before, µs' },
      { key: 'workAfter', title: 'of one, CPU at most, after, µs' },
      { key: 'p99', title: 'p99 of all, µs' },
      { key: 'work99', title: 'of it, CPU at most, µs' },
      { key: 'lost', title: 'lost' },
    ],
    rows: [
      row('purge', 'half of 100,000 names go to another link', { cacheSize: 200_000, uplinks: [[], []] }, moveNames),
      row(
        'reload',
        'a reload forgets 100,000 names',
        { cacheSize: 200_000 },
        async (scene) => `kill -HUP ${scene.server.pid}`,
      ),
      row('storm', '1,000 changes of links at once', { cacheSize: 200_000, idleLinks: IDLE_LINKS }, changeLinks),
    ],
  }
}

/** 100,000 names in two zones. */
async function fill(scene: Scene): Promise<void> {
  for (const zone of [MOVING, STAYING])
    await dnsperf(scene, { questions: await knownNames(scene, 50_000, zone), seconds: 600, once: true })
}

/** The second link claims them, or gives them back. */
async function moveNames(scene: Scene): Promise<string> {
  const link = scene.uplinks[1]
  if (link === undefined) throw new Error('there is no second link')
  const path = `/run/systemd/netif/links/${await link.index()}`
  const hasClaimed = (await scene.world.run(['cat', path])).includes(MOVING)
  const text = networkdLink(link.server, hasClaimed ? [] : [`~${MOVING}`], undefined)
  await scene.world.write('/run/lab/claim', text)
  return `cat /run/lab/claim >${path}.new && mv ${path}.new ${path}`
}

/** As fast as the kernel takes them, which is more than a thousand in a second. */
async function changeLinks(scene: Scene): Promise<string> {
  const lines = Array.from({ length: CHANGES }, (_, i) => {
    const link = `idle${1 + ((2 * i) % IDLE_LINKS)}`
    return `link set ${link} ${Math.floor((2 * i) / IDLE_LINKS) % 2 === 0 ? 'down' : 'up'}`
  })
  await scene.world.write('/run/lab/changes', `${lines.join('\n')}\n`)
  return 'ip -batch /run/lab/changes'
}
