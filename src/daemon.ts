import { createHmac } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { uptime } from 'node:os'
import { join } from 'node:path'
import type { Clock, Logger } from './base/index.ts'
import { Lifetime, reasonOf } from './base/index.ts'
import { BusService } from './bus/index.ts'
import type { Fact } from './cache/index.ts'
import { Controller, Inspector, Journal, Meter, openMetricsText, Overview } from './control/index.ts'
import {
  ConfigFiles,
  foreignResolvConf,
  LinkStateStore,
  NetworkdState,
  type Polled,
  ResolvConfWriter,
  resolvConfMode,
} from './files/index.ts'
import { AnswerMemo, TextMemo } from './fastpath/index.ts'
import { LocalKnowledge } from './local-knowledge.ts'
import { MetricsDoor } from './metrics/index.ts'
import { LinkMonitor } from './netlink/index.ts'
import type { Options } from './options.ts'
import { type ClientIdentity, type QueryClient, Resolver, ResolverLookups } from './resolve/index.ts'
import { type NetworkFacts, NO_NETWORK, ScopeSet, TransactionCounts } from './scope/index.ts'
import type { Delegate, ForeignDns, IfIndexOf, Problem, ResolvedSettings } from './settings/index.ts'
import { problemText, readDelegate, readResolvedConf } from './settings/index.ts'
import { Responder, StubListeners } from './stub/index.ts'
import { clientOwner, type Libc, Listening, Outgoing, SystemClock, SystemRandom, UnixDoor } from './sys/index.ts'
import { PlainTransport } from './transport/index.ts'
import {
  monitorService,
  type OpenEntrance,
  plainEntrance,
  resolveService,
  type VarlinkPorts,
  VarlinkServer,
} from './varlink/index.ts'

/** What the process gives the daemon. */
export interface DaemonContext {
  readonly options: Options
  readonly libc: Libc | undefined
  readonly logger: Logger
  readonly environment: NodeJS.ProcessEnv
  readonly uid: number
  /** Known beforehand: files of the package may not be readable any more. */
  readonly version: string
}

/** What the parts of a running daemon are to each other is said once, in `build`. */
interface Parts {
  readonly context: DaemonContext
  readonly life: Lifetime
  readonly clock: Clock
  readonly control: Controller
  readonly scopes: ScopeSet
  readonly local: LocalKnowledge
  readonly networkd: NetworkdState
  readonly foreign: Polled<ForeignDns>
  readonly readConfiguration: () => Promise<Configuration>
  readonly newStub: () => StubListeners
  readonly metrics: MetricsDoor
  readonly openIpc: () => Promise<void>
}

/** The whole resolver. This file is the only place where all rooms meet. */
export class Daemon implements AsyncDisposable {
  readonly #parts: Parts
  #stub: StubListeners
  #addresses: Options['listen']

