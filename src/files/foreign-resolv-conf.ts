import { statSync } from 'node:fs'
import type { Clock, Log, Millis } from '../base/index.ts'
import type { ResolvConfMode } from '../control/index.ts'
import { type ForeignDns, type IfIndexOf, readForeignResolvConf, type TakeWarnings } from '../settings/index.ts'
import { Polled } from './polled.ts'
import { FileError, lookAt, readStamped } from './read-text.ts'

/** The file programs read, and those it may lead to. */
export interface ResolvConfPaths {
  /** /etc/resolv.conf. */
  readonly system: string
  readonly uplink: string
  readonly stub: string
  /** Shipped with the system (R-RC-5). */
  readonly static: string
}

/** Global queries ask for this; a change by a DHCP client shows almost at once, and a burst of queries looks once. */
const INTERVAL: Millis = 200
const NOTHING: ForeignDns = { servers: [], domains: [] }

/** By device and inode, links followed: what the file says plays no part. Four quick looks. @throws what node:fs throws */
export function resolvConfMode(paths: ResolvConfPaths): ResolvConfMode {
  const system = inodeOf(paths.system)
  if (system === undefined) return 'missing'
  for (const mode of ['uplink', 'stub', 'static'] as const) if (inodeOf(paths[mode]) === system) return mode
  return 'foreign'
}

/**
 * The servers and domains of a resolv.conf that is not ours. A file that is missing, or has become one of ours, leaves
 * what is known; one that is there but cannot be read clears it (R-RC-7).
 */
export function foreignResolvConf(
  paths: ResolvConfPaths,
  ifindexOf: IfIndexOf,
  clock: Clock,
  log: Log,
  warn: TakeWarnings,
): Polled<ForeignDns> {
  return new Polled({ look, initial: NOTHING, interval: INTERVAL, clock, log })

  async function look(stamp: string | undefined) {
    if (resolvConfMode(paths) !== 'foreign') return undefined
    if ((await lookAt(paths.system)) === stamp) return undefined
    const source = await readStamped(paths.system).catch((error: unknown) => unreadable(error, stamp))
    if (source === undefined) return undefined
    const { dns, warnings } = readForeignResolvConf({ path: paths.system, text: source.text }, ifindexOf)
    warn(warnings)
    return { value: dns, stamp: source.stamp }
  }

  function unreadable(error: unknown, stamp: string | undefined) {
    if (!(error instanceof FileError)) throw error
    if (stamp === UNREADABLE) return undefined
    log.warning(`Cannot read ${error.message}`)
    return { text: '', stamp: UNREADABLE }
  }
}

const UNREADABLE = 'unreadable'

function inodeOf(path: string): string | undefined {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false })
  return stats && `${stats.dev}:${stats.ino}`
}
