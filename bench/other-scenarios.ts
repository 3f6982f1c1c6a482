import { eventually } from '../test/lab/kit/eventually.ts'
import { inside } from '../test/lab/kit/world.ts'
import { timed } from './client-scenario.ts'
import { dnsperf } from './dnsperf.ts'
import { subject, warm } from './load-scenarios.ts'
import { knownNames, ZONE } from './questions.ts'
import type { PeerName } from './peers.ts'
import { type Bench, type Figures, PER_LINK, peerRows, RESOLVERS, type Row, type Scenario } from './scenario.ts'
import { answerOf, Scene, STUB } from './scene.ts'
import { steady } from './steady.ts'

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
  const [doomed, kept] = ['doomed.test', 'steady.test']
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
        await dnsperf(scene, { questions: await knownNames(scene, 1000, kept), seconds: 2 })
        const held = await scene.rss()
        const pace = { rate: 20_000, seconds: 2, count: 1000, zone: kept }
        const found = await steady(scene, pace, { what: 'up2', at: 1000 })
        const { before, after, workBefore, workAfter, lost } = found
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

interface Module {
  readonly title: string
  /** As nsswitch.conf names it. */
  readonly service: 'resolve' | 'dns'
  /** Where it is; undefined for what is part of glibc. */
  readonly path: string | undefined
}

/** With less a just-in-time compiler is still at it, and a call takes up to three times as long. */
const WARM_UP_SECONDS = 4

const modules = {
  ours: { title: 'our libnss_resolve', service: 'resolve', path: `${inside.repo}/nss/build` },
  real: {
    title: "systemd's libnss_resolve",
    service: 'resolve',
    path: `${inside.debian}/usr/lib/x86_64-linux-gnu`,
  },
  dns: { title: 'dns of glibc', service: 'dns', path: undefined },
} as const satisfies Record<string, Module>

/** `getaddrinfo()` of cached names through nsswitch: each NSS module with each daemon, and glibc without a module. */
export function getaddrinfo(bench: Bench, threads: number, family: 'inet' | 'unspec'): Scenario {
  const pairs: readonly (readonly [keyof typeof modules, PeerName])[] = [
    ...PER_LINK.flatMap((name) => (['ours', 'real', 'dns'] as const).map((module) => [module, name] as const)),
    ['dns', 'unbound'],
  ]
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
    rows: pairs.map(([module, name]): Row => {
      const { title, service } = modules[module]
      const peer = bench.peers[name]
      const open = async () => {
        const { scene } = await warm(peer, { cacheSize: 10_000 }, 1000)
        await scene.world.write('/etc/nsswitch.conf', `passwd: files\ngroup: files\nhosts: ${service}\n`)
        await scene.world.write('/etc/resolv.conf', `nameserver ${STUB}\n`)
        await callRepeatedly(scene, modules[module], [threads, WARM_UP_SECONDS, 1000, ZONE, family])
        const words = [threads, bench.options.seconds, 1000, ZONE, family]
        return subject(scene, () => callRepeatedly(scene, modules[module], words))
      }
      return { name: `${module}-${name}`, title: `${title} → ${peer.title}`, peer: name, open }
    }),
  }
}

async function callRepeatedly(scene: Scene, { path }: Module, words: readonly (string | number)[]): Promise<Figures> {
  const before = await scene.cpu()
  const printed = await scene.helper('gai', words, { env: path === undefined ? [] : [`LD_LIBRARY_PATH=${path}`] })
  const after = await scene.cpu()
  const found = JSON.parse(printed) as Record<'calls' | 'failures' | 'rate' | 'p50' | 'p99', number> & {
    library: string | null
  }
  const isMeant = path === undefined ? found.library === null : found.library?.startsWith(path) === true
  if (!isMeant) throw new Error(`getaddrinfo used ${found.library ?? 'no module'}, not ${path ?? 'glibc alone'}`)
  const { rate, p50, p99, failures, calls } = found
  return { rate, p50, p99, failures, cpu: (after.user + after.system - before.user - before.system) / calls }
}
