import { IpAddress, Logger, type LogLevel, type Millis } from '../../src/base/index.ts'
import { AnswerMemo } from '../../src/fastpath/index.ts'
import type { Resolution } from '../../src/resolve/index.ts'
import { ResolverLookups } from '../../src/lookup/index.ts'
import { type LookupHooks, NO_HOOKS, Resolver } from '../../src/resolve/index.ts'
import { DEFAULT_LIMITS, nodeAlgorithms, type VerdictCounts } from '../../src/dnssec/index.ts'
import type {
  ConfiguredLink,
  DnssecServices,
  LinkFacts,
  Neighbours,
  NetworkFacts,
  Scope,
} from '../../src/scope/index.ts'
import {
  IFF_LOOPBACK,
  IFF_LOWER_UP,
  IFF_MULTICAST,
  IFF_RUNNING,
  IFF_UP,
  OPERSTATE_UP,
  ScopeSet,
  TransactionCounts,
  UnicastScope,
} from '../../src/scope/index.ts'
import {
  DEFAULT_LINK_SETTINGS,
  DEFAULT_RESOLVED_SETTINGS,
  type Delegate,
  type DnssecMode,
  type Domain,
  HostsTable,
  parseDomain,
  parseServerSpec,
  type ResolvedSettings,
  type ServerSpec,
} from '../../src/settings/index.ts'
import { type Listener, type OwnerOf, Responder } from '../../src/stub/index.ts'
import { HostLabel, type HostLabelServices, MdnsBrowser, type MulticastNetwork } from '../../src/multicast/index.ts'
import { hostFactsOf, ownNamesOf } from '../../src/synth/index.ts'
import type { Message } from '../../src/wire/index.ts'
import { nameOf, parseMessage } from '../../src/wire/index.ts'
import { FakeClock, settle } from './fake-clock.ts'
import { queryFor, type QueryOptions, questionLine, replyFor, type ReplyParts } from './messages.ts'
import { type Exchange, ScriptedTransport } from './scripted-transport.ts'
import { SeededRandom } from './seeded-random.ts'

/** All threads are one here. */
const DNSSEC: Omit<DnssecServices, 'turn'> = {
  algorithms: nodeAlgorithms(),
  limits: DEFAULT_LIMITS,
  check: (check) => {
    check.make()
    return undefined
  },
  turnIfBusy: () => undefined,
}

/** One network interface of the world, in the words of configuration files. */
export interface LinkScript {
  readonly ifindex: number
  readonly name?: string
  /** `10.1.0.2/24`; a link without address is not usable. Default `10.<ifindex>.0.2/24`. */
  readonly addresses?: readonly string[]
  readonly dns?: readonly string[]
  /** `corp.test` searches and routes, `~corp.test` only routes. */
  readonly domains?: readonly string[]
  readonly defaultRoute?: boolean
  readonly isUp?: boolean
  readonly dnssec?: DnssecMode
  readonly negativeTrustAnchors?: readonly string[]
}

/** Servers for some domains that belong to no link. */
export interface DelegateScript {
  readonly id: string
  readonly dns: readonly string[]
  readonly domains?: readonly string[]
  readonly defaultRoute?: boolean
}

export interface WorldScript {
  readonly links?: readonly LinkScript[]
  /** Servers and domains of the global scope. */
  readonly dns?: readonly string[]
  readonly domains?: readonly string[]
  readonly delegates?: readonly DelegateScript[]
  readonly settings?: Partial<ResolvedSettings>
  /** Text of /etc/hosts. */
  readonly hosts?: string
  readonly hostName?: string
  readonly gateways?: readonly { readonly gateway: string; readonly ifindex: number }[]
  readonly seed?: number
  /** What validation works with in place of the usual, where `settings.dnssec` asks for it. */
  readonly dnssec?: Partial<DnssecServices>
  /** When it begins. */
  readonly epoch?: Millis
  /** False works every reply out anew: nothing but speed may differ. */
  readonly memo?: boolean
  readonly logLevel?: LogLevel
  /** Whose sockets on this machine are; nobody's when left out. */
  readonly ownerOf?: OwnerOf
  /** Programs that answer names before servers. */
  readonly hooks?: LookupHooks
  /** Neighbours; the settings have to want them, too. */
  readonly multicast?: (clock: FakeClock) => MulticastNetwork
}

