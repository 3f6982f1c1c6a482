import { join } from 'node:path'
import type { Clock, Random, SharedDependencies } from '../base/index.ts'
import type { Lifetime } from '../base/index.ts'
import { type Configuration, configurationReader } from './configuration.ts'
import type { DaemonContext } from './context.ts'
import { isTurnedOff } from './environment.ts'
import { Controller } from '../control/index.ts'
import {
  foreignResolvConf,
  HookDirectory,
  LinkStateStore,
  NetworkdState,
  type Polled,
  ResolvConfWriter,
  resolvConfMode,
  rootBundle,
} from '../files/index.ts'
import { Hooks } from '../hooks/index.ts'
import { LocalKnowledge } from './local-knowledge.ts'
import { MdnsBrowser, ServiceRegistry } from '../multicast/index.ts'
import { MulticastSockets } from './multicast-sockets.ts'
import { LinkMonitor } from '../netlink/index.ts'
import { dnssecServices } from './dnssec-services.ts'
import { RootKeys, rootKeysFile } from './root-keys.ts'
import { Resolver } from '../resolve/index.ts'
import {
  type DnssecServices,
  type Neighbours,
  type NetworkFacts,
  NO_NETWORK,
  ScopeSet,
  TransactionCounts,
} from '../scope/index.ts'
import { ConfigWarnings, type ForeignDns, type IfIndexOf } from '../settings/index.ts'
import { Outgoing, SystemClock, SystemRandom, WorkTurns } from '../sys/index.ts'
import { ChannelTransports } from '../transport/index.ts'
import { CLASS, ROOT, TYPE } from '../wire/index.ts'

/** The resolver without listeners and interfaces: what it knows, what is in force, and how a question finds its answer. */
export interface Core {
  readonly clock: Clock
  readonly random: Random
  /** In which everything that may wait takes turns. */
  readonly turns: WorkTurns
  readonly counts: TransactionCounts
  readonly control: Controller
  readonly scopes: ScopeSet
  readonly resolver: Resolver
  readonly local: LocalKnowledge
  readonly networkd: NetworkdState
  readonly foreign: Polled<ForeignDns>
  /** Follows services of neighbours on the links that multicast DNS is asked on. */
  readonly browser: MdnsBrowser
  /** What this machine offers neighbours. */
  readonly services: ServiceRegistry
  readonly readConfiguration: () => Promise<Configuration>
  /** What every answer depends on besides its cache entries and the routes. */
  readonly shared: SharedDependencies
  /** What could not be used of the configuration. */
  readonly warnings: ConfigWarnings
  /** The machine has slept. */
  readonly wake: () => void
}

/** What nearly every part is given. */
interface Basics {
  readonly context: DaemonContext
  readonly life: Lifetime
  readonly clock: SystemClock
  readonly random: Random
  readonly counts: TransactionCounts
  readonly warnings: ConfigWarnings
}

/**
 * The facts of this machine. Kernel and networkd report from the start, the controller is made of what they reported
 * first: until `follow` names it, later reports are dropped (`restore` of the controller reads the latest anyway).
 */
interface Network {
  readonly monitor: LinkMonitor
  readonly networkd: NetworkdState
  readonly local: LocalKnowledge
  readonly ifindexOf: IfIndexOf
  readonly follow: (control: Controller) => void
}

/**
 * Makes the parts and ties them to each other, in the order in which they can know each other. Links and settings are
 * in force when it resolves. @throws what cannot be done without
 */
export async function openCore(context: DaemonContext, life: Lifetime): Promise<Core> {
  const basics = makeBasics(context, life)
  const { clock, random, counts, warnings } = basics
  const outgoing = openOutgoing(basics)
  const transport = openTransport(basics, outgoing)
  const network = await openNetwork(basics, transport)
  const { local, networkd, ifindexOf } = network
  const browser = new MdnsBrowser()
  const services = life.adopt(new ServiceRegistry({ label: local.label, clock, log: context.logger }))
  const turns = new WorkTurns(clock, context.turnWatch, () => outgoing.isBehind)
  const dnssec = dnssecServices(turns)
  const scopes = openScopes(basics, transport, dnssec, openNeighbours(basics, local, services, browser))
  const wake = renewAfterSleep(clock, transport, scopes)
  const rootKeys = openRootKeys(basics, scopes, dnssec, () => control)
  const readFiles = configurationReader(context, ifindexOf, warnings)
  const readConfiguration = async (): Promise<Configuration> => {
    const configuration = await readFiles()
    services.replaceFiles(configuration.services, configuration.specifiers)
    return { ...configuration, settings: await rootKeys.inForce(configuration.settings) }
  }
  const files = runtimeFiles(basics, ifindexOf)
  const control: Controller = makeController(basics, scopes, files, await readConfiguration())
  network.follow(control)
  const foreign = followFiles(basics, network, files, control)
  await bringIntoForce(network, foreign, control)
  const hooks = await openHooks(basics)
  const resolver = makeResolver(basics, scopes, local, hooks, foreign, control)
  const shared = sharedDependencies(scopes, local, hooks, foreign, control)
  const parts = { control, scopes, resolver, local, networkd, foreign, browser, services }
  return { clock, random, turns, counts, warnings, ...parts, readConfiguration, shared, wake }
}

