import { eventually } from '../test/lab/kit/eventually.ts'
import { dnsperf } from './dnsperf.ts'
import { subject } from './load-scenarios.ts'
import { networkdLink } from './peers.ts'
import { knownNames } from './questions.ts'
import type { Bench, Figures, Row, Scenario } from './scenario.ts'
import { answerOf, Scene, type SceneSpec, STUB } from './scene.ts'
import { steady } from './steady.ts'

const [STEADY, MOVING, STAYING, OTHER] = ['steady.test', 'moving.test', 'staying.test', 'other.test']
/** Asked for a second before it happens and for two after. */
const PACE = { seconds: 3, count: 1000, zone: STEADY }
const RATE = 5000
/** Of names that no memory answers. */
const LOCAL_RATE = 1000
const AT = 1000
/** Enough for 200 links in all, and for what the issue calls many. */
const [SOME_LINKS, MANY_LINKS] = [198, 1000]
const STORM = { changes: 2000, rate: 1000 }

/** What happens to ours while names are asked for, and how long they wait for it. */
export function pauses(bench: Bench): Scenario {
  const row = (name: string, title: string, spec: Partial<SceneSpec>, prepare: Prepare): Row => ({
    name,
    title,
    peer: 'ours',
    open: async () => {
      const scene = await Scene.open(bench.peers.ours, { cacheSize: 200_000, ...spec })
      return subject(scene, async () => {
        const { command, afterwards } = await prepare(scene)
        await dnsperf(scene, { questions: await knownNames(scene, PACE.count, STEADY), seconds: 1 })
        const rate = name === 'reload' ? LOCAL_RATE : RATE
        const found = await steady(scene, { ...PACE, rate }, { what: `!${command}`, at: AT })
        const { before, after, workBefore, workAfter, p99, work99, lost } = found
        return { before, after, workBefore, workAfter, p99, work99, lost, ...(await afterwards?.()) }
      })
    },
  })
  return {
    name: 'pause',
    title: 'What happens while 5,000 names a second are asked for',
    repeats: 3,
    columns: [
      { key: 'before', title: 'longest latency before, µs' },
      { key: 'after', title: 'longest latency after, µs' },
      { key: 'workBefore', title: 'of one, CPU at most, before, µs' },
      { key: 'workAfter', title: 'of one, CPU at most, after, µs' },
      { key: 'p99', title: 'p99 of all, µs' },
      { key: 'work99', title: 'of it, CPU at most, µs' },
      { key: 'lost', title: 'lost' },
      { key: 'stale', title: 'stale answers' },
    ],
    rows: [
      row('purge', 'half of 100,000 names go to another link', { uplinks: [[], [`~${OTHER}`]] }, moveNames),
      row('reload', 'a reload forgets 100,000 names; names of /etc/hosts are asked for', {}, reload),
      row('refill', 'the same; names that it forgot are asked for', {}, reloadWithoutHosts),
      row('flap', '1,000 links go and come at once', { idleLinks: MANY_LINKS }, flapping(2 * MANY_LINKS, 0)),
      row('storm', 'links change 1,000 times a second', { idleLinks: SOME_LINKS }, flapping(STORM.changes, STORM.rate)),
    ],
  }
}

/** Makes a scene ready for a command that is run while names are asked for. */
type Prepare = (scene: Scene) => Promise<{ readonly command: string; readonly afterwards?: () => Promise<Figures> }>

/** 100,000 names in two zones. */
async function fill(scene: Scene): Promise<void> {
  for (const zone of [MOVING, STAYING])
    await dnsperf(scene, { questions: await knownNames(scene, 50_000, zone), seconds: 600, once: true })
}

/** The second link, which takes other names alone, claims half of what the first has answered. */
async function moveNames(scene: Scene) {
  const link = scene.uplinks[1]
  if (link === undefined) throw new Error('there is no second link')
  const path = `/run/systemd/netif/links/${await link.index()}`
  await scene.world.write(path, networkdLink([link.server], [`~${OTHER}`], undefined))
  await eventually(async () => {
    if ((await staleAnswers(scene)) === 0) throw new Error('the names are not back yet')
  })
  await fill(scene)
  await scene.world.write('/run/lab/claim', networkdLink([link.server], [`~${OTHER}`, `~${MOVING}`], undefined))
  const command = `cat /run/lab/claim >${path}.new && mv ${path}.new ${path}`
  return { command, afterwards: async () => ({ stale: await staleAnswers(scene) }) }
}

/** Of names that the second link has claimed: how many are answered as the first link did. */
async function staleAnswers(scene: Scene): Promise<number> {
  const names = Array.from({ length: 10 }, (_, i) => `n${i * 997}.${MOVING}`)
  const text = await scene.world.run(['dig', '+short', '+tries=1', '+time=2', `@${STUB}`, ...names])
  return text.split('\n').filter((line) => line === answerOf(0)).length
}

/** What is cached is forgotten, so what is asked for is answered from a file: questions to a server would be no pause. */
async function reload(scene: Scene) {
  await fill(scene)
  const lines = Array.from({ length: PACE.count }, (_, i) => `192.0.2.9 n${i}.${STEADY}\n`)
  await scene.world.write('/etc/hosts', lines.join(''))
  return { command: `kill -HUP ${scene.server.pid}` }
}

async function reloadWithoutHosts(scene: Scene) {
  await fill(scene)
  return { command: `kill -HUP ${scene.server.pid}` }
}

/** Each link goes and comes back with its peer, again and again; rate 0 is as fast as the kernel can. */
function flapping(changes: number, rate: number): Prepare {
  return async (scene) => {
    const links = rate === 0 ? MANY_LINKS : SOME_LINKS
    return { command: `${await scene.compiled('flap')} idle ${links} ${changes} ${rate}` }
  }
}
