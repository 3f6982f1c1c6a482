import type { BusClient } from '../client/bus-client.ts'
import type { HostLinks } from '../client/host-links.ts'
import type { VarlinkClient } from '../client/varlink-client.ts'
import type { Options } from './options.ts'
import type { Screen } from '../terminal/screen.ts'

/** Everything a verb may touch. */
export interface Context {
  readonly options: Options
  readonly links: HostLinks
  readonly screen: Screen
  /** Index of the link that `-i` names, 0 without. */
  readonly ifindex: number
  readonly varlink: VarlinkClient
  /** Connects at the first call; closed when the verb is done. */
  bus(): Promise<BusClient>
  /** Microseconds of a clock that only moves forward. */
  now(): number
}

/** Does a verb's work with the words after it; the exit code, or an error to print. */
export type VerbRun = (words: readonly string[], context: Context) => Promise<number>
