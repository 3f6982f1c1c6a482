import type { Clock, Log, Random } from '../base/index.ts'
import type { DnssecServices } from './answer-validation.ts'
import type { AuxiliaryReply } from '../dnssec/index.ts'
import type { HostLabel, MdnsBrowser, MulticastNetwork, ServiceSource } from '../multicast/index.ts'
import type { PreparableTransport, Validation } from '../upstream/index.ts'
import type { Name, Question } from '../wire/index.ts'
import type { TransactionCounts } from './transaction-counts.ts'

/** Where records of chains of trust come from. */
export interface ChainSource {
  /** DS and DNSKEY records, as the servers have them: whoever asks verifies them. */
  askChain(question: Question, validation: Validation): Promise<AuxiliaryReply>
}

/** What neighbours are asked and answered with. */
export interface Neighbours {
  readonly network: MulticastNetwork
  /** What they know this machine by. */
  readonly label: HostLabel
  /** What it offers them. */
  readonly services: ServiceSource
  /** Follows what they offer. */
  readonly browser: MdnsBrowser
}

/** What the scopes share. */
export interface ScopeServices {
  readonly transport: PreparableTransport
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly counts: TransactionCounts
  readonly dnssec: DnssecServices
  /** Undefined where this machine has no sockets for it. */
  readonly multicast?: Neighbours | undefined
  /** The scopes that the zone at `place` belongs to, by the ordinary routing of its name (S-SPLIT-3). */
  readonly chainSources: (place: Name) => readonly ChainSource[]
}
