import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Lifetime } from '../base/index.ts'
import { BusService } from '../bus/index.ts'
import { Inspector, type Journal, type Meter, type Overview } from '../observe/index.ts'
import type { DaemonContext } from './context.ts'
import type { Core } from './core.ts'
import type { TextMemo } from '../fastpath/index.ts'
import { ResolverLookups } from '../lookup/index.ts'
import { routeTo } from '../netlink/index.ts'
import { bootTime, type Libc, machineId, processName, UnixListener } from '../sys/index.ts'
import {
  activatedSockets,
  monitorService,
  type OpenListener,
  passedOr,
  plainListener,
  resolveService,
  type VarlinkPorts,
  VarlinkServer,
} from '../varlink/index.ts'

/** Those who count and record what is asked. */
export interface Watching {
  readonly journal: Journal
  readonly meter: Meter
  readonly overview: Overview
}

/** The bus and the two varlink sockets share lookups, control and the one table of permissions. */
export async function openIpc(
  context: DaemonContext,
  core: Core,
  watching: Watching,
  memo: TextMemo | undefined,
  life: Lifetime,
): Promise<void> {
  const { options, libc, logger, environment, uid, gid } = context
  const { clock, turns, scopes, resolver, control, local, warnings, browser, services, wake } = core
  const lookups = new ResolverLookups(resolver, {
    hasIpv6: () => local.hasIpv6,
    ifindexOf: (name) => [...control.facts.links.values()].find((link) => link.name === name)?.ifindex,
  })
  // The bus knows who calls it, so it answers for the varlink sockets too who may do what.
  const id = machineId()
  const bus = new BusService({
    address: environment.DBUS_SYSTEM_BUS_ADDRESS,
    uid,
    gid,
    lookups,
    control,
    services,
    clock,
    turns,
    logger,
    logTarget: 'console',
    machineId: () => id,
    processName,
    onResume: wake,
  })
  life.adopt(bus)
  const inspector = new Inspector({
    scopes,
    watchers: resolver.watchers,
    control,
    facts: () => control.facts,
    routeTo: (address, ifindex) => routeTo(libc, address, ifindex),
    clock,
    bootTime,
  })
  const shared = {
    lookups,
    resolver,
    control,
    inspector,
    browser,
    warnings,
    turnWatch: context.turnWatch,
    authority: bus.authority,
  }
  const ports: VarlinkPorts = { ...watching, ...shared, ...aboutProcess(context) }
  // The directory may have been removed since the start.
  mkdirSync(options.runtimeDirectory, { recursive: true })
  const path = join(options.runtimeDirectory, 'io.systemd.Resolve')
  const common = {
    clock,
    turns,
    log: logger,
    listener: libc === undefined ? plainListener : listenerWithCredentials(libc, context),
  }
  const monitorMode = libc === undefined ? 0o600 : 0o666 // each call is checked, where the caller can be known
  const resolve = { ...common, service: resolveService(ports, logger, memo) }
  // A service manager may hold the sockets open over restarts (sd_listen_fds(3)).
  const passed = activatedSockets(environment, process.pid)
  const { replaces } = options
  life.adopt(await VarlinkServer.open(passedOr(passed, 'varlink', { path, mode: 0o666, replaces }), resolve))
  const monitor = { ...common, service: monitorService(ports, logger) }
  const monitorAt = passedOr(passed, 'varlink-monitor', { path: `${path}.Monitor`, mode: monitorMode, replaces })
  life.adopt(await VarlinkServer.open(monitorAt, monitor))
  if (!options.tryOut) bus.start() // the name there is the machine's, also while its owner restarts
}

/** What `io.systemd.service` shows and changes, and what `GetInfo` tells of the product. */
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
function listenerWithCredentials(libc: Libc, { logger, turnWatch }: DaemonContext): OpenListener {
  return async (at, backlog, onClient) =>
    'fd' in at
      ? UnixListener.adopt(libc, logger, at.fd, onClient, turnWatch)
      : UnixListener.listen(libc, logger, at.path, at.mode, backlog, onClient, turnWatch)
}
