import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Clock, Log } from '../base/index.ts'
import {
  type ConfigWarning,
  HostsTable,
  readStaticRecords,
  type StaticRecords,
  type TakeWarnings,
} from '../settings/index.ts'
import { LOCAL_RECORDS_INTERVAL, Polled } from './polled.ts'
import { inTurns, lookAt, readStampedBytes } from './read-text.ts'
import { filesIn, readSources, SYSTEM_DIRECTORIES } from './search-path.ts'

/** Block lists with a million names are known to be used. */
const MAX_HOSTS_SIZE = 64 << 20
const MAX_STATIC_FILES = 4096
const EMPTY = Buffer.alloc(0)
/** More bad lines than anybody will look at; a file of 64 MiB may have millions. */
const MAX_WARNINGS = 1000

/** /etc/hosts, looked at every 2 s at most; a missing file is an empty one (R-HOSTS-1). */
export function hostsFile(path: string, clock: Clock, log: Log, warn: TakeWarnings): Polled<HostsTable> {
  return new Polled({ look, initial: HostsTable.parse(''), interval: LOCAL_RECORDS_INTERVAL, clock, log })

  async function look(stamp: string | undefined) {
    if ((await lookAt(path)) === stamp) return undefined
    const { bytes, stamp: next } = (await readStampedBytes(path, MAX_HOSTS_SIZE)) ?? { bytes: EMPTY, stamp: '' }
    const warnings: ConfigWarning[] = []
    const reading = HostsTable.reading(bytes, (line, message) => {
      if (warnings.length < MAX_WARNINGS) warnings.push({ file: path, line, key: undefined, message })
    })
    const value = await bySlices(reading)
    warn(warnings)
    return { value, stamp: next }
  }
}

/** One slice of the work in each turn of the event loop: questions are answered between them. */
async function bySlices<T>(work: Generator<unknown, T>): Promise<T> {
  for (;;) {
    const step = work.next()
    if (step.done === true) return step.value
    await nextTurn()
  }
}

/** `*.rr` files, looked at every 2 s at most (R-STATIC-1). */
export function staticRecordFiles(root: string, clock: Clock, log: Log, warn: TakeWarnings): Polled<StaticRecords> {
  const directories = SYSTEM_DIRECTORIES.map((directory) => join(root, directory, 'systemd/resolve/static.d'))
  return new Polled({ look, initial: new Map(), interval: LOCAL_RECORDS_INTERVAL, clock, log })

  async function look(stamp: string | undefined) {
    const paths = (await filesIn(directories, '.rr', log)).slice(0, MAX_STATIC_FILES)
    const stamps: string[] = []
    for await (const path of inTurns(paths)) stamps.push(`${path} ${await lookAt(path)}`)
    if (stamps.join('\n') === stamp) return undefined
    const sources = (await readSources(paths, log)).filter(({ text }) => text.trim() !== '') // empty: masked
    const { records, warnings } = readStaticRecords(sources)
    warn(warnings)
    return { value: records, stamp: stamps.join('\n') }
  }
}
