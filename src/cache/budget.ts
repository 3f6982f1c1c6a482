/** Somebody whose memory counts. */
export interface Holder {
  readonly bytes: number
  /** Gives up what was used least recently. */
  dropOldest(): void
}

/**
 * The memory that all caches together may take (`DNSCacheBytes=`). A link with much traffic may fill what the others
 * leave, but no more: whoever needs room gets it from the one that holds most.
 */
export class CacheBudget {
  limit: number
  #used = 0
  readonly #holders = new Set<Holder>()

  /** `limit` in bytes. */
  constructor(limit: number) {
    this.limit = limit
  }

  /** Bytes taken. */
  get used(): number {
    return this.#used
  }

  take(bytes: number, holder: Holder): void {
    this.#holders.add(holder)
    this.#used += bytes
    while (this.#used > this.limit) {
      const fattest = this.#fattest()
      if (fattest === undefined) return
      fattest.dropOldest()
    }
  }

  giveBack(bytes: number): void {
    this.#used -= bytes
  }

  /** The holder has nothing left. */
  leave(holder: Holder): void {
    this.#holders.delete(holder)
  }

  #fattest(): Holder | undefined {
    let fattest: Holder | undefined
    for (const holder of this.#holders) if (holder.bytes > (fattest?.bytes ?? 0)) fattest = holder
    return fattest
  }
}
