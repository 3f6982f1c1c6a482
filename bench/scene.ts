import { Link } from '../test/lab/kit/link.ts'
import type { Program } from '../test/lab/kit/program.ts'
import { inside, World } from '../test/lab/kit/world.ts'
import { eventually } from '../test/lab/kit/eventually.ts'
import { startClosingUpstream, startEncryptedUpstream } from './encrypted-upstream.ts'
import { type SignedZones, serveZones } from '../test/lab/kit/signed-zones.ts'
import { SIGNED_ZONE, ZONE } from './questions.ts'
import { type Encryption, type Peer, writeConfiguration } from './peers.ts'

/** Where every server answers; each has a machine of its own. */
export const STUB = '127.0.0.53'
const HELPERS = `${inside.repo}/bench/c`
const TICKS_PER_SECOND = 100 // USER_HZ, the same on every Linux

export interface SceneSpec {
  /** Answers the server should be able to keep. */
  readonly cacheSize: number
  /** Links that lead to an upstream of their own, with the domains routed to each; the first takes everything else. */
  readonly uplinks?: readonly (readonly string[])[]
  /** Servers of each uplink, 2 at most; 1 if not said. */
  readonly servers?: 1 | 2
  /** More links, an even number, with a server and a domain each, that nobody asks. */
  readonly idleLinks?: number
  /** How the upstreams are asked; they answer in no other way then. Default: plain UDP. */
  readonly encryption?: Encryption
  /** The upstream, over TLS, closes each connection after two answers. */
  readonly closes?: boolean
  /** One uplink leads to BIND with these zones; the server validates or not. */
  readonly signed?: { readonly zones: SignedZones; readonly mode: 'yes' | 'no' }
  /** false: prepare everything, but do not start the server. */
  readonly start?: boolean
}

/** CPU time so far, in microseconds. */
export interface CpuTime {
  readonly user: number
  readonly system: number
}

/** A private machine with one server under test and fast upstreams, each in a network namespace of its own (R-CACHE-11). */
export class Scene implements AsyncDisposable {
  readonly peer: Peer
  readonly world: World
  readonly uplinks: readonly Link[]
  readonly command: readonly string[]
  /** A name that has an address. */
  #awake = `awake.${ZONE}`
  readonly #helpers = new Map<string, Promise<string>>()
  #server: Program | undefined

  private constructor(peer: Peer, world: World, uplinks: readonly Link[], spec: SceneSpec) {
    this.peer = peer
    this.world = world
    this.uplinks = uplinks
    this.command = peer.command(uplinks.slice(0, 1).flatMap((uplink) => serversOf(uplink, spec)))
  }

  static async open(peer: Peer, spec: SceneSpec): Promise<Scene> {
    const world = await World.open('bench')
    try {
      const uplinks: Link[] = []
      for (const _ of spec.uplinks ?? [[]]) {
        const position = uplinks.length + 1
        uplinks.push(await Link.open(world, `up${position}`, { zone: false }, position))
      }
      const scene = new Scene(peer, world, uplinks, spec)
      await scene.#prepare(spec)
      if (spec.start !== false) await scene.start()
      return scene
    } catch (cause) {
      await world[Symbol.asyncDispose]()
      throw cause
    }
  }

