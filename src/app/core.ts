import { join } from 'node:path'
import type { Clock, Random, SharedDependencies } from '../base/index.ts'
import type { Lifetime } from '../base/index.ts'
import { type Configuration, configurationReader } from './configuration.ts'
import type { DaemonContext } from './context.ts'
import { Controller } from '../control/index.ts'
import {
  foreignResolvConf,
  LinkStateStore,
  NetworkdState,
  type Polled,
  ResolvConfWriter,
  resolvConfMode,
} from '../files/index.ts'
import { LocalKnowledge } from './local-knowledge.ts'
import { LinkMonitor } from '../netlink/index.ts'
import { Resolver } from '../resolve/index.ts'
import { type NetworkFacts, NO_NETWORK, ScopeSet, TransactionCounts } from '../scope/index.ts'
import { ConfigWarnings, type ForeignDns, type IfIndexOf } from '../settings/index.ts'
import { Outgoing, SystemClock, SystemRandom } from '../sys/index.ts'
import { ChannelTransports } from '../transport/index.ts'

/** The resolver without listeners and interfaces: what it knows, what is in force, and how a question finds its answer. */
export interface Core {
  readonly clock: Clock
  readonly random: Random
  readonly counts: TransactionCounts
  readonly control: Controller
  readonly scopes: ScopeSet
  readonly resolver: Resolver
  readonly local: LocalKnowledge
  readonly networkd: NetworkdState
  readonly foreign: Polled<ForeignDns>
  readonly readConfiguration: () => Promise<Configuration>
  /** What every answer rests on besides its cache entries and the routes. */
  readonly shared: SharedDependencies
  /** What could not be used of the configuration. */
  readonly warnings: ConfigWarnings
  /** The machine has slept. */
  readonly wake: () => void
}

/**
 * Makes the parts and ties them to each other, in the order in which they can know each other. Links and settings are
 * in force when it resolves. @throws what cannot be done without
 */
export async function openCore(context: DaemonContext, life: Lifetime): Promise<Core> {
  const { options, libc, logger, environment } = context
  const clock = new SystemClock(libc)
  const random = new SystemRandom()
  const counts = new TransactionCounts()
  const warnings = new ConfigWarnings(logger)
  // Kernel and networkd report while control is being made of what they saw first: until then their reports have nobody.
  let control: Controller | undefined
  const facts = (): NetworkFacts => control?.facts ?? NO_NETWORK

  const outgoing = life.adopt(new Outgoing(libc))
  const transport = life.adopt(new ChannelTransports({ outgoing, clock, random }))
  const monitor = life.adopt(
    await LinkMonitor.open({
      clock,
      log: logger,
      onNews: () => transport.renew(),
      onChange: (latest) => {
        control?.followKernel(latest)
        local.noteAddresses()
      },
    }),
  )
  const ifindexOf: IfIndexOf = (name) => [...monitor.facts.links.values()].find((link) => link.name === name)?.ifindex
  const readConfiguration = configurationReader(context, ifindexOf, warnings)
  const local = new LocalKnowledge(facts, environment, clock, logger, warnings)
  const networkd = life.adopt(
    await NetworkdState.open({
      directory: '/run/systemd',
      clock,
      log: logger,
      ifindexOf,
      onChange: (links) => control?.followNetworkd(links),
    }),
  )

  // Where questions go. After sleep sockets are of no use, and what was learnt of servers is in doubt (R-SRV-16).
  const scopes = new ScopeSet({ transport, clock, random, log: logger, counts })
  life.defer(() => scopes.close())
  const wake = () => {
    transport.renew()
    scopes.wake()
  }
  clock.onResume = wake

  // Files of ours, and whose /etc/resolv.conf is.
  const writer = new ResolvConfWriter(options.runtimeDirectory)
  const paths = {
    system: '/etc/resolv.conf',
    static: '/usr/lib/systemd/resolv.conf',
    uplink: writer.uplinkPath,
    stub: writer.stubPath,
  }
  const store = new LinkStateStore(join(options.runtimeDirectory, 'netif'), ifindexOf, logger)
  // What is in force: settings of files first, then what was saved for links that are still there.
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
  const foreign = foreignResolvConf(paths, ifindexOf, clock, logger, warnings.of('resolv.conf'))
  life.adopt(foreign.onChange((dns) => controller.followResolvConf(dns)))
  life.adopt(local.onHostName((name) => controller.followHostName(name)))
  await Promise.all([local.read(), foreign.current()])
  await controller.restore(monitor.facts, networkd.links)

  // A foreign resolv.conf is followed only where nothing configures servers or domains (R-RC-7).
  const catchUp = () => (controller.settings.configuresServersOrDomains ? undefined : foreign.current())
  const resolver = new Resolver({ scopes, local, catchUp, settings: () => controller.settings, clock, log: logger })
  const isFollowing = () => !controller.settings.configuresServersOrDomains
  const shared: SharedDependencies = {
    current: () => [scopes.answers, ...local.dependencies(), ...(isFollowing() ? [foreign.dependency] : [])],
    revalidate: (now) => {
      const isLocalKnown = local.revalidate(now)
      return (!isFollowing() || foreign.revalidate(now)) && isLocalKnown
    },
  }
  const known = { control: controller, scopes, resolver, local, networkd, foreign }
  return { clock, random, counts, warnings, ...known, readConfiguration, shared, wake }
}

function orUndefined<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch {
    return undefined
  }
}
