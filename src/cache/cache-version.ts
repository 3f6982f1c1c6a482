import type { Dependency } from '../base/index.ts'
import type { Name } from '../wire/index.ts'

/** What a cache counts that others do for it. */
export interface CacheTally {
  replays: number
}

/**
 * What the entries stored between two changes of the routes have in common. When names go elsewhere, a new version begins
 * and nothing is walked: an entry of an older one is put to the test when somebody next looks at it, and goes over to
 * the newest if it passes. Entries hold eras and each version its successor, so that the old ones go with their last entry.
 */
export class CacheVersion implements Dependency {
  /** Of the whole cache. */
  readonly tally: CacheTally
  /** False once all is forgotten; read it of the newest only. */
  isCurrent = true
  #successor: CacheVersion | undefined
  #isDoomed: (name: Name) => boolean = () => false

  constructor(tally: CacheTally) {
    this.tally = tally
  }

  /** Whether entries may rest on it as they are. */
  get isLatest(): boolean {
    return this.#successor === undefined
  }

  /** Begins the next version, in which names that are doomed now have no place. */
  next(isMovedElsewhere: (name: Name) => boolean): CacheVersion {
    this.#isDoomed = isMovedElsewhere
    this.#successor = new CacheVersion(this.tally)
    return this.#successor
  }

  /** The newest version when the name has passed all tests since this one, else one that has fallen. */
  latestFor(name: Name): CacheVersion {
    if (this.#successor === undefined) return this
    return this.#isDoomed(name) ? INVALID : this.#successor.latestFor(name)
  }
}

/** For what is gone for a reason of its own. */
export const INVALID = new CacheVersion({ replays: 0 })
INVALID.isCurrent = false
