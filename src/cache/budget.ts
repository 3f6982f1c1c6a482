/** A cache whose memory counts. */
export interface BudgetMember {
  readonly bytes: number
  /** Drops the entry that is needed least. */
  dropOldest(): void
}

/**
 * The memory that all caches together may take (`DNSCacheBytes=`). A link with much traffic may fill what the others
 * leave, but no more: whoever needs room gets it from the one that holds most.
 */
export class CacheBudget {
  limit: number
  #used = 0
  readonly #members = new Set<BudgetMember>()

  /** `limit` in bytes. */
  constructor(limit: number) {
    this.limit = limit
  }

  /** Bytes taken. */
  get used(): number {
    return this.#used
  }

  /** Counts bytes of a new entry; drops entries of the largest caches while there is too much. */
  take(bytes: number, member: BudgetMember): void {
    this.#members.add(member)
    this.#used += bytes
    while (this.#used > this.limit) {
      const largest = this.#largest()
      if (largest === undefined) return
      largest.dropOldest()
    }
  }

  /** Bytes of a dropped entry. */
  giveBack(bytes: number): void {
    this.#used -= bytes
  }

  /** The member is empty. */
  leave(member: BudgetMember): void {
    this.#members.delete(member)
  }

  #largest(): BudgetMember | undefined {
    let largest: BudgetMember | undefined
    for (const member of this.#members) if (member.bytes > (largest?.bytes ?? 0)) largest = member
    return largest
  }
}
