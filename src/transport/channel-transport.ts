import type { Clock, Random } from '../base/index.ts'
import type { Outgoing } from '../sys/index.ts'
import type { Transport } from '../upstream/index.ts'

/** What carries the messages of one channel. Closing it ends what is under way with `io`. */
export interface ChannelTransport extends Transport, AsyncDisposable {
  /** Addresses, routes or the place of this machine have changed: what is asked from now on must not use old sockets. */
  renew(): void
}

/** What a channel is made with. */
export interface ChannelContext {
  readonly outgoing: Outgoing
  readonly clock: Clock
  readonly random: Random
}
