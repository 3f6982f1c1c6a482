import type { Millis } from './units.ts'

/**
 * The validity of what is kept (cached answers, finished replies, routes, texts of files), in four terms for all rooms:
 *
 * - A dependency is something a kept value was made from. Who keeps the value checks it at every use. Who changes
 *   something invalidates the dependency, and need not know what depends on it: no call can be forgotten.
 * - A version is a number that differs after each change, where only "the same as before?" is asked.
 * - A snapshot is what a value depends on, taken before the work on the value begins. The value is kept only when a
 *   snapshot at the end is the same, so that no change during the work is missed.
 * - To revalidate is to look at something that announces no changes, such as a file.
 */
export interface Dependency {
  /** True until it is replaced, evicted, flushed or moved elsewhere; false for good from then on. */
  readonly isCurrent: boolean
}

/** Hands out the dependency on something that is replaced as a whole, again and again. */
export class Validity {
  #current = { isCurrent: true }

  /** For what is made of the present state. */
  get current(): Dependency {
    return this.#current
  }

  /** The state has changed: all that depends on an earlier one is invalid. */
  invalidate(): void {
    this.#current.isCurrent = false
    this.#current = { isCurrent: true }
  }
}

/** What many kept values depend on alike: settings, files, the host name. */
export interface SharedDependencies {
  /** Those of the present state. */
  current(): readonly Dependency[]
  /**
   * Starts a check where one is due. False while the last one is too long ago to rely on: something may have changed
   * since, and kept values must not be used until the check is done. To be called before each use.
   */
  revalidate(now: Millis): boolean
}