function makeBasics(context: DaemonContext, life: Lifetime): Basics {
  const clock = new SystemClock(context.libc, context.turnWatch)
  const warnings = new ConfigWarnings(context.logger)
  return { context, life, clock, random: new SystemRandom(context.libc), counts: new TransactionCounts(), warnings }
}

function openOutgoing({ context, life, random }: Basics): Outgoing {
  const outgoing = life.adopt(new Outgoing(context.libc, random, context.turnWatch))
  outgoing.onScarcePorts = () =>
    context.logger.warning(
      'Most UDP ports of this machine are taken: questions go by TCP, as the ports that are left could be guessed',
    )
  return outgoing
}

function openTransport({ context, life, clock, random }: Basics, outgoing: Outgoing): ChannelTransports {
  const certificates = rootBundle(context.environment, clock, context.logger)
  return life.adopt(new ChannelTransports({ outgoing, clock, random, roots: () => certificates.current() }))
}

/** Reads links, addresses and networkd's state once, and watches them from then on. */
async function openNetwork(
  { context, life, clock, random, warnings }: Basics,
  transport: ChannelTransports,
): Promise<Network> {
  const { logger: log, environment, libc } = context
  let control: Controller | undefined
  const facts = (): NetworkFacts => control?.facts ?? NO_NETWORK
  const local = new LocalKnowledge(facts, environment, clock, random, log, warnings)
  const onChange = (latest: NetworkFacts) => {
    control?.followKernel(latest)
    local.noteAddresses()
  }
  const monitor = life.adopt(await LinkMonitor.open({ clock, log, libc, onNews: () => transport.renew(), onChange }))
  const ifindexOf: IfIndexOf = (name) => [...monitor.facts.links.values()].find((link) => link.name === name)?.ifindex
  const networkd = life.adopt(
    await NetworkdState.open({
      directory: '/run/systemd',
      clock,
      log,
      ifindexOf,
      onChange: (links) => control?.followNetworkd(links),
    }),
  )
  const follow = (controller: Controller) => {
    control = controller
  }
  return { monitor, networkd, local, ifindexOf, follow }
}

function openScopes(
  { context, life, clock, random, counts }: Basics,
  transport: ChannelTransports,
  dnssec: DnssecServices,
  multicast: Neighbours | undefined,
): ScopeSet {
  const scopes = new ScopeSet({ transport, clock, random, log: context.logger, counts, dnssec, multicast })
  life.defer(() => scopes.close())
  return scopes
}

/** Without the C library no socket keeps to its link, and neighbours are neither asked nor answered. */
function openNeighbours(
  { context, life, random }: Basics,
  { label }: LocalKnowledge,
  services: ServiceRegistry,
  browser: MdnsBrowser,
): Neighbours | undefined {
  if (context.libc === undefined) return undefined
  const network = life.adopt(new MulticastSockets(context.libc, random, context.turnWatch))
  return { network, label, services, browser }
}

/** systemd tells where the state of the daemon is kept (`StateDirectory=` of the unit). */
function openRootKeys(
  { context, life, clock }: Basics,
  scopes: ScopeSet,
  { algorithms, check }: DnssecServices,
  control: () => Controller,
): RootKeys {
  const [directory = ''] = (context.environment.STATE_DIRECTORY ?? '').split(':')
  const ports = {
    ...rootKeysFile(directory),
    clock,
    log: context.logger,
    algorithms,
    check,
    isValidating: () => scopes.isValidating,
    ask: () => scopes.askChain({ name: ROOT, type: TYPE.DNSKEY, class: CLASS.IN }),
    onChange: (anchors: Parameters<Controller['followTrustAnchors']>[0]) => control().followTrustAnchors(anchors),
  }
  const rootKeys = life.adopt(new RootKeys(directory === '' ? undefined : ports))
  scopes.onApplied = () => rootKeys.noteScopes()
  return rootKeys
}

