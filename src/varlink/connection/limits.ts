import type { Millis } from '../../base/index.ts'

/** What one server allows; whoever exceeds it is refused or dropped. */
export interface ServerLimits {
  /** Connections at a time (varlink.md §1). */
  readonly connections: number
  /** Of these, from one uid. */
  readonly connectionsPerUid: number
  /** Bytes of one call: names and flags, as no method takes more. */
  readonly call: number
  /** Bytes of unanswered calls, over all connections; one user may hold as many as are left. */
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
  call: 64 * 1024,
  input: 64 * 1024 * 1024,
  pipelined: 32,
  backlog: 4 * 1024 * 1024,
  readPatience: 30_000,
  idle: 300_000,
}

/** Of a budget, for root alone. */
const RESERVED = 1 / 8

/**
 * Bytes shared by many: `take` says no when a user holds as many as are left, so that one alone gets half of them and
 * there is always room for one more. Users that are not known are like one.
 */
export class ByteBudget {
  readonly #total: number
  readonly #ofUsers = new Map<number | undefined, number>()
  #left: number

  constructor(total: number) {
    this.#total = total
    this.#left = total
  }

  take(amount: number, uid: number | undefined): boolean {
    const held = this.#ofUsers.get(uid) ?? 0
    const left = this.#left - amount
    if (uid === 0 ? left < 0 : left - this.#total * RESERVED < held + amount) return false
    this.#left = left
    this.#ofUsers.set(uid, held + amount)
    return true
  }

  giveBack(amount: number, uid: number | undefined): void {
    this.#left += amount
    const held = (this.#ofUsers.get(uid) ?? 0) - amount
    if (held > 0) this.#ofUsers.set(uid, held)
    else this.#ofUsers.delete(uid)
  }
}
