import type { Dependency } from '../base/index.ts'
import type { Name } from '../wire/index.ts'

/** Counted for the cache by those who replay its answers. */
export interface ReplayCounter {
  replays: number
}

/**
 * The dependency that all entries stored between two changes of routes share. When names move to another scope a next
 * version begins, and nothing is walked: an entry of an older one is checked when it is next used, and passes over to
 * the latest version if its name did not move. Entries refer to versions and each version to the next, so that old
 * versions are collected with their last entry.
 */
export class CacheVersion implements Dependency {
  /** One for the whole cache. */
  readonly replayCounter: ReplayCounter
  /** False once the cache was flushed; only the latest version's is kept up to date. */
  isCurrent = true
  #successor: CacheVersion | undefined
  #isMovedElsewhere: (name: Name) => boolean = () => false

  constructor(replayCounter: ReplayCounter) {
    this.replayCounter = replayCounter
  }

  /** Whether its entries need no check. */
  get isLatest(): boolean {
    return this.#successor === undefined
  }

  /** Begins the next version, of which entries at names that move now are no part. */
  next(isMovedElsewhere: (name: Name) => boolean): CacheVersion {
    this.#isMovedElsewhere = isMovedElsewhere
    this.#successor = new CacheVersion(this.replayCounter)
    return this.#successor
  }

  /** The latest version when the name has not moved since this one, else `INVALID`. */
  latestFor(name: Name): CacheVersion {
    if (this.#successor === undefined) return this
    return this.#isMovedElsewhere(name) ? INVALID : this.#successor.latestFor(name)
  }
}

/** The version of entries that were dropped, replaced or moved. */
export const INVALID = new CacheVersion({ replays: 0 })
INVALID.isCurrent = false