/** After sleep sockets are of no use, and what was learnt of servers is in doubt (R-SRV-16). */
function renewAfterSleep(clock: SystemClock, transport: ChannelTransports, scopes: ScopeSet): () => void {
  const wake = () => {
    transport.renew()
    scopes.wake()
  }
  clock.onResume = wake
  return wake
}

/** The files this daemon writes, and the paths that tell whose /etc/resolv.conf is. */
function runtimeFiles({ context }: Basics, ifindexOf: IfIndexOf) {
  const { runtimeDirectory } = context.options
  const writer = new ResolvConfWriter(runtimeDirectory)
  const paths = {
    system: '/etc/resolv.conf',
    static: '/usr/lib/systemd/resolv.conf',
    uplink: writer.uplinkPath,
    stub: writer.stubPath,
  }
  return { writer, paths, store: new LinkStateStore(join(runtimeDirectory, 'netif'), ifindexOf, context.logger) }
}

type RuntimeFiles = ReturnType<typeof runtimeFiles>

function makeController(
  { context, clock, counts }: Basics,
  scopes: ScopeSet,
  { writer, paths, store }: RuntimeFiles,
  { settings, delegates }: Configuration,
): Controller {
  return new Controller(settings, delegates, {
    scopes,
    counts,
    onStatisticsReset: () => context.turnWatch.reset(),
    store,
    files: writer,
    resolvConfMode: () => orUndefined(() => resolvConfMode(paths)),
    clock,
    log: context.logger,
  })
}

/** The controller hears of a resolv.conf that others write, and of a new host name. */
function followFiles(
  { context, life, clock, warnings }: Basics,
  { local, ifindexOf }: Network,
  { paths }: RuntimeFiles,
  control: Controller,
): Polled<ForeignDns> {
  const foreign = foreignResolvConf(paths, ifindexOf, clock, context.logger, warnings.of('resolv.conf'))
  life.adopt(foreign.onChange((dns) => control.followResolvConf(dns)))
  control.followHostLabel(local.label.label)
  life.adopt(local.label)
  life.adopt(local.label.onChange((label) => control.followHostLabel(label)))
  return foreign
}

/** Settings of files first, then what was saved for links that are still there. */
async function bringIntoForce({ monitor, networkd, local }: Network, foreign: Polled<ForeignDns>, control: Controller) {
  await Promise.all([local.read(), foreign.current()])
  await control.restore(monitor.facts, networkd.links)
}

/** `SYSTEMD_RESOLVED_HOOK=0` does without (H-DIR-4). */
async function openHooks({ context, life, clock }: Basics): Promise<Hooks> {
  const hooks = life.adopt(new Hooks(clock, context.logger))
  if (isTurnedOff(context.environment.SYSTEMD_RESOLVED_HOOK)) return hooks
  const directory = '/run/systemd/resolve.hook'
  const onChange = (sockets: Parameters<Hooks['apply']>[0]) => hooks.apply(sockets)
  life.adopt(await HookDirectory.open({ directory, clock, log: context.logger, onChange }))
  return hooks
}

function makeResolver(
  { context, clock }: Basics,
  scopes: ScopeSet,
  local: LocalKnowledge,
  hooks: Hooks,
  foreign: Polled<ForeignDns>,
  control: Controller,
): Resolver {
  const catchUp = () => (isForeignInForce(control) ? foreign.current() : undefined)
  return new Resolver({ scopes, local, hooks, catchUp, settings: () => control.settings, clock, log: context.logger })
}

function sharedDependencies(
  scopes: ScopeSet,
  local: LocalKnowledge,
  hooks: Hooks,
  foreign: Polled<ForeignDns>,
  control: Controller,
): SharedDependencies {
  return {
    current: () => [
      scopes.answers,
      ...local.dependencies(),
      hooks.dependency,
      ...(isForeignInForce(control) ? [foreign.dependency] : []),
    ],
    revalidate: (now) => {
      const isLocalKnown = local.revalidate(now) // both checks are to start, whatever the first one says
      return (!isForeignInForce(control) || foreign.revalidate(now)) && isLocalKnown
    },
  }
}

/** A foreign resolv.conf is followed only where nothing configures servers or domains (R-RC-7). */
function isForeignInForce({ settings }: Controller): boolean {
  return !settings.configuresServersOrDomains
}

function orUndefined<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch {
    return undefined
  }
}