/** What a server in the world knows; anything it leaves out is silence. */
export type ServerAnswer = ReplyParts | Buffer | 'silence' | { readonly after: Millis; readonly reply: ReplyParts }
export type Server = (exchange: Exchange) => ServerAnswer

/**
 * The whole resolver on a fake clock with seeded randomness and no network: link facts and settings go in, client
 * request bytes go in, reply bytes and the upstream exchanges come out, and time passes when you say so.
 *
 * ```ts
 * const world = new World({ links: [{ ifindex: 2, dns: ['10.2.0.1'], domains: ['~corp.test'] }] })
 * world.serve('10.2.0.1', () => ({ answer: ['www.corp.test 60 A 192.0.2.1'] }))
 * const reply = await world.ask('www.corp.test')
 * ```
 * Whoever plays foreign scenarios uses `send`, `exchanges` and `advance` alone.
 */
export class World {
  readonly clock: FakeClock
  readonly transport: ScriptedTransport
  readonly scopes: ScopeSet
  readonly resolver: Resolver
  /** What bus and varlink call: search domains, A and AAAA together. */
  readonly lookups: ResolverLookups
  readonly log: string[] = []
  readonly responder: Responder
  /** Current until /etc/hosts, the host name or settings change. */
  #local = { isCurrent: true }
  readonly #counts = new TransactionCounts()
  readonly #servers = new Map<string, Server>()
  #addressesVersion = 0
  #script: WorldScript
  #hosts: HostsTable

