import { IpAddress, printable } from '../base/index.ts'
import { isWithin, type Name, nameOf } from '../wire/index.ts'
import type { Report } from './config-warning.ts'

/** Told what is wrong with one line. */
export type ReportLine = (line: number, message: string) => void

export interface HostsAddress {
  readonly address: IpAddress
  /** The first name ever given to this address: an alias answers as CNAME to it (R-HOSTS-5). */
  readonly canonical: Name
}

const LOCALHOST_ADDRESSES = ['127.0.0.1', '::1']
const LOCALHOST_NAMES = [nameOf('localhost'), nameOf('localhost.localdomain')]
/** Letters, digits and inner hyphens, at most 63 in a label: such a name in lower case is a `Name` as it stands. */
const HOST_NAME = /^(?!.{254})[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/i

/** What a hosts file says. Names match exactly, never names below them (R-HOSTS-4). Replaced as a whole. */
export class HostsTable {
  readonly #byName = new Map<Name, HostsAddress[]>()
  readonly #byAddress = new Map<string, Name[]>()

  /** Bad addresses lose their line, bad names only themselves (R-HOSTS-2); `report` is told, with lines counted from 1. */
  static parse(text: string, report: ReportLine = () => {}): HostsTable {
    const table = new HostsTable()
    const seen = new Map<string, IpAddress | undefined>() // block lists repeat one address a hundred thousand times
    for (let from = 0, number = 1; from < text.length; number++) {
      const newline = text.indexOf('\n', from)
      const to = newline < 0 ? text.length : newline
      table.#readLine(text.slice(from, to), seen, (message) => report(number, message))
      from = to + 1
    }
    for (const address of LOCALHOST_ADDRESSES) table.#forgetPlainLocalhost(address)
    return table
  }

  /** Undefined when the name is not here; an empty list when it is, but has no address (R-HOSTS-3). */
  addressesOf(name: Name): readonly HostsAddress[] | undefined {
    return this.#byName.get(name)
  }

  /** Canonical name first; none when the address is not here. */
  namesOf(address: IpAddress): readonly Name[] {
    return this.#byAddress.get(address.text) ?? []
  }

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
    for (let i = 1; i < words.length; i++) {
      const word = words[i] as string
      const name = hostName(word)
      if (name !== undefined) this.#add(address, name)
      else report(`${quoted(word)} is not a host name (letters, digits, hyphens and dots), ignoring it.`)
    }
  }

  #add(address: IpAddress, name: Name): void {
    const known = this.#byName.get(name) ?? []
    if (known.length === 0) this.#byName.set(name, known)
    if (address.isUnspecified) return
    const names = this.#byAddress.get(address.text)
    if (names === undefined) this.#byAddress.set(address.text, [name])
    else if (!known.some((entry) => entry.address.equals(address))) names.push(name)
    else return
    known.push({ address, canonical: names?.[0] ?? name })
  }

  /**
   * R-HOSTS-6: the usual localhost lines say nothing that R-SYNTH-1 does not say better. They count as soon as another
   * name shares the address, or one of these names has another address.
   */
  #forgetPlainLocalhost(address: string): void {
    const names = this.#byAddress.get(address) ?? []
    const isPlain = (name: Name) =>
      LOCALHOST_NAMES.some((localhost) => isWithin(name, localhost)) &&
      (this.#byName.get(name) ?? []).every((entry) => LOCALHOST_ADDRESSES.includes(entry.address.text))
    if (!names.every(isPlain)) return
    for (const name of names) this.#byName.delete(name)
    this.#byAddress.delete(address)
  }
}

/** A word for people, who need not see all of a long one. */
function quoted(word: string): string {
  return `'${printable(word.length > 80 ? `${word.slice(0, 80)}…` : word)}'`
}

function parseHostsAddress(word: string): IpAddress | undefined {
  const zone = word.indexOf('%')
  return IpAddress.parse(zone < 0 ? word : word.slice(0, zone))
}

function hostName(word: string): Name | undefined {
  const bare = word.endsWith('.') ? word.slice(0, -1) : word
  return HOST_NAME.test(bare) ? (bare.toLowerCase() as Name) : undefined
}
