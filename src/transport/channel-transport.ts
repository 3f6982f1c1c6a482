import type { Clock, Random } from '../base/index.ts'
import type { Outgoing } from '../sys/index.ts'
import type { Transport } from '../upstream/index.ts'
import type { RootBundle } from './root-certificates.ts'

/** What carries the messages of one channel. Closing it ends what is under way with `io`. */
export interface ChannelTransport extends Transport, AsyncDisposable {
  /** Addresses, routes or the place of this machine have changed: what is asked from now on must not use old sockets. */
  renew(): void
  /**
   * Questions are to be expected: what has to be loaded for them is loaded now, in small parts. `isVerified`: also what
   * certificates are checked against. Undefined where nothing has to be loaded.
   */
  prepare?(isVerified: boolean): void
}

/** What a channel is made with. */
export interface ChannelContext {
  readonly outgoing: Outgoing
  readonly clock: Clock
  readonly random: Random
  /** The certificates that the system trusts, as they are now. Called when a server is to be verified. */
  readonly roots: () => RootBundle | Promise<RootBundle>
}
