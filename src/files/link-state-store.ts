import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type IfIndex, type Log, reasonOf } from '../base/index.ts'
import {
  formatSavedLink,
  type IfIndexOf,
  isDefaultLink,
  warningText,
  readSavedLink,
  type SavedLink,
  SettingError,
} from '../settings/index.ts'
import { isMissing, readText } from './read-text.ts'
import { orWarn } from './search-path.ts'
import { Serial } from './serial.ts'
import { removeFile, writeAtomically } from './write-atomically.ts'

const DIRECTORY_MODE = 0o700
const FILE_MODE = 0o644

/**
 * Settings that clients pushed for links nobody else manages, one file per link, in the place and form of
 * systemd-resolved (R-LINK-9). When `save` resolves, the settings outlive a kill -9 of the daemon: the directory is on
 * a tmpfs, so nothing needs to reach a disk.
 */
export class LinkStateStore {
  readonly #directory: string
  readonly #ifindexOf: IfIndexOf
  readonly #log: Log
  readonly #serial = new Serial()

  /** `directory` is `netif` in the runtime directory; it is made when something is saved. */
  constructor(directory: string, ifindexOf: IfIndexOf, log: Log) {
    this.#directory = directory
    this.#ifindexOf = ifindexOf
    this.#log = log
  }

  /** Undefined when nothing is saved, or nothing that can be used: then a warning says what is lost. */
  load(ifindex: IfIndex): Promise<SavedLink | undefined> {
    return this.#serial.run(async () => {
      const path = this.#path(ifindex)
      const text = await orWarn(this.#log, () => readText(path))
      if (text === undefined) return undefined
      try {
        const { saved, warnings } = readSavedLink({ path, text }, ifindex, this.#ifindexOf)
        for (const warning of warnings) this.#log.warning(warningText(warning))
        return saved
      } catch (error) {
        if (!(error instanceof SettingError)) throw error
        this.#log.warning(`${path}: the saved settings of this link are lost: ${error.message}`)
        return undefined
      }
    })
  }

  /** Settings that are all defaults need no file. @throws what node:fs throws; what was saved before is then still there */
  save(ifindex: IfIndex, saved: SavedLink): Promise<void> {
    if (isDefaultLink(saved.settings)) return this.remove(ifindex)
    return this.#serial.run(async () => {
      mkdirSync(this.#directory, { recursive: true, mode: DIRECTORY_MODE })
      writeAtomically(this.#path(ifindex), formatSavedLink(saved), FILE_MODE)
    })
  }

  /** For a link that is gone, or has nothing set. A file that is missing already is no error. */
  remove(ifindex: IfIndex): Promise<void> {
    return this.#serial.run(async () => removeFile(this.#path(ifindex)))
  }

  /** At start: what belongs to no link, and what a crash left half-written, goes. Failures are only warnings. */
  removeStale(existing: ReadonlySet<IfIndex>): Promise<void> {
    return this.#serial.run(async () => {
      try {
        const stale = readdirSync(this.#directory).filter((name) => !isFileOf(name, existing))
        for (const name of stale) removeFile(join(this.#directory, name))
      } catch (error) {
        if (!isMissing(error)) this.#log.warning(`Cannot clean up ${this.#directory}: ${reasonOf(error)}`)
      }
    })
  }

  #path(ifindex: IfIndex): string {
    return join(this.#directory, String(ifindex))
  }
}

function isFileOf(name: string, existing: ReadonlySet<IfIndex>): boolean {
  return /^[1-9]\d*$/.test(name) && existing.has(Number(name))
}
