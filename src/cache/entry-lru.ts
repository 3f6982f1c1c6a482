import { LRUCache } from 'lru-cache'
import type { CacheBudget, BudgetMember } from './budget.ts'
import type { Entry } from './entry.ts'

/** The largest share of the memory one answer may take: one huge TXT record set must not push out everything else. */
const LARGEST_PART = 1 / 16

/** The entries of one scope, least recently used first: bounded in number, and in bytes together with all other scopes. */
export class EntryLru implements BudgetMember {
  readonly #maxEntries: number
  readonly #budget: CacheBudget
  /** Undefined until the first entry: most links never get one. */
  #entries: LRUCache<string, Entry> | undefined

  constructor(maxEntries: number, budget: CacheBudget) {
    this.#maxEntries = maxEntries
    this.#budget = budget
  }

  get size(): number {
    return this.#entries?.size ?? 0
  }

  get bytes(): number {
    return this.#entries?.calculatedSize ?? 0
  }

  /** To be read in one go: nothing may be stored or dropped meanwhile. */
  *values(): Generator<Entry> {
    yield* this.#entries?.values() ?? []
  }

  /** Counts as use, and so makes it the last to be dropped. */
  get(key: string): Entry | undefined {
    return this.#entries?.get(key)
  }

  /** Does not count as use. */
  peek(key: string): Entry | undefined {
    return this.#entries?.peek(key)
  }

  delete(key: string): void {
    this.#entries?.delete(key)
  }

  /** Puts it in the place of what had its key. Undefined when it is too large to be kept. */
  put(entry: Entry): Entry | undefined {
    const { key, cost } = entry
    this.#entries ??= this.#open()
    this.#entries.delete(key)
    if (cost > this.#budget.limit * LARGEST_PART) return undefined
    this.#entries.set(key, entry)
    if (this.#entries.size > this.#maxEntries) this.#entries.pop()
    this.#budget.take(cost, this)
    return entry
  }

  dropOldest(): void {
    this.#entries?.pop()
  }

  /** Drops all in constant time: entries are not told, so the owner must invalidate what they depend on. */
  clear(): void {
    this.#budget.giveBack(this.bytes)
    this.#budget.leave(this)
    this.#entries = undefined
  }

  #open(): LRUCache<string, Entry> {
    return new LRUCache<string, Entry>({
      // With `max` it would allocate for so many at once; bounds are kept here and by the budget.
      maxSize: Number.MAX_SAFE_INTEGER,
      sizeCalculation: ({ cost }) => cost,
      // Sees replaced, evicted and deleted entries alike.
      dispose: (gone) => {
        gone.invalidate()
        this.#budget.giveBack(gone.cost)
      },
    })
  }
}