  get server(): Program {
    if (this.#server === undefined) throw new Error(`${this.peer.name} is not running`)
    return this.#server
  }

  /** Returns when it answers. */
  async start(): Promise<void> {
    this.#server = await this.world.start(this.peer.name, [...this.peer.placing.startBy, ...this.command])
    const dig = ['dig', '+tries=1', '+time=1', `@${STUB}`, this.#awake, 'A']
    await eventually(
      async () => {
        if (!(await this.world.run(dig)).includes('status: NOERROR')) throw new Error('it does not answer yet')
      },
      { within: 20_000 },
    )
  }

  /** Runs one of the programs of `c/`, compiled in here the first time, and gives what it prints. */
  async helper(name: string, words: readonly (string | number)[], options: { env?: string[]; patience?: number } = {}) {
    const path = await this.compiled(name)
    const { startBy, loadBy } = this.peer.placing
    const by = name === 'first' ? startBy : loadBy // that starts the server, which may run anywhere
    const argv = [...by, 'env', ...(options.env ?? []), path, ...words.map(String)]
    return this.world.run(argv, { patience: options.patience ?? 60 })
  }

  async cpu(): Promise<CpuTime> {
    const stat = await this.world.run(['cat', `/proc/${this.server.pid}/stat`])
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const microseconds = (field: number) => (Number(fields[field - 3]) * 1_000_000) / TICKS_PER_SECOND
    return { user: microseconds(14), system: microseconds(15) }
  }

  /** Resident memory, in KiB. */
  async rss(): Promise<number> {
    const status = await this.world.run(['cat', `/proc/${this.server.pid}/status`])
    return Number(/^VmRSS:\s*(\d+)/m.exec(status)?.[1])
  }

  /** How often the server's first thread waited so far, and packets that each core of the machine has received. */
  async placement(): Promise<{ readonly wakeUps: number; readonly softirqs: readonly number[] }> {
    const text = await this.world.run(['cat', `/proc/${this.server.pid}/status`, '/proc/softirqs'])
    const softirqs = /^\s*NET_RX:(.*)$/m.exec(text)?.[1]?.trim().split(/\s+/).map(Number) ?? []
    return { wakeUps: Number(/^voluntary_ctxt_switches:\s*(\d+)/m.exec(text)?.[1]), softirqs }
  }

  /** Packets sent to the upstreams: shows whether an answer said to be cached was. */
  async upstreamPackets(): Promise<number> {
    const files = this.uplinks.map(({ name }) => `/sys/class/net/${name}/statistics/tx_packets`)
    const text = await this.world.run(['cat', ...files])
    return text
      .trim()
      .split('\n')
      .reduce((sum, line) => sum + Number(line), 0)
  }

  /** In an orderly way, so that a profiler can write down what it saw. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#server?.stop()
    } finally {
      await this.world[Symbol.asyncDispose]()
    }
  }

  async #prepare(spec: SceneSpec): Promise<void> {
    const { cacheSize, uplinks = [[]], idleLinks = 0, encryption, closes = false, signed } = spec
    if (signed !== undefined) return this.#prepareSigned(cacheSize, signed)
    const settings = await Promise.all(
      this.uplinks.map(async (uplink, i) => {
        const servers = serversOf(uplink, spec)
        if (encryption === undefined) for (const at of servers) await this.#startResponder(uplink, at, i)
        else if (closes) await startClosingUpstream(this.world, uplink)
        else await startEncryptedUpstream(this.world, uplink, answerOf(i))
        return { ifindex: await uplink.index(), servers, domains: uplinks[i] ?? [] }
      }),
    )
    const idle = await this.#addIdleLinks(idleLinks)
    await writeConfiguration(this.world, { cacheSize, links: [...settings, ...idle], encryption })
  }

  async #prepareSigned(cacheSize: number, { zones, mode }: NonNullable<SceneSpec['signed']>): Promise<void> {
    const uplink = this.uplinks[0] as Link
    this.#awake = `awake.${SIGNED_ZONE}`
    await serveZones(this.world, uplink, zones, true)
    const links = [{ ifindex: await uplink.index(), servers: [uplink.realServer], domains: [] }]
    await writeConfiguration(this.world, { cacheSize, links, anchor: mode === 'yes' ? zones.anchor : undefined })
  }

  async #startResponder(uplink: Link, at: string, i: number): Promise<void> {
    await uplink.start([...this.peer.placing.startBy, await this.compiled('responder'), at, answerOf(i)], {
      until: /ready/,
    })
  }

  /** In pairs: both ends of a cable are links. Not every kernel knows links of type dummy. */
  async #addIdleLinks(count: number) {
    if (count === 0) return []
    const numbers = Array.from({ length: count }, (_, i) => i + 1)
    await this.world.ip(
      numbers.flatMap((n) => [
        ...(n % 2 === 1 ? [`link add idle${n} type veth peer name idle${n + 1}`] : []),
        `addr add ${idleNetwork(n)}.100/24 dev idle${n}`,
        `link set idle${n} up`,
      ]),
    )
    const show = await this.world.run(['ip', '-o', 'link', 'show', 'type', 'veth'])
    const indexOf = new Map([...show.matchAll(/^(\d+): (idle\d+)@/gm)].map(([, index, name]) => [name, Number(index)]))
    return numbers.map((n) => ({
      ifindex: indexOf.get(`idle${n}`) ?? 0,
      servers: [`${idleNetwork(n)}.1`],
      domains: [`~idle${n}.test`],
    }))
  }

  /** The path inside of one of the programs of `c/`. */
  compiled(name: string): Promise<string> {
    const known = this.#helpers.get(name)
    if (known !== undefined) return known
    const path = `/run/lab/${name}`
    const compiled = this.world.run(['cc', '-O2', '-o', path, `${HELPERS}/${name}.c`, '-pthread']).then(() => path)
    this.#helpers.set(name, compiled)
    return compiled
  }
}

/** Of a link that nobody asks, its first three bytes. */
function idleNetwork(n: number): string {
  return `10.${60 + (n >> 8)}.${n & 255}`
}

function serversOf(uplink: Link, { servers = 1 }: SceneSpec): string[] {
  return [uplink.server, uplink.server2].slice(0, servers)
}

/** The address that the upstream of the n-th link, from 0, gives to every name. */
export function answerOf(n: number): string {
  return `192.0.2.${n + 1}`
}
