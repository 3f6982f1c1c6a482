import type { Dependency } from '../base/index.ts'
import type { Name } from '../wire/index.ts'
import { MovedNames } from './moved-names.ts'

/** Counted for the cache by those who replay its answers. */
export interface ReplayCounter {
  replays: number
}

/** What all versions of a cache between two flushes have in common. */
interface Shared {
  readonly moved: MovedNames
  /** Absent before the first is made. */
  latest?: CacheVersion
}

/**
 * The dependency that all entries stored between two changes of routes share. When names move to another scope a next
 * version begins, and nothing is walked: an entry of an older one is checked when it is next used, once for all changes
 * since, and passes over to the latest version if its name did not move.
 */
export class CacheVersion implements Dependency {
  /** One for the whole cache. */
  readonly replayCounter: ReplayCounter
  /** False once the cache was flushed; only the latest version's is kept up to date. */
  isCurrent = true
  readonly #number: number
  readonly #shared: Shared

  constructor(replayCounter: ReplayCounter, before?: CacheVersion) {
    this.replayCounter = replayCounter
    const [number, shared] =
      before === undefined ? [0, { moved: new MovedNames() }] : [before.#number + 1, before.#shared]
    this.#number = number
    this.#shared = shared
    shared.latest = this
  }

  /** Whether its entries need no check. */
  get isLatest(): boolean {
    return this.#shared.latest === this
  }

  /** Domains and networks whose names have moved since the cache was flushed. */
  get movedCount(): number {
    return this.#shared.moved.size
  }

  /** Begins the next version, of which entries at names that move now are no part. */
  next(moved: MovedNames): CacheVersion {
    const next = new CacheVersion(this.replayCounter, this)
    this.#shared.moved.addAll(moved, next.#number)
    return next
  }

  /** The latest version when the name has not moved since this one, else `INVALID`. */
  latestFor(name: Name): CacheVersion {
    const { moved, latest = this } = this.#shared
    return latest !== this && moved.has(name, this.#number) ? INVALID : latest
  }
}

/** The version of entries that were dropped, replaced or moved. */
export const INVALID = new CacheVersion({ replays: 0 })
INVALID.isCurrent = false
