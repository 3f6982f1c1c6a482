import type { Channel, IfIndex, Millis } from '../base/index.ts'

export type Source = 'literal' | 'static' | 'hosts' | 'synthesized' | 'cache' | 'stale' | 'network' | 'none'

/** How one scope fared when the name was routed (R-ROUTE-1). */
export interface ScopeVerdict {
  /** `global`, `link 3 (eth0)`. */
  readonly scope: string
  readonly ifindex: IfIndex
  /** NO < LAST_RESORT < MAYBE < YES + labels. */
  readonly score: number
  /** Why it got that score, e.g. `domain corp.example`, `default route`, `no domain matches`. */
  readonly reason: string
  readonly won: boolean
}

/** One message to one server, and what came of it. */
export interface Attempt {
  readonly server: string
  readonly channel: Channel
  readonly took: Millis
  /** `answer`, an rcode, or what went wrong. */
  readonly result: string
}

/**
 * Where an answer came from and why. Built from what the resolver knows anyway; `verdicts` is a function, so
 * that nobody pays for it who does not look.
 */
export interface Provenance {
  readonly source: Source
  readonly ifindex: IfIndex
  /** The scope that answered, as in `ScopeVerdict`. */
  readonly scope: string | undefined
  /** The server it was learnt from, now or when it was cached. */
  readonly server: string | undefined
  readonly channel: Channel | undefined
  /** Wall-clock time at which it was learnt. */
  readonly learntAt: Millis | undefined
  /** From the question to the answer. */
  readonly took: Millis
  readonly attempts: readonly Attempt[]
  readonly verdicts: () => readonly ScopeVerdict[]
}
