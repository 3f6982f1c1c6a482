import type { Clock, Log, Random } from '../base/index.ts'
import { MAX_LABEL_LENGTH, type Name, parseName, toUnicode } from '../wire/index.ts'
import { RenameLimit } from './rename-limit.ts'

/** What an unnamed machine is called (R-SYNTH-3). */
const NAMELESS = 'linux'
/** A renamed label counts up by 1..10, so that several losers do not meet again at the next number (LL-R-7). */
const LARGEST_STEP = 10
/** Digits at the end of a label that are counted up; more would not be a number that grows by little. */
const MOST_DIGITS = 9

export interface HostLabelServices {
  readonly clock: Pick<Clock, 'now' | 'after'>
  readonly random: Random
  readonly log: Pick<Log, 'warning'>
}

/**
 * The one label that this machine is known by to its neighbours: by LLMNR as it is, by mDNS under `.local`, on all links.
 * It is the first label of the host name until a neighbour is found to have it, then one with another number. The host name
 * itself is never changed.
 */
export class HostLabel {
  readonly #services: HostLabelServices
  readonly #listeners = new Set<(label: string) => void>()
  #hostName: string
  #label: string
  readonly #limit: RenameLimit

  constructor(hostName: string, services: HostLabelServices) {
    this.#services = services
    this.#limit = new RenameLimit(services.clock)
    this.#hostName = hostName
    this.#label = labelOfHost(hostName)
  }

  /** UTF-8, at most 63 bytes, letter case as in the host name. */
  get label(): string {
    return this.#label
  }

  /** The name that LLMNR knows. */
  get name(): Name {
    return parseName(this.#label) as Name
  }

  /** Whether it was lost and the next one is still to come: nothing answers to it then. */
  get isLost(): boolean {
    return this.#limit.isPending
  }

  /** Another host name begins with its own label (LL-R-7); the same one changes nothing. */
  follow(hostName: string): void {
    if (hostName === this.#hostName) return
    this.#hostName = hostName
    this.#limit.cancel()
    this.#label = labelOfHost(hostName)
    this.#tell()
  }

  /**
   * A neighbour owns `lost`, as `where` saw it: both protocols on several links may say so of the same label. A new one
   * comes at once, or 10 s after the last (MD-P-11).
   */
  onConflict(lost: string, where: string): void {
    if (lost !== this.#label || this.isLost) return
    this.#limit.request(() => this.#rename(where))
    // Whoever answers to it has to stop meanwhile.
    if (this.isLost) this.#tell()
  }

  /** Calls back after each change of `label` or `isLost`, until disposed. */
  onChange(listener: (label: string) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  [Symbol.dispose](): void {
    this.#limit.cancel()
  }

  #rename(where: string): void {
    const { random, log } = this.#services
    const next = nextLabel(this.#label, random)
    log.warning(
      `${where}: another machine has the name ${this.#label}. This one is ${next} to its neighbours now; give it another host name to end this.`,
    )
    this.#label = next
    this.#tell()
  }

  #tell(): void {
    for (const listener of this.#listeners) listener(this.#label)
  }
}

/** First label of a host name in Unicode; the fallback name for what is no name for others to use (LL-R-8). */
export function labelOfHost(hostName: string): string {
  const label = toUnicode(hostName.split('.')[0] ?? '').normalize('NFC')
  const isUsable = /^[\p{L}\p{M}\p{N}_-]+$/u.test(label) && Buffer.byteLength(label) <= MAX_LABEL_LENGTH
  return isUsable && label.toLowerCase() !== 'localhost' ? label : NAMELESS
}

/** The number at the end, or the 1 that is not written, made larger by 1..10; no longer than a label may be (LL-R-7). */
export function nextLabel(label: string, random: Random): string {
  const digits = label.match(/\d+$/)?.[0].slice(-MOST_DIGITS) ?? ''
  const number = String((digits === '' ? 1 : Number(digits)) + 1 + random.below(LARGEST_STEP))
  return cut(label.slice(0, label.length - digits.length), MAX_LABEL_LENGTH - number.length) + number
}

/** As many whole characters from the start as fit into `size` bytes of UTF-8. */
export function cut(text: string, size: number): string {
  return text.slice(0, new TextEncoder().encodeInto(text, new Uint8Array(size)).read)
}
