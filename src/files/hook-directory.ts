import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Clock, type Log, reasonOf } from '../base/index.ts'
import { DirectoryWatch } from './directory-watch.ts'
import { orMissing } from './read-text.ts'

/** A socket of a program that answers names. */
interface Socket {
  readonly name: string
  readonly path: string
  readonly inode: bigint
}

export interface HookDirectoryOptions {
  /** `/run/systemd/resolve.hook`; it need not exist (H-DIR-1). */
  readonly directory: string
  readonly clock: Clock
  readonly log: Log
  /** Called with all sockets after each event in the folder. */
  readonly onChange: (sockets: readonly Socket[]) => void
}

/**
 * Follows the sockets in the folder of hooks. Other than systemd-resolved, which looks at the folder at every question
 * (H-DIR-2), it has the kernel tell: answers from the cache cost nothing for it, and what was kept is dropped at once.
 */
export class HookDirectory implements AsyncDisposable {
  readonly #options: HookDirectoryOptions
  readonly #watch: DirectoryWatch
  #isEmpty = true
  #lastFailure = ''

  private constructor(options: HookDirectoryOptions) {
    this.#options = options
    const { directory, clock, log } = options
    const candidates = [directory, join(directory, '..'), join(directory, '../..')]
    this.#watch = new DirectoryWatch(candidates, () => this.#look(), clock, log, 0)
  }

  /** Resolves when the folder has been read once. */
  static async open(options: HookDirectoryOptions): Promise<HookDirectory> {
    const hooks = new HookDirectory(options)
    await hooks.#watch.start()
    return hooks
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#watch[Symbol.asyncDispose]()
  }

  /** Hears of events in the parents too, while there is no such folder: then nothing is told twice. */
  async #look(): Promise<void> {
    const sockets = await this.#read()
    if (sockets.length === 0 && this.#isEmpty) return
    this.#isEmpty = sockets.length === 0
    this.#options.onChange(sockets)
  }

  /** A folder that cannot be read has no hooks (H-DIR-2). */
  async #read(): Promise<readonly Socket[]> {
    const { directory, log } = this.#options
    try {
      const names = (await orMissing(directory, () => readdirSync(directory))) ?? []
      const visible = names.filter((name) => !name.startsWith('.'))
      const found = await Promise.all(visible.map((name) => socketAt(directory, name)))
      this.#lastFailure = ''
      return found.filter((socket) => socket !== undefined)
    } catch (error) {
      const failure = reasonOf(error)
      if (failure !== this.#lastFailure) log.warning(`No hooks are used: ${failure}`)
      this.#lastFailure = failure
      return []
    }
  }
}

async function socketAt(directory: string, name: string): Promise<Socket | undefined> {
  const path = join(directory, name)
  const stats = await orMissing(path, () => lstatSync(path, { bigint: true })) // gone since: another event follows
  return stats?.isSocket() === true ? { name, path, inode: stats.ino } : undefined
}
