/** Sessions of so many servers are kept; the oldest make room. */
const CAPACITY = 64

/** A session that the server may resume. */
export interface Ticket {
  readonly session: Buffer
  /** Wall-clock time after which the certificate it was given under is no longer valid. */
  readonly validUntil: number
}

/**
 * TLS sessions to be resumed. Node repeats no identity check on a resumed session (E-NODE-5), so `key` must hold all
 * that was verified: address, port, link, name and whether it was verified at all. Each is used once (RFC 8446 App. C.4),
 * and none after its certificate has expired.
 */
export class SessionTickets {
  readonly #tickets = new Map<string, Ticket>()

  /** The latest replaces earlier ones: TLS 1.3 servers send several. */
  put(key: string, ticket: Ticket): void {
    this.#tickets.delete(key)
    const [oldest] = this.#tickets.keys()
    if (this.#tickets.size >= CAPACITY && oldest !== undefined) this.#tickets.delete(oldest)
    this.#tickets.set(key, ticket)
  }

  /** `wall` is wall-clock time, as certificates are dated by it. */
  take(key: string, wall: number): Ticket | undefined {
    const ticket = this.#tickets.get(key)
    this.#tickets.delete(key)
    return ticket !== undefined && wall < ticket.validUntil ? ticket : undefined
  }
}
