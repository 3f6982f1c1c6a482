import { debianProgram } from './packages.ts'
import { type Scene, STUB } from './scene.ts'

/** What one run of dnsperf found. */
export interface Load {
  readonly completed: number
  readonly lost: number
  /** Answers other than NOERROR. */
  readonly failed: number
  readonly perSecond: number
}

export interface LoadSpec {
  /** A file of questions inside the scene. */
  readonly questions: string
  readonly seconds: number
  readonly transport?: 'udp' | 'tcp'
  /** Stop at the end of the file. */
  readonly once?: boolean
  /** Four if not said. */
  readonly clients?: number
  /** Questions that all of them together wait for at a time; a hundred if not said. */
  readonly underWay?: number
}

const PATIENCE = 600

/** Four clients with a hundred questions on their way together, if not said otherwise: a fair load on two cores. */
export async function dnsperf(scene: Scene, spec: LoadSpec): Promise<Load> {
  const { questions, seconds, transport = 'udp', once, clients = 4, underWay = 100 } = spec
  const program = await debianProgram('dnsperf')
  const together = ['-c', String(clients), '-q', String(underWay)]
  const load = ['-s', STUB, '-m', transport, ...together, '-t', '2', '-d', questions, '-l', String(seconds)]
  const limit = once === true ? ['-n', '1'] : []
  const text = await scene.world.run([...scene.peer.placing.loadBy, ...program, ...load, ...limit], {
    patience: seconds + PATIENCE,
  })
  const number = (pattern: RegExp) => Number(pattern.exec(text)?.[1])
  const completed = number(/Queries completed:\s+(\d+)/)
  return {
    completed,
    lost: number(/Queries lost:\s+(\d+)/),
    failed: completed - Number(/NOERROR (\d+)/.exec(text)?.[1] ?? 0),
    perSecond: number(/Queries per second:\s+([\d.]+)/),
  }
}

/** The same, with what it cost the server; CPU in microseconds per query. */
export async function measuredLoad(scene: Scene, spec: LoadSpec): Promise<Record<string, number>> {
  const [cpu, packets, before] = [await scene.cpu(), await scene.upstreamPackets(), await scene.placement()]
  const load = await dnsperf(scene, spec)
  const [cpuAfter, packetsAfter, after] = [await scene.cpu(), await scene.upstreamPackets(), await scene.placement()]
  const softirqs = after.softirqs.map((count, core) => count - (before.softirqs[core] ?? 0))
  const user = (cpuAfter.user - cpu.user) / load.completed
  const system = (cpuAfter.system - cpu.system) / load.completed
  return {
    qps: load.perSecond,
    cpu: user + system,
    user,
    system,
    lost: load.lost,
    failed: load.failed,
    perWakeUp: load.completed / (after.wakeUps - before.wakeUps),
    softirqOnLast: (softirqs.at(-1) ?? NaN) / softirqs.reduce((sum, count) => sum + count, 0),
    upstream: (packetsAfter - packets) / load.completed,
  }
}
