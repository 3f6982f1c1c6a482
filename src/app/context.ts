import type { Logger } from '../base/index.ts'
import type { Options } from './options.ts'
import type { KeptSockets, Libc, TurnWatch } from '../sys/index.ts'

/** What the process gives the daemon. */
export interface DaemonContext {
  readonly options: Options
  readonly libc: Libc | undefined
  /** Undefined where nobody would keep them. */
  readonly kept: KeptSockets | undefined
  readonly logger: Logger
  /** How long the event loop is busy in one go. */
  readonly turnWatch: TurnWatch
  readonly environment: NodeJS.ProcessEnv
  readonly uid: number
  readonly gid: number
  /** Known beforehand: files of the package may not be readable any more. */
  readonly version: string
}
