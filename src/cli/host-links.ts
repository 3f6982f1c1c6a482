import { readdirSync, readFileSync } from 'node:fs'
import { CliError } from './cli-error.ts'

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
  /** By name or decimal index. @throws {CliError} for anything else (C-6). */
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
    return this.all().find((link) => link.ifindex === ifindex)?.ifname ?? `%${ifindex}`
  }

  find(text: string): HostLink {
    const links = this.all()
    const link = links.find(({ ifname }) => ifname === text) ?? links.find(({ ifindex }) => String(ifindex) === text)
    if (link === undefined) throw new CliError(`Failed to resolve interface "${text}": No such device`)
    return link
  }
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
