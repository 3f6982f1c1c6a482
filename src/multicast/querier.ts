import type { Clock, Log, Millis, Random } from '../base/index.ts'
import type { CacheRow } from '../cache/index.ts'
import type { Question, ResourceRecord } from '../wire/index.ts'
import type { MulticastDatagram, MulticastLink, MulticastNetwork, MulticastPlace, MulticastSocket } from './network.ts'

/** What a querier is made with. */
export interface QuerierParts {
  readonly place: MulticastPlace
  /** In the group already; its datagrams come by `onDatagram`. Whoever opened it closes it. */
  readonly socket: MulticastSocket
  /** For sockets beside that one. */
  readonly network: MulticastNetwork
  /** As it is now: addresses come and go. */
  readonly link: () => MulticastLink
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Record sets to be remembered; 0: none. */
  readonly maxEntries: number
}

/** What one lookup may do. */
export interface QuerierOptions {
  readonly readsCache: boolean
  readonly fillsCache: boolean
  readonly mayAskNetwork: boolean
}

/** Who told it, and when. */
interface Told {
  readonly source: 'cache' | 'network'
  /** Address of the neighbour, as text. */
  readonly server: string
  /** Wall-clock time. */
  readonly learntAt: Millis
}

/**
 * `nodata`: a neighbour says that the name has nothing of the type; `not-found`: nobody answered, which is all that multicast
 * can say of a name that does not exist.
 */
export type QuerierResult =
  | ({ readonly kind: 'found'; readonly records: readonly ResourceRecord[] } & Told)
  | ({ readonly kind: 'nodata' } & Told)
  | { readonly kind: 'not-found' }

/** Asks the neighbours on one link over one IP version, by one protocol, and remembers what they said. */
export interface Querier {
  /** Ends within the patience of the protocol. @throws the signal's reason when aborted */
  lookUp(question: Question, options: QuerierOptions, signal: AbortSignal): Promise<QuerierResult>
  onDatagram(datagram: MulticastDatagram): void
  /** Record sets held. */
  readonly size: number
  readonly hits: number
  readonly misses: number
  /** What it remembers, for people. */
  rows(now: Millis): Iterable<CacheRow>
  /** Forgets everything; questions under way go on. */
  flush(): void
  /** Questions under way end as `not-found`. */
  close(): void
}
