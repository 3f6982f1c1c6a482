import { LRUCache } from 'lru-cache'
import type { CacheBudget, BudgetMember } from './budget.ts'
import type { Entry } from './entry.ts'

/** The largest share of the memory one answer may take: one huge TXT record set must not push out everything else. */
const LARGEST_PART = 1 / 16
/** Entries that were asked for again may take so many times the bytes of the others before they give up places too. */
const PROTECTED_PARTS = 3
/** Entries that may be spared one after the other until one is dropped: more would make a store take a millisecond. */
const MOST_SPARED = 256

type Segment = LRUCache<string, Entry>

/**
 * The entries of one scope, bounded in number, and in bytes together with all other scopes. New ones are on probation; those
 * that were asked for again are protected (segmented LRU), so that names asked for once, however many, push out only each
 * other. Within a segment the oldest goes first, unless it was used since it was last looked at: being used costs a flag,
 * and no list is changed.
 */
export class EntryStore implements BudgetMember {
  readonly #maxEntries: number
  readonly #budget: CacheBudget
  /** Undefined until the first entry: most links never get one. */
  #probation: Segment | undefined
  #protected: Segment | undefined

  constructor(maxEntries: number, budget: CacheBudget) {
    this.#maxEntries = maxEntries
    this.#budget = budget
  }

  get size(): number {
    return (this.#probation?.size ?? 0) + (this.#protected?.size ?? 0)
  }

  get bytes(): number {
    return (this.#probation?.calculatedSize ?? 0) + (this.#protected?.calculatedSize ?? 0)
  }

  /** To be read in one go: nothing may be stored or dropped meanwhile. */
  *values(): Generator<Entry> {
    yield* this.#protected?.values() ?? []
    yield* this.#probation?.values() ?? []
  }

  /** Whether it is used is for the entry to be told. */
  get(key: string): Entry | undefined {
    return this.#protected?.peek(key) ?? this.#probation?.peek(key)
  }

  /** Whether it was ever asked for again: then its successor is protected from the start. */
  isInDemand({ key, isUsed }: Entry): boolean {
    return isUsed || this.#protected?.has(key) === true
  }

  /** Returns whether it was in demand. */
  delete(key: string): boolean {
    const entry = this.get(key)
    if (entry === undefined) return false
    const isInDemand = this.isInDemand(entry)
    if (this.#protected?.delete(key) !== true) this.#probation?.delete(key)
    this.#forget(entry)
    return isInDemand
  }

  /**
   * Puts it in the place of what had its key, and protects it where that was in demand, or `isInDemand` says so.
   * Undefined when it is too large to be kept.
   */
  put(entry: Entry, isInDemand: boolean): Entry | undefined {
    const { key, cost } = entry
    const isProtected = this.delete(key) || isInDemand
    if (cost > this.#budget.limit * LARGEST_PART) return undefined
    if (this.size >= this.#maxEntries) this.dropOldest()
    this.#budget.take(cost, this)
    if (isProtected) this.#protect(entry)
    else (this.#probation ??= open()).set(key, entry)
    return entry
  }

  dropOldest(): void {
    for (let left = MOST_SPARED; ; left--) {
      const oldest = this.#takeOldest()
      if (oldest === undefined) return
      if (left === 0 || !oldest.isUsed) {
        this.#forget(oldest)
        return
      }
      oldest.isUsed = false
      this.#protect(oldest)
    }
  }

  /** Drops all in constant time: entries are not told, so the owner must invalidate what they depend on. */
  clear(): void {
    this.#budget.giveBack(this.bytes)
    this.#budget.leave(this)
    this.#probation = undefined
    this.#protected = undefined
  }

  #takeOldest(): Entry | undefined {
    const [onProbation, inDemand] = [this.#probation?.calculatedSize ?? 0, this.#protected?.calculatedSize ?? 0]
    return inDemand > PROTECTED_PARTS * onProbation ? this.#protected?.pop() : this.#probation?.pop()
  }

  #protect(entry: Entry): void {
    const segment = (this.#protected ??= open())
    segment.set(entry.key, entry)
  }

  #forget(entry: Entry): void {
    entry.invalidate()
    this.#budget.giveBack(entry.cost)
  }
}

function open(): Segment {
  // With `max` it would allocate for so many at once; bounds are kept by the store and by the budget.
  return new LRUCache<string, Entry>({ maxSize: Number.MAX_SAFE_INTEGER, sizeCalculation: ({ cost }) => cost })
}