  private constructor(parts: Parts) {
    this.#parts = parts
    this.#addresses = parts.context.options.listen
    this.#stub = parts.newStub()
    parts.life.defer(() => this.#stub[Symbol.asyncDispose]())
  }

  /** Resolves when links and settings are known and in force; nobody can ask yet. @throws what cannot be done without */
  static async open(context: DaemonContext): Promise<Daemon> {
    const life = new Lifetime()
    try {
      return new Daemon(await build(context, life))
    } catch (error) {
      await life[Symbol.asyncDispose]()
      throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.life[Symbol.asyncDispose]()
  }

  /** Opens the stub where options and settings want it, and the extra listeners. @throws {ListenError} */
  async listen(addresses = this.#addresses): Promise<void> {
    this.#addresses = addresses // for a reload
    const { stubListener, extraListeners } = this.#parts.control.settings
    for (const { address, port } of addresses) await this.#stub.openAt(address, port)
    if (addresses.length === 0 && stubListener !== 'no') await this.#stub.openStandard(stubListener)
    await this.#stub.openExtra(extraListeners)
  }

  /** Where the stub answers; nowhere when it is closed. */
  get places(): StubListeners['places'] {
    return this.#stub.places
  }

  /** Opens the varlink sockets and begins to connect to the bus. */
  async openIpc(): Promise<void> {
    const { openIpc, metrics, control } = this.#parts
    await openIpc()
    await metrics.follow(control.settings.metricsListen)
  }

  /** SIGHUP: everything in files is read again; what clients pushed stays (R-PROC-1). */
  async reload(): Promise<void> {
    const { context, local, foreign, networkd, control, metrics, readConfiguration, newStub } = this.#parts
    await local.reread()
    foreign.expire()
    networkd.reparse()
    const { settings, delegates } = await readConfiguration()
    control.reload(settings, delegates)
    await metrics.follow(settings.metricsListen)
    await this.#stub[Symbol.asyncDispose]()
    this.#stub = newStub()
    await this.listen().catch((error: unknown) => context.logger.warning(`${reasonOf(error)}; the stub is closed.`))
    await control.settled
  }

  /** SIGUSR2. */
  flush(): void {
    this.#parts.control.flushCaches()
  }

  /** SIGUSR1: what is known, to the log. */
  dump(): void {
    const { logger } = this.#parts.context
    for (const { plan, cache, upstreams } of this.#parts.scopes.all) {
      const domains = plan.domains.map(({ name, routeOnly }) => (routeOnly ? `~${name}` : name))
      logger.notice(`${plan.label}: ${cache.size} cached names, domains: ${domains.join(' ') || 'none'}`)
      for (const { label, roundTrip, counts } of upstreams.all) {
        logger.notice(
          `  server ${label}: round trip ${roundTrip?.toFixed(1) ?? 'unknown'} ms, ${JSON.stringify(counts)}`,
        )
      }
    }
  }
}

/** Makes every part and ties it to the others, in the order in which they can know each other. */
async function build(context: DaemonContext, life: Lifetime): Promise<Parts> {
  const { options, libc, logger, environment } = context
  const clock = new SystemClock(libc)
  const random = new SystemRandom()
  const counts = new TransactionCounts()
  let control: Controller | undefined
  const facts = (): NetworkFacts => control?.facts ?? NO_NETWORK

  const monitor = life.adopt(
    await LinkMonitor.open({ clock, log: logger, onChange: (latest) => control?.followKernel(latest) }),
  )
  const ifindexOf: IfIndexOf = (name) => [...monitor.facts.links.values()].find((link) => link.name === name)?.ifindex
  const readConfiguration = configurationReader(context, ifindexOf)
  const local = new LocalKnowledge(facts, environment, clock, logger)
  const networkd = life.adopt(
    await NetworkdState.open({
      directory: '/run/systemd',
      clock,
      log: logger,
      ifindexOf,
      onChange: (links) => control?.followNetworkd(links),
    }),
  )

  const outgoing = life.adopt(new Outgoing(libc))
  const transport = life.adopt(new PlainTransport({ outgoing, clock, random }))
  const scopes = new ScopeSet({ transport, clock, random, log: logger, counts })
  life.defer(() => scopes.close())

  const writer = new ResolvConfWriter(options.runtimeDirectory)
  const paths = {
    system: '/etc/resolv.conf',
    static: '/usr/lib/systemd/resolv.conf',
    uplink: writer.uplinkPath,
    stub: writer.stubPath,
  }
  const store = new LinkStateStore(join(options.runtimeDirectory, 'netif'), ifindexOf, logger)
  const { settings, delegates } = await readConfiguration()
  const controller = new Controller(settings, delegates, {
    scopes,
    counts,
    store,
    files: writer,
    resolvConfMode: () => orUndefined(() => resolvConfMode(paths)),
    clock,
    log: logger,
  })
  control = controller
  const foreign = foreignResolvConf(paths, ifindexOf, clock, logger)
  life.adopt(foreign.onChange((dns) => controller.followResolvConf(dns)))
  life.adopt(local.onHostName((name) => controller.followHostName(name)))
  await Promise.all([local.read(), foreign.current()])
  await controller.restore(monitor.facts, networkd.links)

  const catchUp = () => (controller.settings.configuresServersOrDomains ? undefined : foreign.current())
  const resolver = new Resolver({ scopes, local, catchUp, settings: () => controller.settings, clock, log: logger })
  const listening = new Listening(libc, logger)
  const followed = () => (controller.settings.configuresServersOrDomains ? [] : [foreign.epoch])
  const ground = (): Fact[] => [scopes.epoch, ...local.facts(), ...followed()]
  const capacity = settings.dnsCacheSize
  const newMemo = () => (capacity === 0 ? undefined : new AnswerMemo({ ground, capacity, random, tally: counts }))
  const responder = new Responder({ resolver, nsid: nsid(await machineId()), clock, newMemo })
  const newStub = () => new StubListeners({ listening, responder, clock, log: logger })
  const journal = life.adopt(new Journal({ resolver, clock, ownerOf: socketOwner }))
  const meter = life.adopt(new Meter(resolver, counts))
  const isWatched = () => resolver.isWatched
  const textMemo =
    capacity === 0 ? undefined : new TextMemo({ ground, capacity, random, clock, isWatched, tally: counts })
  const overview = new Overview({ scopes, control: controller, facts: () => controller.facts, clock })
  const usualPath = join(options.runtimeDirectory, 'metrics')
  const text = () => openMetricsText(meter, overview.links())
  const metrics = life.adopt(new MetricsDoor({ text, usualPath, log: logger }))
  const watching = { journal, meter, overview }
  const openIpc = ipcOpener(context, life, { clock, scopes, resolver, controller, local, textMemo, ...watching })
  return {
    context,
    life,
    clock,
    control: controller,
    scopes,
    local,
    networkd,
    foreign,
    readConfiguration,
    newStub,
    metrics,
    openIpc,
  }
}

interface Configuration {
  readonly settings: ResolvedSettings
  readonly delegates: readonly Delegate[]
}

/** Reads all configuration; each problem is one warning that names its place. */
function configurationReader({ options, logger, environment }: DaemonContext, ifindexOf: IfIndexOf) {
  const files = new ConfigFiles({ config: options.config }, logger)
  const report = (problems: readonly Problem[]) => {
    for (const problem of problems) logger.warning(problemText(problem))
  }
  return async (): Promise<Configuration> => {
    const early = await files.readEarlySettings(environment.CREDENTIALS_DIRECTORY)
    const { settings, problems } = readResolvedConf(await files.read(), ifindexOf, early)
    report(problems)
    const delegates = (await files.readDelegates()).map((source) => readDelegate(source.id, source.files, ifindexOf))
    for (const reading of delegates) report(reading.problems)
    return { settings, delegates: delegates.map(({ delegate }) => delegate) }
  }
}

interface IpcParts {
  readonly clock: Clock
  readonly scopes: ScopeSet
  readonly resolver: Resolver
  readonly journal: Journal
  readonly meter: Meter
  readonly overview: Overview
  readonly textMemo: TextMemo | undefined
  readonly controller: Controller
  readonly local: LocalKnowledge
}

/** The doors of programs: varlink sockets and the bus. */
function ipcOpener(
  { options, libc, logger, environment, uid, version }: DaemonContext,
  life: Lifetime,
  parts: IpcParts,
) {
  const { clock, scopes, resolver, controller, local, journal, meter, overview, textMemo } = parts
  return async (): Promise<void> => {
    const lookups = new ResolverLookups(resolver, () => local.hasIpv6)
    const inspector = new Inspector({
      scopes,
      resolver,
      control: controller,
      facts: () => controller.facts,
      clock,
      bootTime,
    })
    const id = await machineId()
    const bus = new BusService({
      address: environment.DBUS_SYSTEM_BUS_ADDRESS,
      uid,
      lookups,
      control: controller,
      clock,
      logger,
      logTarget: 'console',
      machineId: () => id,
      processName,
      onResume: () => scopes.resetServers(),
    })
    life.adopt(bus)
    const ports: VarlinkPorts = {
      overview,
      journal,
      meter,
      lookups,
      resolver,
      control: controller,
      inspector,
      authority: bus.authority,
      process: {
        uid,
        setLogLevel: (level) => {
          logger.level = level
        },
        environment: () => Object.entries(environment).map(([name, value]) => `${name}=${value}`),
      },
      about: {
        vendor: 'tsresolved',
        product: 'tsresolved',
        version,
        url: 'https://www.freedesktop.org/wiki/Software/systemd/resolved',
      },
    }
    await mkdir(options.runtimeDirectory, { recursive: true })
    const path = join(options.runtimeDirectory, 'io.systemd.Resolve')
    const common = { clock, log: logger, entrance: libc === undefined ? plainEntrance : knowingEntrance(libc, logger) }
    const monitorMode = libc === undefined ? 0o600 : 0o666 // each call is checked, where the caller can be known
    const resolve = { ...common, service: resolveService(ports, logger, textMemo) }
    life.adopt(await VarlinkServer.open({ path, mode: 0o666 }, resolve))
    const monitor = { ...common, service: monitorService(ports, logger) }
    life.adopt(await VarlinkServer.open({ path: `${path}.Monitor`, mode: monitorMode }, monitor))
    bus.start()
  }
}

/** Sockets that tell who comes in (SO_PEERCRED). */
function knowingEntrance(libc: Libc, log: Logger): OpenEntrance {
  return async (at, backlog, onVisitor) =>
    'fd' in at
      ? UnixDoor.adopt(libc, log, at.fd, onVisitor)
      : UnixDoor.listen(libc, log, at.path, at.mode, backlog, onVisitor)
}

/** Whose socket a client of the stub asks from, where that is on this machine. */
function socketOwner({ door, address, port = 0 }: QueryClient): ClientIdentity | undefined {
  if (address === undefined || (door !== 'udp' && door !== 'tcp')) return undefined
  const owner = clientOwner(address, port, door)
  return owner && { uid: owner.uid, pid: owner.process?.pid, process: owner.process?.name }
}

/** CLOCK_BOOTTIME, in milliseconds. */
function bootTime(): number {
  return uptime() * 1000
}

async function processName(pid: number): Promise<string | undefined> {
  return (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => undefined))?.trim()
}

async function machineId(): Promise<string | undefined> {
  return (await readFile('/etc/machine-id', 'utf8').catch(() => undefined))?.trim()
}

/** A name of this resolver that tells machines apart without giving the machine id away (R-STUB-16). */
function nsid(machine: string | undefined): string {
  const digest = createHmac('sha256', machine ?? '')
    .update('tsresolved nsid')
    .digest('hex')
  return `${digest.slice(0, 32)}.resolved.systemd.io`
}

function orUndefined<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch {
    return undefined
  }
}
