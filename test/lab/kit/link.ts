import type { Program, StartOptions } from './program.ts'
import { Upstream } from './upstream.ts'
import type { World } from './world.ts'
import type { Zone } from './zone.ts'

export interface LinkSpec {
  /** What the scripted server of this network answers; left out: an empty zone. `false`: no server at all. */
  readonly zone?: Zone | false
  /** SOA minimum and TTL of negative answers, in seconds; 300 by default. */
  readonly negativeTtl?: number
  /** Number in the addresses below; by default the position among the links. Two links may share one. */
  readonly net?: number
  /** Servers set through the bus at start; the link's `server` by default. */
  readonly dns?: readonly string[]
  readonly domains?: readonly string[]
  readonly defaultRoute?: boolean
  /** Make the upstream end the default gateway. */
  readonly gateway?: boolean
}

/**
 * One interface of the host under test: a veth pair whose other end is alone in a network namespace with its servers.
 * For network N the host has 10.53.N.100 and fd53:N::100, the servers listen on 10.53.N.1, .2, .3, fd53:N::1 and
 * fe80::53; 10.53.N.9 is there for real servers, 10.53.N.254 is an address that nobody has.
 */
export class Link {
  readonly name: string
  readonly spec: LinkSpec
  readonly server: string
  readonly server2: string
  readonly server3: string
  readonly server6: string
  readonly linkLocalServer = 'fe80::53'
  readonly realServer: string
  readonly deadServer: string
  readonly address: string
  readonly address6: string
  readonly #world: World
  readonly #network: Program
  #upstream: Upstream | undefined

  private constructor(world: World, network: Program, name: string, spec: LinkSpec, net: number) {
    this.#world = world
    this.#network = network
    this.name = name
    this.spec = spec
    const at = (host: number) => `10.53.${net}.${host}`
    this.server = at(1)
    this.server2 = at(2)
    this.server3 = at(3)
    this.realServer = at(9)
    this.deadServer = at(254)
    this.address = at(100)
    this.server6 = `fd53:${net}::1`
    this.address6 = `fd53:${net}::100`
  }

  static async open(world: World, name: string, spec: LinkSpec, position: number): Promise<Link> {
    const holder = ['unshare', '--net', 'sh', '-c', 'echo apart; exec sleep infinity']
    const network = await world.start(name, holder, { until: /apart/ })
    const link = new Link(world, network, name, spec, spec.net ?? position)
    await link.create()
    if (spec.zone === false) return link
    const addresses = [link.server, link.server2, link.server3, link.server6, `${link.linkLocalServer}%${name}`]
    const setup = { addresses, zone: spec.zone ?? {}, negativeTtl: spec.negativeTtl ?? 300 }
    link.#upstream = await Upstream.open(world, network, setup)
    return link
  }

  /** The scripted server of this network. */
  get upstream(): Upstream {
    if (this.#upstream === undefined) throw new Error(`${this.name} has no scripted server`)
    return this.#upstream
  }

  /** Names and types that arrived here, oldest first. */
  asked(): Promise<string[]> {
    return this.upstream.asked()
  }

  /** Plugs the interface in: at the start, or again after `delete`. Only the first time has servers listening. */
  async create(): Promise<void> {
    const far = [this.server, this.server2, this.server3, this.realServer].map((each) => `${each}/24`)
    await this.#world.ip(`link add ${this.name} type veth peer name ${this.name} netns ${this.#network.pid}`)
    const farSide = [...far, `${this.server6}/64`, `${this.linkLocalServer}/64`].map(
      (each) => `addr add ${each} dev ${this.name}${each.includes(':') ? ' nodad' : ''}`,
    )
    await this.#world.ip(['link set lo up', ...farSide, `link set ${this.name} up`], this.#network)
    await this.#world.ip([`link set ${this.name} up`])
    await this.addAddresses()
    if (this.spec.gateway) await this.#world.ip(`route add default via ${this.server} dev ${this.name}`)
  }

  async addAddresses(): Promise<void> {
    await this.#world.ip([
      `addr add ${this.address}/24 dev ${this.name}`,
      `addr add ${this.address6}/64 dev ${this.name} nodad`,
    ])
  }

  /** Takes all addresses away, link-local ones too; the link stays up. */
  async removeAddresses(): Promise<void> {
    await this.#world.ip(`addr flush dev ${this.name}`)
  }

  async down(): Promise<void> {
    await this.#world.ip(`link set ${this.name} down`)
  }

  /** IPv6 addresses do not survive a `down`; this brings them back. */
  async up(): Promise<void> {
    await this.#world.ip([`link set ${this.name} up`, `addr replace ${this.address6}/64 dev ${this.name} nodad`])
  }

  /** Pulls the cable at the far end: up, but no carrier. */
  async unplug(): Promise<void> {
    await this.#world.ip(`link set ${this.name} down`, this.#network)
  }

  async delete(): Promise<void> {
    await this.#world.ip(`link delete ${this.name}`)
  }

  async index(): Promise<number> {
    return Number(await this.#world.run(['cat', `/sys/class/net/${this.name}/ifindex`]))
  }

  /** Runs a program at the far end to its end; gives what it prints. @throws when it fails */
  run(argv: readonly string[]): Promise<string> {
    return this.#world.run(argv, { network: this.#network })
  }

  /** Starts any other server at the far end, such as dnsmasq. */
  start(argv: readonly string[], options: Omit<StartOptions, 'network'> = {}): Promise<Program> {
    return this.#world.start(`${this.name} ${argv[0]}`, argv, { ...options, network: this.#network })
  }
}
