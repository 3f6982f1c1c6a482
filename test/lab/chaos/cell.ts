import type { IpProtocol } from '../../../src/base/index.ts'
import { appendFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { eventually } from '../kit/eventually.ts'
import { Lab } from '../kit/lab.ts'
import type { Program } from '../kit/program.ts'
import { elsewhere } from '../kit/upstream.ts'
import { inside } from '../kit/world.ts'
import type { Fared, Fault, Load, Order, Report } from './faults.ts'

/** What one fault did to one configuration. */
export interface Row {
  readonly fault: Fault
  readonly servers: number
  readonly transport: IpProtocol
  readonly warm: Fared
  readonly under: Fared
  /** Milliseconds until the healed server was asked again; undefined when that took too long to wait for. */
  readonly back: number | undefined
  /** Questions without EDNS that the server got, of how many. */
  readonly plain: number
  readonly asked: number
  /** Messages to all servers under the fault, probes included. */
  readonly messages: number
  /** Questions that reached the servers of a link whose domains none of the names is in. */
  readonly strays: number
  /** Open descriptors of the daemon at the end. */
  readonly descriptors: number
}

const LONGEST_RETURN = 8000
/** Beyond this, something keeps what it should let go. */
export const MAX_DESCRIPTORS = 200

/** One fault of the preferred server, start to end: healthy, under the fault, healed. */
export async function play(fault: Fault, servers: 1 | 2 | 3, transport: IpProtocol): Promise<Row> {
  const other = { zone: { 'x.other.test': 'A 192.0.2.1' }, domains: ['~other.test'], defaultRoute: false }
  const dns = ['10.53.1.1', '10.53.1.2', '10.53.1.3'].slice(0, servers)
  await using lab = await Lab.open({ links: { lan: { zone: false, dns }, other } })
  const chaos = await Chaos.start(lab, dns)
  const load = (prefix: string, count: number, rate: number, known?: string): Promise<Fared> =>
    ask(lab, {
      transport,
      prefix,
      count,
      rate,
      ...(known && { known }),
      types: fault === 'aaaa-hole' ? [1, 28] : [1],
      patience: 6000,
    })
  const warm = await load('w', 20, 40)
  await chaos.tell({ do: 'forget' })
  await chaos.tell({ do: 'fault', to: '10.53.1.1', fault })
  const isLong = fault === 'heals-after-3s'
  const under = await load('u', isLong ? 90 : 60, 30, 'w')
  const report = await chaos.tell({ do: 'report' })
  const { asked = 0, plain = 0 } = report['10.53.1.1'] ?? {}
  const messages = Object.values(report).reduce((sum, each) => sum + each.messages, 0)
  const back = await chaos.timeOfReturn((i) => load(`h${i}`, 4, 20))
  const strays = (await lab.links.other.asked()).length
  const descriptors = await settledDescriptors(lab)
  const row: Row = { fault, servers, transport, warm, under, back, plain, asked, messages, strays, descriptors }
  const file = process.env['TSRESOLVED_CHAOS_ROWS']
  if (file !== undefined) appendFileSync(file, `${JSON.stringify({ daemon: lab.daemon.kind, ...row })}\n`)
  return row
}

class Chaos {
  readonly #program: Program
  readonly #waiting: ((report: Report) => void)[]

  private constructor(program: Program, waiting: ((report: Report) => void)[]) {
    this.#program = program
    this.#waiting = waiting
  }

  static async start(lab: Lab<'lan' | 'other'>, addresses: readonly string[]): Promise<Chaos> {
    const waiting: ((report: Report) => void)[] = []
    const onLine = (line: string) => waiting.shift()?.(JSON.parse(line) as Report)
    const argv = [...elsewhere, inside.node, '-e', await bundled('server.ts'), ...addresses]
    const chaos = new Chaos(await lab.links.lan.start(argv, { onLine }), waiting)
    await chaos.tell({ do: 'report' })
    return chaos
  }

  tell(order: Order): Promise<Report> {
    return new Promise((resolve, reject) => {
      this.#waiting.push(resolve)
      void this.#program.exited.then((code) => reject(new Error(`the chaos server ended with ${code}`)))
      this.#program.send(JSON.stringify(order))
    })
  }

  /** Heals the preferred server and asks until one of the questions gets to it. */
  async timeOfReturn(load: (i: number) => Promise<unknown>): Promise<number | undefined> {
    await this.tell({ do: 'fault', to: '10.53.1.1', fault: 'none' })
    await this.tell({ do: 'forget' })
    const startedAt = performance.now()
    for (let i = 0; performance.now() - startedAt < LONGEST_RETURN; i++) {
      await load(i)
      const first = (await this.tell({ do: 'report' }))['10.53.1.1']?.firstAfter
      if (first !== undefined) return first
    }
    return undefined
  }
}

/** Sockets listen for late answers for five seconds at most. */
async function settledDescriptors(lab: Lab<'lan' | 'other'>): Promise<number> {
  let count = 0
  const look = async () => {
    count = (await lab.run(['ls', `/proc/${lab.daemon.program.pid}/fd`])).split('\n').length
    if (count >= MAX_DESCRIPTORS) throw new Error(`${count} descriptors`)
  }
  await eventually(look, { within: 8000 }).catch(() => undefined) // the caller judges the count
  return count
}

async function ask(lab: Lab<'lan' | 'other'>, load: Load): Promise<Fared> {
  const argv = [...elsewhere, inside.node, '-e', await bundled('client.ts'), JSON.stringify(load)]
  return JSON.parse(await lab.run(argv, { patience: 120 })) as Fared
}

const bundles = new Map<string, Promise<string>>()

function bundled(name: string): Promise<string> {
  const entryPoints = [fileURLToPath(new URL(name, import.meta.url))]
  const options = {
    entryPoints,
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
  } as const
  const bundle = bundles.get(name) ?? build(options).then(({ outputFiles }) => outputFiles[0]?.text ?? '')
  bundles.set(name, bundle)
  return bundle
}
