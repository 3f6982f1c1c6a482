import type { IfIndex, Millis } from '../base/index.ts'
import type { CachedAnswer } from '../cache/index.ts'
import type { Scope } from '../scope/index.ts'
import type { ExtendedError, Name, Question, ResourceRecord } from '../wire/index.ts'
import type { QueryClient } from './client.ts'
import type { QueryState } from './query-state.ts'
import type { Provenance } from './provenance.ts'

/** One client request, whichever door it came through. */
export interface Query {
  readonly name: Name
  /** Asked together; A and AAAA share one walk along CNAMEs and search domains. */
  readonly types: readonly number[]
  readonly class: number
  /** Input bits of `FLAG`. */
  readonly flags: number
  /** Only on this link, when not 0. */
  readonly ifindex: IfIndex
  /** To be sent as the client wrote it, instead of a question of our own. */
  readonly relayed: RelayedMessage | undefined
  /** How long the rest may keep an answer waiting once one type has brought records; undefined waits for all. */
  readonly patienceForRest: Millis | undefined
  /** For fair shares under load, and for those who watch. */
  readonly client?: QueryClient | undefined
}

/** A client's message that goes upstream under another ID and comes back as the server answered it (R-STUB-13). */
export interface RelayedMessage {
  readonly message: Buffer
  readonly dnssecOk: boolean
  /** False with CD or EDNS options: such an answer is for this client alone. */
  readonly isShareable: boolean
}

/** A record and the link it was learnt on; 0 where there is none. */
export interface ResolvedRecord {
  readonly record: ResourceRecord
  readonly ifindex: IfIndex
}

/** What a query came to. Failures are values too: `state` says how it ended. */
export interface Resolution {
  readonly query: Query
  readonly state: QueryState | 'cname-loop' | 'query-refused'
  /** Of the last reply: NOERROR when `state` is `success`, which includes NODATA. */
  readonly rcode: number
  readonly errno: number | undefined
  readonly extendedError: ExtendedError | undefined
  /** Where search domains and CNAMEs have led. */
  readonly name: Name
  /** The chain of CNAMEs in order, then the records that match. */
  readonly answer: readonly ResolvedRecord[]
  readonly authority: readonly ResourceRecord[]
  readonly additional: readonly ResourceRecord[]
  /** Questions along the chain before the last. */
  readonly collected: readonly Question[]
  /** Output bits of `FLAG`. */
  readonly flags: number
  /** The one server message that is the whole answer; undefined when it was put together or is our own. */
  readonly wire: Buffer | undefined
  /** The cache entry that holds `wire`: while it stands, a reply made of it may be replayed. */
  readonly basis: CachedAnswer | undefined
  /** The scope that has it; undefined when several names or sources had a part. */
  readonly scope: Scope | undefined
  /** All cache entries it rests on: while they and the ground stand, it would come out the same. Else undefined. */
  readonly cached: readonly CachedAnswer[] | undefined
  readonly provenance: Provenance
}
