import { eventually } from '../test/lab/kit/eventually.ts'
import { inside } from '../test/lab/kit/world.ts'
import { timed } from './client-scenario.ts'
import { dnsperf } from './dnsperf.ts'
import { subject, warm } from './load-scenarios.ts'
import { knownNames, ZONE } from './questions.ts'
import { type Bench, type Figures, PER_LINK, peerRows, RESOLVERS, type Row, type Scenario } from './scenario.ts'
import { answerOf, Scene, STUB } from './scene.ts'

/** From the start of the process to its first answer from the network. */
export function startUp(bench: Bench): Scenario {
  return {
    name: 'start',
    title: 'Start to first answer',
    columns: [
      { key: 'ms', title: 'ms', digits: 0 },
      { key: 'bareMs', title: 'node -e 0', digits: 0 },
      { key: 'bareCpu', title: 'its CPU', digits: 0 },
    ],
    rows: peerRows(bench, RESOLVERS, async (peer) => {
      const scene = await Scene.open(peer, { cacheSize: 4096, start: false })
      return subject(scene, async () => {
        const ms = Number(await scene.helper('first', [STUB, `first.${ZONE}`, ...scene.command]))
        if (peer.name !== 'ours') return { ms }
        const bare = await timed(scene, [inside.node, '-e', '0'])
        return { ms, bareMs: bare['ms'] ?? NaN, bareCpu: bare['cpu'] ?? NaN }
      })
    }),
  }
}

/** A link with 100,000 names goes down while names of another link are asked for, 20,000 a second. */
export function flush(bench: Bench): Scenario {
  const [doomed, steady] = ['doomed.test', 'steady.test']
  return {
    name: 'flush',
    title: 'A link with 100,000 cached names goes down under load',
    repeats: 3,
    columns: [
      { key: 'before', title: 'longest latency before, µs' },
      { key: 'after', title: 'longest latency after, µs' },
      { key: 'workBefore', title: 'of one, CPU at most, before, µs' },
      { key: 'workAfter', title: 'of one, CPU at most, after, µs' },
      { key: 'held', title: 'RSS KiB' },
      { key: 'stale', title: 'stale answers' },
      { key: 'lost', title: 'lost' },
    ],
    rows: peerRows(bench, [...PER_LINK, 'echo'], async (peer) => {
      const scene = await Scene.open(peer, { cacheSize: 200_000, uplinks: [[], [`~${doomed}`]] })
      return subject(scene, async () => {
        await scene.world.ip('link set up2 up') // it went down in the round before
        // The echo knows no links: what it takes longer is what the machine takes for the event itself.
        if (peer.name !== 'echo') await fill(scene, doomed)
        await dnsperf(scene, { questions: await knownNames(scene, 1000, steady), seconds: 2 })
        const held = await scene.rss()
        const words = [STUB, 20_000, 2, 1000, steady, 'up2', 1000, scene.server.pid]
        const found = JSON.parse(await scene.helper('steady', words)) as Record<string, number>
        const { before = NaN, after = NaN, workBefore = NaN, workAfter = NaN, lost = NaN } = found
        const stale = peer.name === 'echo' ? NaN : await staleAnswers(scene, doomed)
        return { before, after, workBefore, workAfter, lost, held, stale }
      })
    }),
  }
}

/** Asks for 100,000 names of the second link. */
async function fill(scene: Scene, zone: string): Promise<void> {
  await eventually(async () => {
    if ((await staleAnswers(scene, zone)) < 10) throw new Error('the link is not in use yet')
  })
  await dnsperf(scene, { questions: await knownNames(scene, 100_000, zone), seconds: 600, once: true })
}

/** Of ten names of the link that is gone: how many are still answered as it did. */
async function staleAnswers(scene: Scene, zone: string): Promise<number> {
  let stale = 0
  for (let i = 0; i < 10; i++) {
    const dig = ['dig', '+short', '+tries=1', '+time=2', `@${STUB}`, `n${i * 997}.${zone}`]
    if ((await scene.world.tryRun(dig)).stdout.includes(answerOf(1))) stale++
  }
  return stale
}

const modules = {
  ours: { title: 'our libnss_resolve', path: `${inside.repo}/nss/build` },
  real: { title: "systemd's libnss_resolve", path: `${inside.debian}/usr/lib/x86_64-linux-gnu` },
}

/** `getaddrinfo()` of cached names through nsswitch: each NSS module with each daemon. */
export function getaddrinfo(bench: Bench, threads: number, family: 'inet' | 'unspec'): Scenario {
  const daemons = PER_LINK.flatMap((name) =>
    Object.values(modules).map((module) => ({ peer: bench.peers[name], module })),
  )
  return {
    name: `getaddrinfo-${family}-${threads}`,
    title: `getaddrinfo(), AF_${family.toUpperCase()}, ${threads} thread${threads > 1 ? 's' : ''}, 1,000 cached names`,
    columns: [
      { key: 'rate', title: 'calls/s' },
      { key: 'p50', title: 'p50 µs' },
      { key: 'p99', title: 'p99 µs' },
      { key: 'cpu', title: 'daemon CPU µs/call', digits: 1 },
      { key: 'failures', title: 'failed' },
    ],
    rows: daemons.map(({ peer, module }): Row => {
      const name = `${module === modules.ours ? 'ours' : 'real'}-${peer.name}`
      const open = async () => {
        const { scene } = await warm(peer, { cacheSize: 10_000 }, 1000)
        await scene.world.write('/etc/nsswitch.conf', 'passwd: files\ngroup: files\nhosts: resolve\n')
        await callRepeatedly(scene, module.path, [threads, 1, 1000, ZONE, family])
        const words = [threads, bench.options.seconds, 1000, ZONE, family]
        return subject(scene, () => callRepeatedly(scene, module.path, words))
      }
      return { name, title: `${module.title} → ${peer.title}`, peer: peer.name, open }
    }),
  }
}

async function callRepeatedly(scene: Scene, libraries: string, words: readonly (string | number)[]): Promise<Figures> {
  const before = await scene.cpu()
  const printed = await scene.helper('gai', words, { env: [`LD_LIBRARY_PATH=${libraries}`] })
  const after = await scene.cpu()
  const found = JSON.parse(printed) as Record<'calls' | 'failures' | 'rate' | 'p50' | 'p99', number> & {
    library: string
  }
  if (!found.library?.startsWith(libraries)) throw new Error(`getaddrinfo used ${found.library}, not ${libraries}`)
  const { rate, p50, p99, failures, calls } = found
  return { rate, p50, p99, failures, cpu: (after.user + after.system - before.user - before.system) / calls }
}
