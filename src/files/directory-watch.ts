import { type FSWatcher, statSync, watch } from 'node:fs'
import { type Clock, type Log, type Millis, reasonOf, Tasks } from '../base/index.ts'

/** Events come in bursts; one round serves all that arrive within this time. */
const GATHER: Millis = 20
/** Where the kernel grants no watch, we look this often. */
const POLL: Millis = 5000
/** More moves in one round mean that someone plays with the directories; the next event brings another round. */
const MAX_MOVES = 10

interface WatchedDirectory {
  readonly path: string
  /** Tells whether the directory was replaced by another of the same name. */
  readonly inode: bigint
  readonly watcher: FSWatcher
}

/**
 * Calls `onEvent` when something may have changed in a directory that may not exist yet: then its deepest existing
 * ancestor is watched until it appears (R-NETD-2). Rounds do not overlap, and events during one lead to one more.
 */
export class DirectoryWatch implements AsyncDisposable {
  readonly #candidates: readonly string[]
  readonly #onEvent: () => Promise<void>
  readonly #gather: Millis
  readonly #clock: Clock
  readonly #log: Log
  readonly #tasks: Tasks
  #watched: WatchedDirectory | undefined
  #timer: Disposable | undefined
  #isBusy = false
  #isDue = false
  #hasWarned = false

  /** `candidates`: the directory, then its ancestors, deepest first. Call `start` next. */
  constructor(
    candidates: readonly string[],
    onEvent: () => Promise<void>,
    clock: Clock,
    log: Log,
    gather: Millis = GATHER,
  ) {
    this.#candidates = candidates
    this.#gather = gather
    this.#onEvent = onEvent
    this.#clock = clock
    this.#log = log
    this.#tasks = new Tasks(log)
  }

  /** Sets the watch up and has the first round run; resolves after it. */
  async start(): Promise<void> {
    await this.#round()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#timer?.[Symbol.dispose]()
    this.#close()
    await this.#tasks[Symbol.asyncDispose]()
    this.#close() // a round may have opened it again half-way
    this.#timer?.[Symbol.dispose]()
  }

  /** The watch begins before anything is read, so that no change is missed between the two. */
  async #round(): Promise<void> {
    this.#isBusy = true
    try {
      do {
        this.#isDue = false
        for (let tries = 0; tries < MAX_MOVES && this.#moveWatch(); tries++);
        await this.#onEvent()
      } while (this.#isDue && !this.#tasks.signal.aborted)
    } finally {
      this.#isBusy = false
    }
    if (this.#watched === undefined) this.#schedule(POLL)
  }

  #schedule(delay: Millis): void {
    if (this.#isBusy) this.#isDue = true
    if (this.#isBusy || this.#timer !== undefined || this.#tasks.signal.aborted) return
    this.#timer = this.#clock.after(delay, () => {
      this.#timer = undefined
      this.#tasks.run(() => this.#round())
    })
  }

  /**
   * Puts the watch on the deepest directory there is now. True when it moved: then a deeper one may have appeared just
   * before, unseen, and is to be looked for again.
   */
  #moveWatch(): boolean {
    for (const path of this.#candidates) {
      const inode = inodeOf(path)
      if (inode === undefined) continue
      if (this.#watched?.path === path && this.#watched.inode === inode) return false
      this.#close()
      return !this.#tasks.signal.aborted && this.#open(path, inode)
    }
    this.#close()
    return false
  }

  #open(path: string, inode: bigint): boolean {
    try {
      const watcher = watch(path, { persistent: false }, () => this.#schedule(this.#gather))
      watcher.on('error', (error) => this.#onFailure(path, error))
      this.#watched = { path, inode, watcher }
      return true
    } catch (error) {
      this.#onFailure(path, error)
      return false
    }
  }

  #onFailure(path: string, error: unknown): void {
    if (!this.#hasWarned) this.#log.warning(`Cannot watch ${path}, looking every ${POLL / 1000} s: ${reasonOf(error)}`)
    this.#hasWarned = true
    this.#close()
    if (!this.#isBusy) this.#schedule(POLL)
  }

  #close(): void {
    this.#watched?.watcher.close()
    this.#watched = undefined
  }
}

function inodeOf(path: string): bigint | undefined {
  try {
    const stats = statSync(path, { bigint: true })
    return stats.isDirectory() ? stats.ino : undefined
  } catch {
    return undefined
  }
}
