import { IpAddress, printable } from '../base/index.ts'
import type { Name } from '../wire/index.ts'
import type { Report } from './config-warning.ts'
import { addByte, EMPTY_HASH, hashOfBytes, type WordIndex } from './word-index.ts'
import { WordScanner } from './word-scanner.ts'

/** A name of the file: as it is looked up, and as it is written there. */
export interface HostName {
  readonly name: Name
  /** Letter case kept, no final dot. */
  readonly text: string
}

/** A line that says something. */
export interface HostsLine {
  readonly address: IpAddress
  /** At least one, the canonical one first. */
  readonly names: readonly HostName[]
}

/** Letters, digits, hyphens and underscores, as zones have them in names of hosts and services: in lower case; 0 for others. */
const HOST_BYTES = Uint8Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte)
  return /[a-z0-9_-]/i.test(character) ? character.toLowerCase().charCodeAt(0) : 0
})
const HOST_NAME = 'letters, digits, hyphens, underscores and dots'
const DOT = 0x2e
const MAX_NAME = 253
const MAX_LABEL = 63

/** Takes lines of a hosts file apart, one after the other. */
export class HostsLineReader {
  readonly #bytes: Buffer
  readonly #words: WordScanner
  /** The last one, and where it stands: block lists repeat it a hundred thousand times. */
  #address: IpAddress | undefined
  #addressStart = 0
  #addressEnd = 0

  constructor(bytes: Buffer, line = 0) {
    this.#bytes = bytes
    this.#words = new WordScanner(bytes, line)
  }

  /** Where the next line begins. */
  get position(): number {
    return this.#words.position
  }

  /** Enters where names and the line begin, and goes on to the next line. */
  index(byName: WordIndex, byAddress: WordIndex, report: Report): void {
    const line = this.position
    const address = this.#beginLine(report)
    let isNamed = false
    for (let isName = address !== undefined; isName; isName = this.#words.nextWord()) {
      const hash = this.#nameHash()
      if (hash === undefined) report(`${this.#quoted()} is not a host name (${HOST_NAME}), ignoring it.`)
      else byName.add(hash, this.#words.start)
      isNamed ||= hash !== undefined
    }
    if (isNamed && address?.isUnspecified === false) byAddress.add(hashOfBytes(address.bytes), line)
    this.#words.skipLine()
  }

  /** The next line, with so many names at most; undefined when it says nothing. */
  read(atMost: number): HostsLine | undefined {
    const address = this.#beginLine(() => {})
    if (address === undefined) return undefined
    const names: HostName[] = []
    do {
      if (this.#nameHash() === undefined) continue
      const text = this.#bytes.toString('latin1', this.#words.start, this.#nameEnd)
      names.push({ name: text.toLowerCase() as Name, text })
    } while (names.length < atMost && this.#words.nextWord())
    return names.length === 0 ? undefined : { address, names }
  }

  /** Whether the name is what stands at a place that `index` has entered: longer words may have the same hash. */
  static isAt(bytes: Buffer, at: number, name: Name): boolean {
    const reader = new HostsLineReader(bytes, at)
    if (!reader.#words.nextWord() || reader.#nameEnd - at !== name.length) return false
    return bytes.toString('latin1', at, at + name.length).toLowerCase() === name
  }

  /** Reads the address, and finds the first name; undefined where one of them is missing. */
  #beginLine(report: Report): IpAddress | undefined {
    if (!this.#words.nextWord()) return undefined
    const { start, end } = this.#words
    if (!this.#words.nextWord()) return undefined // an address alone says nothing
    if (!this.#isLastAddress(start, end)) this.#address = parseHostsAddress(this.#bytes.toString('latin1', start, end))
    this.#addressStart = start
    this.#addressEnd = end
    if (this.#address === undefined)
      report(`${quoted(this.#bytes.subarray(start, end))} is not an address, ignoring the line.`)
    return this.#address
  }

  #isLastAddress(start: number, end: number): boolean {
    const bytes = this.#bytes
    if (end - start !== this.#addressEnd - this.#addressStart) return false
    for (let i = start, j = this.#addressStart; i < end; i++, j++) if (bytes[i] !== bytes[j]) return false
    return true
  }

  /** Of the word here, in lower case and without a final dot; undefined when it is no name of a host. */
  #nameHash(): number | undefined {
    const bytes = this.#bytes
    const { start } = this.#words
    const end = this.#nameEnd
    let hash = EMPTY_HASH
    let labelStart = start
    for (let at = start; at < end; at++) {
      const byte = bytes[at] as number
      const folded = byte === DOT ? DOT : (HOST_BYTES[byte] as number)
      if (folded === 0 || (byte === DOT && at === labelStart)) return undefined
      hash = addByte(hash, folded)
      if (byte === DOT) labelStart = at + 1
      else if (at - labelStart === MAX_LABEL) return undefined
    }
    const isWhole = end > labelStart && end - start <= MAX_NAME
    return isWhole ? hash : undefined
  }

  #quoted(): string {
    return quoted(this.#bytes.subarray(this.#words.start, this.#words.end))
  }

  /** Without a final dot. */
  get #nameEnd(): number {
    const { end } = this.#words
    return this.#bytes[end - 1] === DOT ? end - 1 : end
  }
}

function parseHostsAddress(text: string): IpAddress | undefined {
  const zone = text.indexOf('%')
  return IpAddress.parse(zone < 0 ? text : text.slice(0, zone))
}

/** A word for people, who need not see all of a long one. */
function quoted(word: Buffer): string {
  const text = word.toString('utf8')
  return `'${printable(text.length > 80 ? `${text.slice(0, 80)}…` : text)}'`
}
