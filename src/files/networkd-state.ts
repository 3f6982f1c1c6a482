import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock, IfIndex, Log } from '../base/index.ts'
import { type IfIndexOf, type NetworkdLink, warningText, readNetworkdLink } from '../settings/index.ts'
import { DirectoryWatch } from './directory-watch.ts'
import { type FileStamp, inTurns, lookAt, orMissing, readStamped, type StampedText } from './read-text.ts'
import { orWarn } from './search-path.ts'

/** What networkd says of every link it knows; replaced as a whole. */
export type NetworkdLinks = ReadonlyMap<IfIndex, NetworkdLink>

/** Where networkd keeps its state, and who is told. */
export interface NetworkdOptions {
  /** `/run/systemd`; its parent exists on every system. */
  readonly directory: string
  readonly clock: Clock
  readonly log: Log
  readonly ifindexOf: IfIndexOf
  /** Called with each new state of all links, never with one equal to the last. */
  readonly onChange: (links: NetworkdLinks) => void
}

/** Follows systemd-networkd's state files; where networkd does not run, waits for it to (R-NETD-1, R-NETD-2). */
export class NetworkdState implements AsyncDisposable {
  readonly #options: NetworkdOptions
  readonly #directory: string
  readonly #watch: DirectoryWatch
  readonly #files = new Map<IfIndex, StampedText>()
  #links: NetworkdLinks = new Map()

  private constructor(options: NetworkdOptions) {
    this.#options = options
    const { directory, clock, log } = options
    this.#directory = join(directory, 'netif/links')
    const candidates = [this.#directory, join(directory, 'netif'), directory, join(directory, '..')]
    this.#watch = new DirectoryWatch(candidates, () => this.#look(), clock, log)
  }

  /** Resolves when the state of all links has been read once. It is in `links`; `onChange` is called for it when it is not empty. */
  static async open(options: NetworkdOptions): Promise<NetworkdState> {
    const state = new NetworkdState(options)
    await state.#watch.start()
    return state
  }

  /** As of the last reading; replaced as a whole, and links about which nothing changed keep their objects. */
  get links(): NetworkdLinks {
    return this.#links
  }

  /** Understands the files anew: their servers may name interfaces that have come, gone or been renamed. */
  reparse(): void {
    if (this.#files.size > 0) this.#publish(this.#files.keys())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#watch[Symbol.asyncDispose]()
  }

  /** Reads the files that have changed; networkd renames new ones into place, so each has a new inode. */
  async #look(): Promise<void> {
    const names =
      (await orWarn(this.#options.log, () => orMissing(this.#directory, () => readdirSync(this.#directory)))) ?? []
    const present = new Set(names.filter((name) => /^[1-9]\d{0,9}$/.test(name)).map(Number))
    const gone = [...this.#files.keys()].filter((ifindex) => !present.has(ifindex))
    for (const ifindex of gone) this.#files.delete(ifindex)
    const changed: IfIndex[] = []
    for await (const ifindex of inTurns(present)) if (await this.#reread(ifindex)) changed.push(ifindex)
    if (gone.length + changed.length > 0) this.#publish(changed)
  }

  /** True when the file is another than before. One that cannot be read keeps what it said. */
  async #reread(ifindex: IfIndex): Promise<boolean> {
    const path = this.#path(ifindex)
    const before: FileStamp | undefined = this.#files.get(ifindex)?.stamp
    const file = await orWarn(this.#options.log, async () => {
      return (await lookAt(path)) === before ? undefined : await readStamped(path)
    })
    if (file === undefined) return false // as before, or gone meanwhile: then another event follows
    this.#files.set(ifindex, file)
    return true
  }

  #publish(changed: Iterable<IfIndex>): void {
    const links = new Map([...this.#links].filter(([ifindex]) => this.#files.has(ifindex)))
    for (const ifindex of changed) links.set(ifindex, this.#parse(ifindex))
    if (JSON.stringify([...links]) === JSON.stringify([...this.#links])) return
    this.#links = links
    this.#options.onChange(links)
  }

  #parse(ifindex: IfIndex): NetworkdLink {
    const { text } = this.#files.get(ifindex) as StampedText
    const { link, warnings } = readNetworkdLink({ path: this.#path(ifindex), text }, ifindex, this.#options.ifindexOf)
    for (const warning of warnings) this.#options.log.warning(warningText(warning))
    return link
  }

  #path(ifindex: IfIndex): string {
    return join(this.#directory, String(ifindex))
  }
}
