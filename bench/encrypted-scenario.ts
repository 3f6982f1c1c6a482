import { Lifetime } from '../src/base/index.ts'
import { perConnection } from './connection-memory.ts'
import { warmUpMisses } from './load-scenarios.ts'
import type { Encryption, Peer } from './peers.ts'
import { ZONE } from './questions.ts'
import { type Bench, type Figures, RESOLVERS, type Row, type Scenario, type Subject } from './scenario.ts'
import { Scene } from './scene.ts'
import { steady } from './steady.ts'

/** Questions a second: one is answered before the next comes. */
const RATE = 100
/** Connections held open to see what one takes. */
const CONNECTIONS = 100
/** Zones nobody asked for before. */
let fresh = 0

/** What encryption adds to a question on a warm connection, and what it costs to make a connection. */
export function encrypted(bench: Bench): Scenario {
  const row = (peer: Peer, encryption: 'tls' | 'https'): Row => ({
    name: `${peer.name}-${encryption}`,
    title: `${peer.title}, ${encryption === 'tls' ? 'TLS' : 'HTTP/2'}`,
    peer: peer.name,
    open: () => open(peer, encryption, bench.options.seconds),
  })
  const others = RESOLVERS.filter((name) => name !== 'dnsmasq').map((name) => row(bench.peers[name], 'tls'))
  return {
    name: 'encrypted',
    title: 'A hundred misses a second over a warm connection and over UDP; what connections cost',
    columns: [
      { key: 'plain', title: 'UDP p50 µs', digits: 0 },
      { key: 'p50', title: 'p50 µs', digits: 0 },
      { key: 'added', title: 'added µs', digits: 0 },
      { key: 'p99', title: 'p99 µs', digits: 0 },
      { key: 'handshake', title: 'CPU µs/handshake', digits: 0 },
      { key: 'perConnection', title: 'KiB/connection', digits: 0 },
      { key: 'lost', title: 'lost' },
    ],
    rows: [...others, row(bench.peers.ours, 'https')],
  }
}

/** Three machines: asked over UDP, over a connection that stays, and over one that the server closes all the time. */
async function open(peer: Peer, encryption: Encryption, seconds: number): Promise<Subject> {
  const life = new Lifetime()
  const scene = async (spec: object) => life.adopt(await Scene.open(peer, { cacheSize: 4096, ...spec }))
  try {
    const plain = await scene({ encryption: 'none' })
    const warm = await scene({ encryption })
    const closing = encryption === 'tls' ? await scene({ encryption, closes: true }) : undefined
    for (const each of [plain, warm]) await warmUpMisses(each)
    if (closing !== undefined) await misses(closing, 3)
    return {
      measure: async () => {
        const [udp, tls] = [await misses(plain, seconds), await misses(warm, seconds)]
        const lost = udp.lost + tls.lost
        const figures = { plain: udp.p50, p50: tls.p50, added: tls.p50 - udp.p50, p99: tls.p99, lost }
        if (closing === undefined) return figures
        const { cpu } = await misses(closing, seconds)
        return { ...figures, handshake: 2 * (cpu - tls.cpu) } // each connection carries two questions
      },
      settle: async (): Promise<Figures> =>
        peer.name === 'ours' ? { perConnection: await perConnection(peer, encryption, CONNECTIONS) } : {},
      [Symbol.asyncDispose]: () => life[Symbol.asyncDispose](),
    }
  } catch (cause) {
    await life[Symbol.asyncDispose]()
    throw cause
  }
}

/** Latencies and CPU time in microseconds. */
async function misses(scene: Scene, seconds: number) {
  const before = await scene.cpu()
  const count = RATE * seconds
  const { p50, p99, lost } = await steady(scene, { rate: RATE, seconds, count, zone: `w${fresh++}.${ZONE}` })
  const after = await scene.cpu()
  const cpu = (after.user + after.system - before.user - before.system) / (RATE * seconds)
  return { p50, p99, lost, cpu }
}
