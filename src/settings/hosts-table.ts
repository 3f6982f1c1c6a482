import type { IpAddress } from '../base/index.ts'
import { isWithin, type Name, nameOf } from '../wire/index.ts'
import { type HostName, HostsLineReader, type HostsLine } from './hosts-line.ts'
import { hashOfBytes, hashOfText, WordIndex } from './word-index.ts'

/** Told what is wrong with one line. */
export type ReportLine = (line: number, message: string) => void

/** One address of a name. */
export interface HostsAddress {
  readonly address: IpAddress
  /** The first name of the line: the others on it answer as CNAMEs to it (R-HOSTS-5). */
  readonly canonical: HostName
}

const LOCALHOST_ADDRESSES = ['127.0.0.1', '::1']
const LOCALHOST_NAMES = [nameOf('localhost'), nameOf('localhost.localdomain')]
const NEWLINE = 0x0a
/** Bytes read in one go: less than a millisecond, also where every word is complained about. */
const SLICE = 16_384
/** Lines looked at for one name or address, and names of one line: more would not fit into a reply. */
const MOST = 1000

/**
 * What a hosts file says. Names match exactly, never names below them (R-HOSTS-4). Replaced as a whole.
 *
 * Block lists have a million lines, of which few are ever asked for: the file is kept as it is, with an index of its lines
 * by name and by address. A line is taken apart when the file is read, for what is wrong with it, and when it is asked for.
 */
export class HostsTable {
  readonly #bytes: Buffer
  readonly #byName: WordIndex
  readonly #byAddress: WordIndex

  private constructor(bytes: Buffer) {
    this.#bytes = bytes
    this.#byName = new WordIndex(bytes.length)
    this.#byAddress = new WordIndex(bytes.length)
  }

  /** All at once; see `reading`. */
  static parse(text: string, report?: ReportLine): HostsTable {
    const reading = HostsTable.reading(Buffer.from(text), report)
    let step = reading.next()
    while (step.done !== true) step = reading.next()
    return step.value
  }

  /**
   * Reads in slices of less than a millisecond, and may be left alone between them. A bad address loses its line, a bad
   * name only itself (R-HOSTS-2); `report` is told, with lines counted from 1. Keeps the bytes: they must not change.
   */
  static *reading(bytes: Buffer, report: ReportLine = () => {}): Generator<undefined, HostsTable> {
    const table = new HostsTable(bytes)
    const reader = new HostsLineReader(bytes)
    for (let number = 1, sliceEnd = SLICE; reader.position < bytes.length; number++) {
      reader.index(table.#byName, table.#byAddress, (message) => report(number, message))
      if (reader.position < sliceEnd) continue
      sliceEnd = reader.position + SLICE
      yield
    }
    return table
  }

  /** Undefined when the name is not here; an empty list when it is, but has no address (R-HOSTS-3). */
  addressesOf(name: Name): readonly HostsAddress[] | undefined {
    const lines = this.#linesWith(name)
    if (lines.length === 0) return undefined
    const found: HostsAddress[] = []
    for (const { address, names } of lines) {
      if (address.isUnspecified || found.some((entry) => entry.address.equals(address))) continue
      found.push({ address, canonical: names[0] as HostName })
    }
    return isLocalhost(name) && found.every((entry) => isUsualForLocalhost(entry.address)) ? undefined : found
  }

  /** In the order of the file; none when the address is not here. */
  namesOf(address: IpAddress): readonly HostName[] {
    const lines = this.#byAddress.find(hashOfBytes(address.bytes), MOST).map((at) => this.#line(at, MOST))
    const names = new Map<Name, HostName>()
    for (const host of lines.flatMap((line) => (line?.address.equals(address) === true ? line.names : []))) {
      if (!names.has(host.name) && !isForeignLoopback(address, host.name)) names.set(host.name, host)
    }
    const found = [...names.values()]
    return isUsualForLocalhost(address) && found.every(({ name }) => this.#isPlainLocalhost(name)) ? [] : found
  }

  /** Each with its canonical name alone. */
  #linesWith(name: Name): HostsLine[] {
    const found: HostsLine[] = []
    for (const at of this.#byName.find(hashOfText(name), MOST)) {
      const isRight = HostsLineReader.isAt(this.#bytes, at, name)
      const line = isRight ? this.#line(this.#bytes.lastIndexOf(NEWLINE, at) + 1, 1) : undefined
      if (line !== undefined && !isForeignLoopback(line.address, name)) found.push(line)
    }
    return found
  }

  #line(start: number, names: number): HostsLine | undefined {
    return new HostsLineReader(this.#bytes, start).read(names)
  }

  /**
   * R-HOSTS-6: of localhost the usual lines say nothing that R-SYNTH-1 does not say better. They count where the file
   * gives it another address; and for the address itself where it has another name.
   */
  #isPlainLocalhost(name: Name): boolean {
    return isLocalhost(name) && this.addressesOf(name) === undefined
  }
}

/** `fe80::1%lo0 localhost`: the loopback link of other systems. */
function isForeignLoopback(address: IpAddress, name: Name): boolean {
  return address.isLinkLocal && isLocalhost(name)
}

function isLocalhost(name: Name): boolean {
  return name.includes('localhost') && LOCALHOST_NAMES.some((localhost) => isWithin(name, localhost))
}

function isUsualForLocalhost(address: IpAddress): boolean {
  return LOCALHOST_ADDRESSES.includes(address.text)
}
