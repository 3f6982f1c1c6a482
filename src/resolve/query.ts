import type { IfIndex, Millis } from '../base/index.ts'
import type { Answer } from '../scope/index.ts'
import type { Name, Question, Spelling } from '../wire/index.ts'
import type { QueryClient } from './client.ts'

/** One client request, however it came. */
export interface Query {
  readonly name: Name
  /** How the client wrote the name, where not in lower case. */
  readonly spelling?: Spelling | undefined
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

/** An answer, how long it took, and how it was routed. */
export interface Resolved {
  readonly answer: Answer
  /** From the question to the answer. */
  readonly took: Millis
  /** How every scope takes the name now: worked out only for who looks. */
  readonly scores: () => readonly ScopeScore[]
}

/** What a query came to: told to whoever asked, and to those who watch. */
export interface Resolution extends Resolved {
  readonly query: Query
  /** Where search domains and CNAMEs have led. */
  readonly name: Name
  /** Questions along the chain of CNAMEs before the last. */
  readonly collected: readonly Question[]
}

/** How one scope takes a name (R-ROUTE-1). */
export interface ScopeScore {
  /** `global`, `link 3 (eth0)`. */
  readonly scope: string
  readonly ifindex: IfIndex
  /** NO < LAST_RESORT < MAYBE < YES + labels. */
  readonly score: number
  /** Why it got that score, e.g. `domain corp.example`, `default route`, `no domain matches`. */
  readonly reason: string
  readonly won: boolean
}
