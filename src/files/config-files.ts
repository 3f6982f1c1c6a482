import { basename, join } from 'node:path'
import { statSync } from 'node:fs'
import type { Log } from '../base/index.ts'
import { type BootSettings, MAX_DELEGATES, MAX_DNSSD_FILES, type SourceFile } from '../settings/index.ts'
import { FileError, orMissing, readText } from './read-text.ts'
import { filesIn, firstExisting, orWarn, readSources, SYSTEM_DIRECTORIES } from './search-path.ts'

/** Where to read. */
export interface ConfigOptions {
  /** Put in front of every standard path; tests give a directory of their own. */
  readonly root?: string | undefined
  /** A file, or a directory laid out like /etc/systemd, in place of all standard ones. */
  readonly config?: string | undefined
}

/** A file of which there may be many, such as a delegate: it and its drop-ins, in the order in which they count. */
export interface UnitSources {
  /** File name without suffix. */
  readonly id: string
  /** The file itself, then its drop-ins. */
  readonly files: readonly SourceFile[]
}

/** Finds and reads configuration; knows where it is, not what it says. */
export class ConfigFiles {
  readonly #options: ConfigOptions
  readonly #log: Log

  constructor(options: ConfigOptions, log: Log) {
    this.#options = options
    this.#log = log
  }

  /**
   * All files that count for resolved.conf, in the order in which they count: ours, which systemd-resolved does not
   * read, come last. @throws {FileError} when `config` was given and cannot be read
   */
  async read(): Promise<readonly SourceFile[]> {
    const { config } = this.#options
    if (config !== undefined && !(await isDirectory(config))) return this.#readOne(config)
    const own = config === undefined ? [this.#rooted('/etc')] : [config]
    const paths = await Promise.all([
      this.#fileAndDropIns(await this.#systemdDirectories(), 'resolved.conf'),
      this.#fileAndDropIns(own, 'tsresolved.conf'),
    ])
    return readSources(paths.flat(), this.#log)
  }

  /** `*.dns-delegate` with their drop-ins (R-DELEG). */
  readDelegates(): Promise<readonly UnitSources[]> {
    return this.#readUnits('dns-delegate.d', '.dns-delegate', MAX_DELEGATES, 'DNS delegates')
  }

  /** `*.dnssd` with their drop-ins (SD-F-1). */
  readDnssd(): Promise<readonly UnitSources[]> {
    return this.#readUnits('dnssd', '.dnssd', MAX_DNSSD_FILES, 'DNS-SD services')
  }

  /** Files of one kind (S-TA-3, R-SEC-4). Their folders are beside systemd's, so one given in place of these has none. */
  async readTrustAnchors(kind: 'positive' | 'negative'): Promise<readonly SourceFile[]> {
    if (this.#options.config !== undefined) return []
    const directories = SYSTEM_DIRECTORIES.map((directory) => this.#rooted(join(directory, 'dnssec-trust-anchors.d')))
    return readSources(await filesIn(directories, `.${kind}`, this.#log), this.#log)
  }

  /**
   * What came with the boot (R-CONF-3). `credentials` is the directory the service manager gave us. A container sees the
   * kernel command line of its host, which is not meant for it.
   */
  async readBootSettings(credentials: string | undefined): Promise<BootSettings> {
    const at = (path: string) => readSources([path], this.#log).then(([source]) => source)
    const marks = ['/run/systemd/container', '/.dockerenv', '/run/.containerenv'].map((path) => this.#rooted(path))
    const isContained = (await firstExisting(marks, this.#log)) !== undefined
    return {
      dns: credentials === undefined ? undefined : await at(join(credentials, 'network.dns')),
      searchDomains: credentials === undefined ? undefined : await at(join(credentials, 'network.search_domains')),
      kernelCommandLine: isContained ? undefined : await at(this.#rooted('/proc/cmdline')),
    }
  }

  /** An empty file masks its namesakes and is nothing itself. */
  async #readUnits(folder: string, suffix: string, max: number, what: string): Promise<readonly UnitSources[]> {
    const directories = (await this.#systemdDirectories()).map((directory) => join(directory, folder))
    const found = await filesIn(directories, suffix, this.#log)
    if (found.length > max) this.#log.warning(`More than ${max} ${what}, ignoring the rest`)
    const units: UnitSources[] = []
    for (const path of found.slice(0, max)) {
      const dropIns = directories.map((directory) => join(directory, `${basename(path)}.d`))
      const files = await readSources([path, ...(await filesIn(dropIns, '.conf', this.#log))], this.#log)
      const isMasked = files[0]?.path !== path || files[0].text === ''
      if (!isMasked) units.push({ id: basename(path, suffix), files })
    }
    return units
  }

  /** The file the administrator named must be readable: to go on without it would be to ignore what was asked for. */
  async #readOne(path: string): Promise<readonly SourceFile[]> {
    const text = (await readText(path)) ?? ''
    return [{ path, text }, ...(await readSources(await filesIn([`${path}.d`], '.conf', this.#log), this.#log))]
  }

  async #fileAndDropIns(directories: readonly string[], name: string): Promise<string[]> {
    const [main, dropIns] = await Promise.all([
      firstExisting(
        directories.map((directory) => join(directory, name)),
        this.#log,
      ),
      filesIn(
        directories.map((directory) => join(directory, `${name}.d`)),
        '.conf',
        this.#log,
      ),
    ])
    return [...(main === undefined ? [] : [main]), ...dropIns]
  }

  /** With a single configuration file there is no place for other kinds of file. */
  async #systemdDirectories(): Promise<string[]> {
    const { config } = this.#options
    if (config === undefined) return SYSTEM_DIRECTORIES.map((directory) => this.#rooted(join(directory, 'systemd')))
    return (await orWarn(this.#log, () => isDirectory(config))) === true ? [config] : []
  }

  #rooted(path: string): string {
    return join(this.#options.root ?? '/', path)
  }
}

async function isDirectory(path: string): Promise<boolean> {
  const stats = await orMissing(path, () => statSync(path))
  if (stats === undefined) throw new FileError(`${path}: no such file or directory`)
  return stats.isDirectory()
}
