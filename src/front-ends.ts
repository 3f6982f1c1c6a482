import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Lifetime, Logger } from './base/index.ts'
import { BusService } from './bus/index.ts'
import { Inspector, Journal, Meter, openMetricsText, Overview } from './control/index.ts'
import type { DaemonContext } from './context.ts'
import type { Core } from './core.ts'
import { AnswerMemo, TextMemo } from './fastpath/index.ts'
import { bootTime, machineId, nsid, processName, socketOwner } from './machine.ts'
import { MetricsDoor } from './metrics/index.ts'
import { ResolverLookups } from './resolve/index.ts'
import { Responder, StubListeners } from './stub/index.ts'
import { type Libc, Listening, UnixDoor } from './sys/index.ts'
import {
  monitorService,
  type OpenEntrance,
  plainEntrance,
  resolveService,
  type VarlinkPorts,
  VarlinkServer,
} from './varlink/index.ts'

/** What a short answer takes in a cache and in the memo. */
const BYTES_PER_ANSWER = 512

/** The doors to the resolver, all of them leading to the same one. */
export interface FrontEnds {
  /** A stub that listens nowhere yet. */
  readonly newStub: () => StubListeners
  readonly metrics: MetricsDoor
  /** Opens the varlink sockets and begins to connect to the bus. */
  readonly openIpc: () => Promise<void>
}

export async function frontEnds(context: DaemonContext, core: Core, life: Lifetime): Promise<FrontEnds> {
  const { options, libc, logger } = context
  const { clock, random, counts, control, scopes, resolver, ground } = core
  const { dnsCacheSize, dnsCacheBytes } = control.settings
  // No more replies than there is memory for the answers they repeat.
  const capacity = Math.min(dnsCacheSize, Math.floor(dnsCacheBytes / BYTES_PER_ANSWER))
  const isWatched = () => resolver.isWatched
  const memo = { ground, capacity, random, tally: counts }
  const newMemo = () => (capacity === 0 ? undefined : new AnswerMemo(memo))
  const responder = new Responder({ resolver, nsid: nsid(await machineId()), clock, newMemo })
  const listening = new Listening(libc, logger)
  const watching: Watching = {
    journal: life.adopt(new Journal({ resolver, clock, ownerOf: socketOwner })),
    meter: life.adopt(new Meter(resolver, counts)),
    overview: new Overview({ scopes, control, facts: () => control.facts, clock }),
  }
  const usualPath = join(options.runtimeDirectory, 'metrics')
  const text = () => openMetricsText(watching.meter, watching.overview.links())
  const textMemo = capacity === 0 ? undefined : new TextMemo({ ...memo, clock, isWatched })
  return {
    newStub: () => new StubListeners({ listening, responder, clock, log: logger }),
    metrics: life.adopt(new MetricsDoor({ text, usualPath, log: logger })),
    openIpc: () => openIpc(context, core, watching, textMemo, life),
  }
}

/** Those who count and record what is asked. */
interface Watching {
  readonly journal: Journal
  readonly meter: Meter
  readonly overview: Overview
}

/** The bus and the two varlink sockets share lookups, control and the one table of permissions. */
async function openIpc(
  context: DaemonContext,
  core: Core,
  watching: Watching,
  memo: TextMemo | undefined,
  life: Lifetime,
): Promise<void> {
  const { options, libc, logger, environment, uid } = context
  const { clock, scopes, resolver, control, local } = core
  const lookups = new ResolverLookups(resolver, () => local.hasIpv6)
  const id = await machineId()
  const bus = new BusService({
    address: environment.DBUS_SYSTEM_BUS_ADDRESS,
    uid,
    lookups,
    control,
    clock,
    logger,
    logTarget: 'console',
    machineId: () => id,
    processName,
    onResume: () => scopes.resetServers(),
  })
  life.adopt(bus)
  const inspector = new Inspector({ scopes, resolver, control, facts: () => control.facts, clock, bootTime })
  const shared = { lookups, resolver, control, inspector, authority: bus.authority }
  const ports: VarlinkPorts = { ...watching, ...shared, ...aboutProcess(context) }
  await mkdir(options.runtimeDirectory, { recursive: true })
  const path = join(options.runtimeDirectory, 'io.systemd.Resolve')
  const common = { clock, log: logger, entrance: libc === undefined ? plainEntrance : knowingEntrance(libc, logger) }
  const monitorMode = libc === undefined ? 0o600 : 0o666 // each call is checked, where the caller can be known
  const resolve = { ...common, service: resolveService(ports, logger, memo) }
  life.adopt(await VarlinkServer.open({ path, mode: 0o666 }, resolve))
  const monitor = { ...common, service: monitorService(ports, logger) }
  life.adopt(await VarlinkServer.open({ path: `${path}.Monitor`, mode: monitorMode }, monitor))
  bus.start()
}

function aboutProcess({ logger, environment, uid, version }: DaemonContext): Pick<VarlinkPorts, 'process' | 'about'> {
  return {
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
}

/** Sockets that tell who comes in (SO_PEERCRED). */
function knowingEntrance(libc: Libc, log: Logger): OpenEntrance {
  return async (at, backlog, onVisitor) =>
    'fd' in at
      ? UnixDoor.adopt(libc, log, at.fd, onVisitor)
      : UnixDoor.listen(libc, log, at.path, at.mode, backlog, onVisitor)
}
