import type { Log } from '../base/index.ts'
import { type ConfigWarning, warningText } from './config-warning.ts'

/** Where configuration comes from. Each source is read as a whole, so its warnings are replaced as a whole. */
export const CONFIG_SOURCES = [
  'resolved.conf',
  'delegates',
  'trust anchors',
  'resolv.conf',
  'static records',
  'hosts',
  'dnssd',
] as const
export type ConfigSource = (typeof CONFIG_SOURCES)[number]

/** Takes the warnings of one whole reading; none when everything could be used. */
export type TakeWarnings = (warnings: readonly ConfigWarning[]) => void

/** Of one reading: a block list in a format that is not ours has a bad line for each of its names. */
const MAX_KEPT = 100
/** Lines in the log for one reading. */
const MAX_LOGGED = 20

/** What was passed over in the last reading of each source (R-CONF-6): logged as it is read, and kept to be shown. */
export class ConfigWarnings {
  readonly #log: Log
  readonly #bySource = new Map<ConfigSource, readonly ConfigWarning[]>()

  constructor(log: Log) {
    this.#log = log
  }

  /** In the order of `CONFIG_SOURCES`, then as read. */
  get all(): readonly ConfigWarning[] {
    return CONFIG_SOURCES.flatMap((source) => this.#bySource.get(source) ?? [])
  }

  /** What the reader of `source` reports to. */
  of(source: ConfigSource): TakeWarnings {
    return (warnings) => {
      this.#bySource.set(source, bounded(warnings))
      for (const warning of warnings.slice(0, MAX_LOGGED)) this.#log.warning(warningText(warning))
      if (warnings.length <= MAX_LOGGED) return
      this.#log.warning(`There are more warnings about ${source}: 'tsresolvectl doctor' shows them.`)
    }
  }
}

/** The first ones, and that there are more. */
function bounded(warnings: readonly ConfigWarning[]): readonly ConfigWarning[] {
  const first = warnings[MAX_KEPT]
  if (first === undefined) return warnings
  const message = 'More warnings like these are not shown.'
  return [...warnings.slice(0, MAX_KEPT), { file: first.file, line: undefined, key: undefined, message }]
}
