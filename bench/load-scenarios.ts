import { setTimeout as pause } from 'node:timers/promises'
import { dnsperf, measuredLoad } from './dnsperf.ts'
import type { Encryption, Peer } from './peers.ts'
import { knownNames, mixedNames, newNames, ZONE } from './questions.ts'
import {
  type Bench,
  type Column,
  EVERYBODY,
  type Figures,
  PER_LINK,
  peerRows,
  RESOLVERS,
  type Scenario,
  type Subject,
} from './scenario.ts'
import { Scene, type SceneSpec } from './scene.ts'
import { steady } from './steady.ts'

/** Bounds on what any of them does in a second: how many questions a file must have to last. */
const MOST_PER_SECOND = 220_000
export const MOST_MISSES_PER_SECOND = 60_000
const STEADY_RATE = 20_000
/** So few that each question finds a server that sleeps. */
const LONE_RATE = 2000
const WARM_UP_SECONDS = 1
/** Milliseconds. */
const SETTLING = 3000
/** A just-in-time compiler is done with the way of a miss after some 40,000, over TLS later than over UDP; its threads take a third more until then. */
const WARM_UP_MISSES = 60_000

export const loadColumns: readonly Column[] = [
  { key: 'qps', title: 'q/s' },
  { key: 'cpu', title: 'CPU µs/q', digits: 2 },
  { key: 'user', title: 'user', digits: 2 },
  { key: 'system', title: 'sys', digits: 2 },
  { key: 'lost', title: 'lost' },
  { key: 'failed', title: 'failed' },
  { key: 'upstream', title: 'upstream/q', digits: 3 },
  { key: 'perWakeUp', title: 'q/wake-up', digits: 1 },
  { key: 'softirqOnLast', title: 'received by the last core', digits: 2 },
]
const steadyColumns: readonly Column[] = [
  { key: 'p50', title: 'p50 µs', digits: 0 },
  { key: 'p99', title: 'p99 µs', digits: 0 },
  { key: 'p999', title: 'p99.9 µs', digits: 0 },
  { key: 'max', title: 'max µs', digits: 0 },
  { key: 'steadyLost', title: 'lost at 20k/s' },
  { key: 'lone', title: 'p50 at 2k/s µs', digits: 0 },
]
const memoryColumns: readonly Column[] = [
  { key: 'idle', title: 'RSS idle KiB' },
  { key: 'rss', title: 'RSS KiB' },
  { key: 'perNameAtOnce', title: 'B/name', digits: 0 },
  { key: 'perName', title: 'a minute later', digits: 0 },
]

/** By then a garbage collector that waits for quiet has had it: V8's takes up to 50 seconds. */
const QUIET_MS = 60_000

/** Repeated questions of so many names, everything answered from the cache, where it fits. */
export function cached(bench: Bench, count: number): Scenario {
  const { seconds } = bench.options
  return {
    name: `cached-${count}`,
    title: `Cached, UDP, ${count.toLocaleString('en')} names; latency at 20,000 q/s`,
    columns: [...loadColumns, ...steadyColumns, ...memoryColumns],
    rows: peerRows(bench, EVERYBODY, async (peer) => {
      const { scene, questions, idle } = await warm(peer, { cacheSize: roomFor(count) }, count)
      const perName = (rss: number) => ((rss - idle) * 1024) / count
      const isMany = count >= 10_000
      const measure = async () => {
        const load = await measuredLoad(scene, { questions, seconds })
        const evenly = await steadily(scene, seconds, count)
        const rss = await scene.rss()
        return { ...load, ...evenly, idle, rss, perNameAtOnce: isMany ? perName(rss) : NaN }
      }
      const settle = async () => ({ perName: perName((await rested(scene))['rested'] ?? NaN) })
      return isMany ? { ...subject(scene, measure), settle } : subject(scene, measure)
    }),
  }
}

/** The same with one thousand names on a machine of 200 links. */
export function manyLinks(bench: Bench): Scenario {
  const { seconds } = bench.options
  return {
    name: 'links-200',
    title: 'Cached, UDP, 1,000 names, 200 links (lo and the uplink included)',
    columns: [...loadColumns, ...steadyColumns, ...memoryColumns.slice(0, 2)],
    rows: peerRows(bench, PER_LINK, async (peer) => {
      const { scene, questions, idle } = await warm(peer, { cacheSize: roomFor(1000), idleLinks: 198 }, 1000)
      return subject(scene, async () => ({
        ...(await measuredLoad(scene, { questions, seconds })),
        ...(await steadily(scene, seconds, 1000)),
        idle,
        rss: await scene.rss(),
      }))
    }),
  }
}

/** Names nobody asked for before, with the cache as it is by default. */
export function cold(bench: Bench, name: keyof typeof COLD): Scenario {
  const { seconds } = bench.options
  const { title, spec } = COLD[name]
  return {
    name,
    title: `Cold misses, UDP, ${title}`,
    columns: [...loadColumns, ...memoryColumns.slice(0, 2), { key: 'rested', title: 'a minute later' }],
    rows: peerRows(bench, RESOLVERS, async (peer) => {
      const { scene, idle } = await missing(peer, { cacheSize: 4096, ...spec })
      const measure = async () => {
        const questions = await newNames(scene, Math.ceil(MOST_MISSES_PER_SECOND * seconds))
        const load = await measuredLoad(scene, { questions, seconds, once: true })
        return { ...load, idle, rss: await scene.rss() }
      }
      return name === 'cold'
        ? { ...subject(scene, measure), settle: async () => rested(scene) }
        : subject(scene, measure)
    }),
  }
}

