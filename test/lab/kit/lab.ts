import { onTestFailed } from 'vitest'
import { Bus } from './bus.ts'
import { Daemon, daemonKind, type DaemonKind } from './daemon.ts'
import { readDig, type Dug } from './dig.ts'
import { eventually } from './eventually.ts'
import { Link, type LinkSpec } from './link.ts'
import { inside, World, type Finished, type RunOptions } from './world.ts'

/** For `test.skipIf(original)`: cases where we do better, or that its release is too old for. */
export const original = daemonKind === 'original'

export interface LabSpec<Name extends string> {
  readonly links?: Readonly<Record<Name, LinkSpec>>
  /** Lines added below [Resolve] of /etc/systemd/resolved.conf. */
  readonly config?: string
  /** Lines added to /etc/hosts. */
  readonly hosts?: string
  readonly hostname?: string
  /** false: no bus at the start (see `lab.bus`); links are then configured by files only. */
  readonly bus?: boolean
  /** false: do not start the daemon yet. */
  readonly start?: boolean
  readonly daemon?: DaemonKind
}

/** Where `dig` asks from, one after the other: below what the kernel or a daemon takes by itself, and no server's. */
const DIG_PORTS = Array.from({ length: 250 }, (_, i) => 600 + i)

/**
 * A machine with links, a bus and a running daemon, for one test:
 *
 *     await using lab = await Lab.open({ links: { lan: { zone: { 'www.test': 'A 192.0.2.1' } } } })
 *     expect((await lab.dig('www.test')).data).toEqual(['192.0.2.1'])
 *     expect(await lab.links.lan.asked()).toEqual(['www.test A'])
 *
 * When the test fails, everything that was run and logged inside is printed.
 */
export class Lab<Name extends string = string> implements AsyncDisposable {
  readonly world: World
  readonly bus: Bus
  readonly daemon: Daemon
  readonly links: Readonly<Record<Name, Link>>

  #digs = 0

  private constructor(world: World, daemon: Daemon, links: Record<Name, Link>) {
    this.world = world
    this.bus = new Bus(world)
    this.daemon = daemon
    this.links = links
  }

  static async open<Name extends string>(spec: LabSpec<Name> = {}): Promise<Lab<Name>> {
    const world = await World.open(spec.hostname ?? 'labhost')
    onTestFailed(() => console.error(world.log.join('\n')))
    try {
      const lab = new Lab<Name>(world, new Daemon(world, spec.daemon ?? daemonKind), await openLinks(world, spec.links))
      await lab.#prepare(spec)
      return lab
    } catch (cause) {
      await world[Symbol.asyncDispose]()
      throw cause
    }
  }

  /** Runs a program on the host, gives its output; a failure throws. */
  run(argv: readonly string[], options?: RunOptions): Promise<string> {
    return this.world.run(argv, options)
  }

  /** The same for programs that may fail. */
  tryRun(argv: readonly string[], options?: RunOptions): Promise<Finished> {
    return this.world.tryRun(argv, options)
  }

  write(path: string, text: string): Promise<void> {
    return this.world.write(path, text)
  }

  /** `ip` commands on the host, one per line. */
  ip(...commands: readonly string[]): Promise<void> {
    return this.world.ip(commands)
  }

  /** Asks the stub with dig; more of its words may follow: `dig('a.test', 'AAAA', '+tcp', '@127.0.0.54')`. */
  async dig(name: string, type = 'A', ...words: readonly string[]): Promise<Dug> {
    const server = words.some((word) => word.startsWith('@')) ? [] : ['@127.0.0.53']
    const ownPort = words.includes('+tcp') || words.some((word) => word.includes(':')) ? [] : ['-b', this.#nextSource()]
    const argv = ['dig', '+tries=1', '+time=8', '+nocookie', ...ownPort, ...server, ...words, '-t', type, '-q', name]
    const { stdout } = await this.tryRun(argv)
    return readDig(stdout)
  }

  /**
   * Where dig asks from. Left to itself it lets other sockets share its port (SO_REUSEPORT), so that two of twenty at once may get
   * the same one, and one gets the replies for both.
   */
  #nextSource(): string {
    this.#digs++
    return `0.0.0.0#${DIG_PORTS[this.#digs % DIG_PORTS.length]}`
  }

  /** The original's own client, unmodified. */
  resolvectl(...words: readonly string[]): Promise<string> {
    return this.run(['resolvectl', '--no-pager', ...words])
  }

  tsresolvectl(...words: readonly string[]): Promise<string> {
    return this.run([inside.node, `${inside.repo}/dist/cli/main.js`, ...words])
  }

  /** `busctl call` on the manager object: method, signature, arguments. */
  call(method: string, ...words: readonly string[]): Promise<string> {
    const manager = ['org.freedesktop.resolve1', '/org/freedesktop/resolve1', 'org.freedesktop.resolve1.Manager']
    return this.run(['busctl', 'call', ...manager, method, ...words])
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.world[Symbol.asyncDispose]()
  }

  async #prepare(spec: LabSpec<Name>): Promise<void> {
    const config = `[Resolve]\nLLMNR=no\nMulticastDNS=no\nDNSSEC=no\nFallbackDNS=\n${spec.config ?? ''}\n`
    await this.write('/etc/systemd/resolved.conf', config)
    if (spec.hosts !== undefined) await this.write('/etc/hosts', `127.0.0.1 localhost\n${spec.hosts}\n`)
    if (spec.bus !== false) await this.bus.start()
    if (spec.start === false) return
    await this.daemon.start()
    if (spec.bus !== false) await this.configureLinks()
  }

  /** Waits for a name on the bus: the original is ready before it has its own. */
  async onBus(name = 'org.freedesktop.resolve1'): Promise<void> {
    const bus = ['org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus']
    const owner = ['busctl', 'call', ...bus, 'GetNameOwner', 's', name]
    await eventually(() => this.run(owner))
  }

  /** Sets servers and domains of all links as their specs say, through the bus. */
  async configureLinks(): Promise<void> {
    await this.onBus()
    for (const { name, spec, server } of Object.values<Link>(this.links)) {
      const servers = spec.dns ?? (spec.zone === false ? [] : [server])
      if (servers.length > 0) await this.resolvectl('dns', name, ...servers)
      if (spec.domains !== undefined) await this.resolvectl('domain', name, ...spec.domains)
      if (spec.defaultRoute !== undefined) await this.resolvectl('default-route', name, String(spec.defaultRoute))
    }
  }
}

async function openLinks<Name extends string>(
  world: World,
  specs: LabSpec<Name>['links'],
): Promise<Record<Name, Link>> {
  const opening = Object.entries<LinkSpec>(specs ?? {}).map(async ([name, spec], position) => {
    return [name, await Link.open(world, name, spec, position + 1)] as const
  })
  return Object.fromEntries(await Promise.all(opening)) as Record<Name, Link>
}