  constructor(script: WorldScript = {}) {
    this.#script = script
    this.clock = new FakeClock(script.epoch)
    this.#hosts = HostsTable.parse(script.hosts ?? '')
    this.transport = new ScriptedTransport(this.clock)
    this.transport.script = (exchange) => this.#answer(exchange)
    const log = new Logger(script.logLevel ?? 'debug', (_level, line) => this.log.push(line))
    const random = new SeededRandom(script.seed)
    const { clock, transport } = this
    const turn = () => new Promise<void>((resolve) => clock.after(0, resolve))
    const dnssec = { ...DNSSEC, turn, ...script.dnssec }
    const multicast = script.multicast && neighboursBy(script.multicast(clock), script, { clock, random, log })
    this.scopes = new ScopeSet({ transport, clock, random, log, counts: this.#counts, dnssec, multicast })
    const version = () => this.#addressesVersion
    this.resolver = new Resolver({
      scopes: this.scopes,
      settings: () => this.#settings(),
      clock,
      log,
      catchUp: () => undefined,
      hooks: script.hooks ?? NO_HOOKS,
      local: {
        get addressesVersion() {
          return version()
        },
        staticRecords: () => new Map(),
        hosts: () => this.#hosts,
        host: () => hostFactsOf(factsOf(this.#script), ownNamesOf(this.#script.hostName ?? 'host')),
      },
    })
    this.lookups = new ResolverLookups(this.resolver, {
      hasIpv6: () => true,
      ifindexOf: (name) => [...factsOf(this.#script).links.values()].find((link) => link.name === name)?.ifindex,
    })
    const shared = { current: () => [this.scopes.answers, this.#local], revalidate: () => true }
    this.responder = new Responder({
      resolver: this.resolver,
      nsid: () => 'nsid',
      ownerOf: (...socket) => script.ownerOf?.(...socket),
      clock,
      newMemo: (routes) =>
        script.memo === false
          ? undefined
          : new AnswerMemo({ shared, routes, capacity: 1000, random, replayCounter: this.#counts }),
    })
    this.#apply()
  }

  /** Verdicts so far. */
  get verdicts(): VerdictCounts {
    return this.#counts.verdicts
  }

  /** How many replies the memo gave. */
  get replays(): number {
    return this.#counts.replays
  }

  /** Every message sent upstream so far, in order. */
  get exchanges(): readonly Exchange[] {
    return this.transport.exchanges
  }

  /** What a server (by address) was asked, as `name TYPE`. */
  asked(server: string): string[] {
    return this.exchanges.filter((exchange) => exchange.server === server).map(({ question }) => questionLine(question))
  }

  /** Timers, without those for the next probe of a server that is out: these go on as long as its scope. */
  get timersLeft(): number {
    const isProbed = (scope: Scope) =>
      scope instanceof UnicastScope && scope.upstreams.all.some(({ liveness }) => liveness.state === 'out')
    return this.clock.pending - this.scopes.all.filter(isProbed).length
  }

  /** Forgets the exchanges so far. */
  clearExchanges(): void {
    this.transport.exchanges.length = 0
  }

  /** Lets the server at `address` (all servers for `*`) answer by itself. */
  serve(address: string, server: Server): void {
    this.#servers.set(address, server)
  }

  /** Replaces parts of the world; in force when this returns. Links are replaced as a whole list. */
  change(script: WorldScript): void {
    const before = this.#script
    this.#script = { ...before, ...script }
    if (ownText(before) !== ownText(this.#script)) this.#addressesVersion++
    if (script.hosts !== undefined) this.#hosts = HostsTable.parse(script.hosts)
    if (script.hosts !== undefined || script.hostName !== undefined || script.settings !== undefined)
      this.#forgetLocal()
    this.#apply()
  }

  /** Replaces one link, or adds it. */
  changeLink(link: LinkScript): void {
    const others = (this.#script.links ?? []).filter(({ ifindex }) => ifindex !== link.ifindex)
    const before = (this.#script.links ?? []).find(({ ifindex }) => ifindex === link.ifindex)
    this.change({ links: [...others, { ...before, ...link }] })
  }

  removeLink(ifindex: number): void {
    this.change({ links: (this.#script.links ?? []).filter((link) => link.ifindex !== ifindex) })
  }

  flush(): void {
    this.scopes.flush()
  }

  /** What SIGHUP does: new settings, nothing learnt is kept, not even of servers (R-PROC-1). */
  reload(script: WorldScript = {}): void {
    this.change(script)
    this.scopes.flush()
    this.scopes.resetServers()
  }

  /** Hands a client's bytes in; the promise brings the reply's bytes, or undefined when the request is dropped. */
  send(packet: Buffer, listener: Listener = { kind: 'main', transport: 'udp' }): Promise<Buffer | undefined> {
    const room = Buffer.alloc(4096)
    const size = this.responder.replay(packet, listener, this.clock.now(), room, 0)
    if (size > 0) return Promise.resolve(room.subarray(0, size))
    return this.responder.respond(packet, listener, new AbortController().signal)
  }

  /** Lets time pass, timers and all. */
  advance(duration: Millis): Promise<void> {
    return this.clock.advance(duration)
  }

  /** Asks and lets time pass until the reply is there, an hour at most. */
  async ask(name: string, options: QueryOptions & { readonly listener?: Listener } = {}): Promise<Message> {
    const reply = await this.run(this.send(queryFor(name, options), options.listener))
    if (reply === undefined) throw new Error(`no reply to ${name}`)
    return parseMessage(reply)
  }

  /** As `ask`, through the resolver itself instead of the stub. */
  resolve(query: Parameters<Resolver['resolve']>[0]): Promise<Resolution> {
    return this.run(this.resolver.resolve(query, new AbortController().signal))
  }

  /** Lets time pass until `promise` settles, an hour at most. */
  async run<T>(promise: Promise<T>): Promise<T> {
    const state = { isDone: false }
    const watched = promise.finally(() => {
      state.isDone = true
    })
    watched.catch(() => undefined)
    await settle()
    const limit = this.clock.now() + 3_600_000
    while (!state.isDone && this.clock.nextDue !== undefined && this.clock.now() < limit) {
      await this.clock.advance(Math.max(0, this.clock.nextDue - this.clock.now()))
    }
    return watched
  }

  #answer(exchange: Exchange): void {
    const server = this.#servers.get(exchange.server) ?? this.#servers.get('*')
    const answer = server?.(exchange) ?? 'silence'
    if (answer === 'silence') return
    if (Buffer.isBuffer(answer)) exchange.reply(answer)
    else if ('after' in answer) {
      this.clock.after(answer.after, () => exchange.reply(replyFor(exchange.wire, answer.reply)))
    } else exchange.reply(replyFor(exchange.wire, answer))
  }

  #forgetLocal(): void {
    this.#local.isCurrent = false
    this.#local = { isCurrent: true }
  }

  #settings(): ResolvedSettings {
    return { ...DEFAULT_RESOLVED_SETTINGS, ...this.#script.settings }
  }

  #apply(): void {
    const { links = [], dns = [], domains = [] } = this.#script
    this.scopes.apply({
      facts: factsOf(this.#script),
      settings: this.#settings(),
      globalServers: dns.map(serverOf),
      globalDomains: domains.map(domainOf),
      links: new Map(links.map((link) => [link.ifindex, configuredLink(link)])),
      delegates: (this.#script.delegates ?? []).map(delegateOf),
    })
  }
}

/** This machine offers them nothing but its name. */
function neighboursBy(
  network: MulticastNetwork,
  { hostName = 'host' }: WorldScript,
  services: HostLabelServices,
): Neighbours {
  const offered = { services: [], onConflict: () => undefined, onChange: () => ({ [Symbol.dispose]: () => undefined }) }
  return { network, label: new HostLabel(hostName, services), services: offered, browser: new MdnsBrowser() }
}

function delegateOf({ id, dns, domains = [], defaultRoute = false }: DelegateScript): Delegate {
  return { id, servers: dns.map(serverOf), domains: domains.map(domainOf), defaultRoute, firewallMark: undefined }
}

function configuredLink({ dns = [], domains = [], defaultRoute, ...link }: LinkScript): ConfiguredLink {
  const settings = {
    ...DEFAULT_LINK_SETTINGS,
    servers: dns.map(serverOf),
    domains: domains.map(domainOf),
    defaultRoute,
    dnssec: link.dnssec,
    negativeTrustAnchors: (link.negativeTrustAnchors ?? []).map(nameOf),
  }
  return { settings, networkdState: undefined }
}

/** As the daemon's local knowledge sees it: addresses of this machine and of its gateways. */
function ownText(script: WorldScript): string {
  const { addresses, gateways } = hostFactsOf(factsOf(script), [])
  return [...addresses, ...gateways].map(({ address }) => address.text).join(' ')
}

const LOOPBACK: LinkScript = { ifindex: 1, name: 'lo', addresses: ['127.0.0.1/8', '::1/128'] }

function factsOf({ links = [], gateways = [] }: WorldScript): NetworkFacts {
  return {
    links: new Map([LOOPBACK, ...links].map((link) => [link.ifindex, linkFacts(link)])),
    gateways: gateways.map(({ gateway, ifindex }) => {
      const address = IpAddress.of(gateway)
      return { family: address.family, gateway: address, ifindex, metric: 0, source: undefined }
    }),
  }
}

function linkFacts({ ifindex, name = `link${ifindex}`, addresses, isUp = true }: LinkScript): LinkFacts {
  const flags = isUp ? IFF_UP | IFF_LOWER_UP | IFF_RUNNING | IFF_MULTICAST : IFF_MULTICAST
  return {
    ifindex,
    name,
    flags: ifindex === LOOPBACK.ifindex ? flags | IFF_LOOPBACK : flags,
    operState: isUp ? OPERSTATE_UP : 2,
    mtu: 1500,
    addresses: (addresses ?? [`10.${ifindex}.0.2/24`]).map((text) => {
      const [host = '', prefix = '32'] = text.split('/')
      return {
        address: IpAddress.of(host),
        prefixLength: Number(prefix),
        scope: host.startsWith('fe80') ? 253 : IpAddress.of(host).isLoopback ? 254 : 0,
        flags: 0,
      }
    }),
  }
}

function serverOf(text: string): ServerSpec {
  return parseServerSpec(text, () => undefined)
}

function domainOf(text: string): Domain {
  return parseDomain(text)
}
