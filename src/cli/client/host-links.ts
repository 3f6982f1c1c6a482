import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { CliError } from '../command/cli-error.ts'

/** A network interface of this machine. */
export interface HostLink {
  readonly ifindex: number
  readonly ifname: string
}

/** The machine's links by name and index. */
export interface HostLinks {
  /** All of them, by index. */
  all(): readonly HostLink[]
  /** By index; a name is made up when the link has just gone. */
  nameOf(ifindex: number): string
  /** By name, decimal index or alternative name. @throws {CliError} for anything else (C-6). */
  find(text: string): HostLink
}

/** Reads /sys/class/net once, when first asked. */
export class SysfsLinks implements HostLinks {
  #links: readonly HostLink[] | undefined

  all(): readonly HostLink[] {
    this.#links ??= readLinks()
    return this.#links
  }

  nameOf(ifindex: number): string {
    return this.#byIndex(ifindex)?.ifname ?? `%${ifindex}`
  }

  find(text: string): HostLink {
    const link = this.#byName(text) ?? this.#byIndex(Number(text)) ?? this.#byIndex(indexOfAlternativeName(text))
    if (link === undefined) throw new CliError(`Failed to resolve interface "${text}": No such device`)
    return link
  }

  #byName(name: string): HostLink | undefined {
    return this.all().find(({ ifname }) => ifname === name)
  }

  #byIndex(index: number | undefined): HostLink | undefined {
    return this.all().find(({ ifindex }) => ifindex === index)
  }
}

/** Only the kernel knows these, and only `ip` tells; undefined without it, or when no link has this name. */
function indexOfAlternativeName(name: string): number | undefined {
  const { status, stdout } = spawnSync('ip', ['-j', 'link', 'show', 'dev', name], { encoding: 'utf8' })
  const index = status === 0 ? /"ifindex":(\d+)/.exec(stdout)?.[1] : undefined
  return index === undefined ? undefined : Number(index)
}

const DIRECTORY = '/sys/class/net'

function readLinks(): HostLink[] {
  const links = readdirSync(DIRECTORY).flatMap((ifname) => {
    const ifindex = Number(readIfThere(`${DIRECTORY}/${ifname}/ifindex`))
    return ifindex > 0 ? [{ ifindex, ifname }] : []
  })
  return links.toSorted((a, b) => a.ifindex - b.ifindex)
}

/** Empty for a link that went away meanwhile, and for what is no link (`bonding_masters`). */
function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