const COLD = {
  cold: { title: 'fast upstream', spec: {} },
  'cold-servers': { title: 'two fast upstreams', spec: { servers: 2 } },
  'cold-links': { title: 'fast upstream, 200 links', spec: { idleLinks: 198 } },
} as const satisfies Record<string, { title: string; spec: Partial<SceneSpec> }>

/** Then a just-in-time compiler has seen the way of a miss. */
export async function warmUpMisses(scene: Scene): Promise<void> {
  await dnsperf(scene, { questions: await newNames(scene, WARM_UP_MISSES), seconds: 60, once: true })
}

/** A server that has seen many names it did not know. */
export async function missing(peer: Peer, spec: SceneSpec) {
  const { scene, idle } = await warm(peer, spec, 1)
  try {
    await warmUpMisses(scene)
    return { scene, idle }
  } catch (cause) {
    await scene[Symbol.asyncDispose]()
    throw cause
  }
}

async function rested(scene: Scene): Promise<Figures> {
  await pause(QUIET_MS)
  return { rested: await scene.rss() }
}

/**
 * Misses over warm connections to an upstream that speaks TLS and HTTPS; it shares the cores. In the same rounds ours asks the
 * same server over UDP.
 */
export function coldEncrypted(bench: Bench, encryption: 'tls' | 'https'): Scenario {
  const { seconds } = bench.options
  const peers = RESOLVERS.filter((name) => name === 'ours' || (encryption === 'tls' && name !== 'dnsmasq'))
  const misses = (over: Encryption) => async (peer: Peer) => {
    const { scene, idle } = await missing(peer, { cacheSize: 4096, encryption: over })
    return subject(scene, async () => {
      const questions = await newNames(scene, Math.ceil(MOST_MISSES_PER_SECOND * seconds))
      const load = await measuredLoad(scene, { questions, seconds, once: true })
      return { ...load, idle, rss: await scene.rss() }
    })
  }
  const { ours } = bench.peers
  const overUdp = {
    name: 'ours-udp',
    title: `${ours.title}, UDP`,
    peer: ours.name,
    open: () => misses('none')(ours),
  }
  return {
    name: `cold-${encryption}`,
    title: `Cold misses, upstream over ${encryption === 'tls' ? 'TLS' : 'HTTP/2'}`,
    columns: [...loadColumns, ...memoryColumns.slice(0, 2)],
    rows: [...peerRows(bench, peers, misses(encryption)), overUdp],
  }
}

/** Nine of ten from the cache. */
export function mixed(bench: Bench): Scenario {
  const { seconds } = bench.options
  return {
    name: 'mixed',
    title: 'Mixed, UDP, 90 % of 1,000 cached names, 10 % new ones',
    columns: loadColumns,
    rows: peerRows(bench, RESOLVERS, async (peer) => {
      const { scene } = await warm(peer, { cacheSize: roomFor(100_000) }, 1000)
      return subject(scene, async () => {
        const questions = await mixedNames(scene, Math.ceil(MOST_PER_SECOND * seconds), 1000)
        return measuredLoad(scene, { questions, seconds, once: true })
      })
    }),
  }
}

/** Four connections, a hundred questions on their way. */
export function tcp(bench: Bench): Scenario {
  const { seconds } = bench.options
  return {
    name: 'tcp',
    title: 'Cached, TCP, pipelined, 1,000 names',
    columns: loadColumns,
    rows: peerRows(bench, RESOLVERS, async (peer) => {
      const { scene, questions } = await warm(peer, { cacheSize: roomFor(1000) }, 1000)
      await dnsperf(scene, { questions, seconds: WARM_UP_SECONDS, transport: 'tcp' })
      return subject(scene, () => measuredLoad(scene, { questions, seconds, transport: 'tcp' }))
    }),
  }
}

export function subject(scene: Scene, measure: () => Promise<Figures>): Subject {
  return { measure, [Symbol.asyncDispose]: () => scene[Symbol.asyncDispose]() }
}

/** A server that has answered for each name, and for a second more: compiled, and with all in its cache. */
export async function warm(peer: Peer, spec: SceneSpec, count: number) {
  const scene = await Scene.open(peer, spec)
  try {
    await pause(SETTLING) // what only the start needs is given back a second after it
    const idle = await scene.rss()
    const questions = await knownNames(scene, count)
    await dnsperf(scene, { questions, seconds: 600, once: true })
    await dnsperf(scene, { questions, seconds: WARM_UP_SECONDS })
    return { scene, questions, idle }
  } catch (cause) {
    await scene[Symbol.asyncDispose]()
    throw cause
  }
}

async function steadily(scene: Scene, seconds: number, count: number): Promise<Figures> {
  const { p50: lone } = await steady(scene, { rate: LONE_RATE, seconds, count, zone: ZONE })
  const { p50, p99, p999, max, lost } = await steady(scene, { rate: STEADY_RATE, seconds, count, zone: ZONE })
  return { p50, p99, p999, max, steadyLost: lost, lone }
}

/** Twice what is asked for: nobody is to throw away what it has just learnt. */
function roomFor(names: number): number {
  return Math.max(10_000, names * 2)
}
