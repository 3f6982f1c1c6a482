import type { Millis } from '../../base/index.ts'

/** What one server allows; whoever exceeds it is refused or dropped. */
export interface ServerLimits {
  /** Connections at a time (varlink.md §1). */
  readonly connections: number
  /** Of these, from one uid. */
  readonly connectionsPerUid: number
  /** Bytes of unanswered calls, over all connections. */
  readonly input: number
  /** Calls one client may have waiting before nothing more is read from it (V-6). */
  readonly pipelined: number
  /** Bytes one client may leave unread before it is dropped. */
  readonly backlog: number
  /** How long a client may leave a reply unread. */
  readonly readPatience: Millis
  /** How long a client may go without completing a call. Calls in progress and subscriptions have no limit here. */
  readonly idle: Millis
}

export const DEFAULT_LIMITS: ServerLimits = {
  connections: 4096,
  connectionsPerUid: 128,
  input: 64 * 1024 * 1024,
  pipelined: 32,
  backlog: 4 * 1024 * 1024,
  readPatience: 30_000,
  idle: 300_000,
}

/** Bytes shared by many: `take` says no when they are used up. */
export class ByteBudget {
  #left: number

  constructor(total: number) {
    this.#left = total
  }

  take(amount: number): boolean {
    if (amount > this.#left) return false
    this.#left -= amount
    return true
  }

  giveBack(amount: number): void {
    this.#left += amount
  }
}
