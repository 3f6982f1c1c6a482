import { IpAddress, printable } from '../base/index.ts'
import { isWithin, type Name, nameOf } from '../wire/index.ts'
import type { Report } from './config-warning.ts'

/** Told what is wrong with one line. */
export type ReportLine = (line: number, message: string) => void

/** A name of the file: as it is looked up, and as it is written there. */
export interface HostName {
  readonly name: Name
  /** Letter case kept, no final dot. */
  readonly text: string
}

/** One address of a name. */
export interface HostsAddress {
  readonly address: IpAddress
  /** The first name of the line: the others on it answer as CNAMEs to it (R-HOSTS-5). */
  readonly canonical: HostName
}

const LOCALHOST_ADDRESSES = ['127.0.0.1', '::1']
const LOCALHOST_NAMES = [nameOf('localhost'), nameOf('localhost.localdomain')]
/** What zones hold as names of hosts and services, 63 letters in a label: in lower case it is a `Name` as it stands. */
const HOST_NAME = /^(?!.{254})[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/i

/** What a hosts file says. Names match exactly, never names below them (R-HOSTS-4). Replaced as a whole. */
export class HostsTable {
  readonly #byName = new Map<Name, HostsAddress[]>()
  readonly #byAddress = new Map<string, HostName[]>()

  /** A bad address loses its line, a bad name only itself (R-HOSTS-2); `report` is told, with lines counted from 1. */
  static parse(text: string, report: ReportLine = () => {}): HostsTable {
    const table = new HostsTable()
    const seen = new Map<string, IpAddress | undefined>() // block lists repeat one address a hundred thousand times
    for (let from = 0, number = 1; from < text.length; number++) {
      const newline = text.indexOf('\n', from)
      const to = newline < 0 ? text.length : newline
      table.#readLine(text.slice(from, to), seen, (message) => report(number, message))
      from = to + 1
    }
    table.#forgetPlainLocalhost()
    return table
  }

  /** Undefined when the name is not here; an empty list when it is, but has no address (R-HOSTS-3). */
  addressesOf(name: Name): readonly HostsAddress[] | undefined {
    return this.#byName.get(name)
  }

  /** In the order of the file; none when the address is not here. */
  namesOf(address: IpAddress): readonly HostName[] {
    return this.#byAddress.get(address.text) ?? []
  }

  /** Without names; addresses alone say nothing. */
  get isEmpty(): boolean {
    return this.#byName.size === 0
  }

  #readLine(line: string, seen: Map<string, IpAddress | undefined>, report: Report): void {
    const comment = line.indexOf('#')
    const words = (comment < 0 ? line : line.slice(0, comment)).trim().split(/\s+/)
    const first = words[0] as string
    if (words.length < 2) return
    if (!seen.has(first)) seen.set(first, parseHostsAddress(first))
    const address = seen.get(first)
    if (address === undefined) return report(`${quoted(first)} is not an address, ignoring the line.`)
    let canonical: HostName | undefined
    for (let i = 1; i < words.length; i++) {
      const word = words[i] as string
      const host = hostName(word)
      if (host !== undefined) this.#add(address, host, (canonical ??= host))
      else report(`${quoted(word)} is not a host name (letters, digits, hyphens, underscores and dots), ignoring it.`)
    }
  }

  #add(address: IpAddress, host: HostName, canonical: HostName): void {
    if (isLocalhost(host.name) && address.isLinkLocal) return // `fe80::1%lo0 localhost`: the loopback link of other systems
    const known = this.#byName.get(host.name) ?? []
    if (known.length === 0) this.#byName.set(host.name, known)
    if (address.isUnspecified || known.some((entry) => entry.address.equals(address))) return
    known.push({ address, canonical })
    const names = this.#byAddress.get(address.text)
    if (names === undefined) this.#byAddress.set(address.text, [host])
    else names.push(host)
  }

  /**
   * R-HOSTS-6: of localhost the usual lines say nothing that R-SYNTH-1 does not say better. They count where the file
   * gives it another address; and for the address itself where it has another name.
   */
  #forgetPlainLocalhost(): void {
    for (const [name, known] of this.#byName) {
      if (!isLocalhost(name)) continue
      if (known.every(({ address }) => LOCALHOST_ADDRESSES.includes(address.text))) this.#byName.delete(name)
    }
    for (const address of LOCALHOST_ADDRESSES) {
      const names = this.#byAddress.get(address) ?? []
      if (names.every(({ name }) => isLocalhost(name) && !this.#byName.has(name))) this.#byAddress.delete(address)
    }
  }
}

function isLocalhost(name: Name): boolean {
  return name.includes('localhost') && LOCALHOST_NAMES.some((localhost) => isWithin(name, localhost))
}

/** A word for people, who need not see all of a long one. */
function quoted(word: string): string {
  return `'${printable(word.length > 80 ? `${word.slice(0, 80)}…` : word)}'`
}

function parseHostsAddress(word: string): IpAddress | undefined {
  const zone = word.indexOf('%')
  return IpAddress.parse(zone < 0 ? word : word.slice(0, zone))
}

function hostName(word: string): HostName | undefined {
  const text = word.endsWith('.') ? word.slice(0, -1) : word
  return HOST_NAME.test(text) ? { name: text.toLowerCase() as Name, text } : undefined
}
