import type { LogLevel } from '../base/index.ts'
import type { Inspector } from '../observe/index.ts'

/** The process at the other end of a connection, as the kernel tells it (SO_PEERCRED). */
export interface PeerProcess {
  readonly uid: number
  readonly pid: number
  /** All groups it was in when it connected; absent where nobody can tell. */
  groups?(): readonly number[]
}

/** What the monitor interface shows of the daemon; nothing of it changes anything. */
export type Inspection = Pick<Inspector, 'dumpCache' | 'dumpServerState' | 'isAccessible' | 'subscribeQueries'>

/** What `io.systemd.service` shows and changes of the process. */
export interface ProcessControl {
  /** The uid the daemon runs under: its own user may read the environment. */
  readonly uid: number
  setLogLevel(level: LogLevel): void
  /** `NAME=value` lines. */
  environment(): readonly string[]
}

/** What `org.varlink.service.GetInfo` tells. */
export interface About {
  readonly vendor: string
  readonly product: string
  readonly version: string
  readonly url: string
}
