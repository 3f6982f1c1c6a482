import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { HostLink } from '../client/host-links.ts'
import { CliError } from '../command/cli-error.ts'

/** What one program registered for a link under a name such as `eth0.dhcp`. */
export interface ResolvconfRecord {
  readonly ifindex: number
  readonly servers: readonly string[]
  readonly domains: readonly string[]
}

/** Until the next boot, as the settings of links themselves. */
const DIRECTORY = '/run/tsresolvectl/resolvconf'
/** Of all links together. */
const MAX_RECORDS = 1024

/**
 * A record per `INTERFACE.PROTOCOL`, as openresolv keeps them: what one program takes back leaves that of others. Records
 * are files that root alone writes; who may change links by polkit without being root has none, and each call then counts alone.
 */
export class ResolvconfRecords {
  readonly #directory: string

  constructor(directory = DIRECTORY) {
    this.#directory = directory
  }

  /** Records of the link as it is now, by name; those of an earlier link of that name are another's (its index differs). */
  of({ ifindex }: Pick<HostLink, 'ifindex'>): ResolvconfRecord[] {
    return this.#names().flatMap((name) => {
      const record = this.#read(name)
      return record?.ifindex === ifindex ? [record] : []
    })
  }

  /** Replaces the record of this name. @throws {CliError} when there are too many */
  put(name: string, record: ResolvconfRecord): void {
    const names = this.#names()
    if (names.length >= MAX_RECORDS && !names.includes(fileOf(name))) {
      throw new CliError(`There are ${MAX_RECORDS} registrations already: remove some with resolvconf -d.`)
    }
    unlessForbidden(() => {
      mkdirSync(this.#directory, { recursive: true, mode: 0o755 })
      const path = join(this.#directory, fileOf(name))
      writeFileSync(`${path}${NEW}`, JSON.stringify(record), { mode: 0o644 })
      renameSync(`${path}${NEW}`, path)
    })
  }

  /** Nothing happens when there is none. */
  remove(name: string): void {
    unlessForbidden(() => rmSync(join(this.#directory, fileOf(name)), { force: true }))
  }

  /** Sorted, so that the order of servers does not depend on who came first; others are left from interrupted writes. */
  #names(): string[] {
    try {
      return readdirSync(this.#directory)
        .filter((name) => name.endsWith(ENDING))
        .toSorted()
    } catch {
      return []
    }
  }

  #read(name: string): ResolvconfRecord | undefined {
    try {
      const record: unknown = JSON.parse(readFileSync(join(this.#directory, name), 'utf8'))
      return isRecord(record) ? record : undefined
    } catch {
      return undefined
    }
  }
}

const ENDING = '.json'
/** Behind that while a record is being written. */
const NEW = '.new'

/** Any name becomes one file of the directory: nothing in it leads elsewhere. */
function fileOf(name: string): string {
  return `${encodeURIComponent(name)}${ENDING}`
}

/** What all records of a link ask for together; each server and domain once. */
export function merged(records: readonly ResolvconfRecord[]): Pick<ResolvconfRecord, 'servers' | 'domains'> {
  return {
    servers: [...new Set(records.flatMap(({ servers }) => servers))],
    domains: [...new Set(records.flatMap(({ domains }) => domains))],
  }
}

function isRecord(value: unknown): value is ResolvconfRecord {
  const { ifindex, servers, domains } = (value ?? {}) as Partial<Record<keyof ResolvconfRecord, unknown>>
  return typeof ifindex === 'number' && isTexts(servers) && isTexts(domains)
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((text) => typeof text === 'string')
}

function unlessForbidden(work: () => void): void {
  try {
    work()
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (!['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'ENOENT', 'ENAMETOOLONG'].includes(code)) throw error
  }
}
