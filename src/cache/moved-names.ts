import type { IpAddress } from '../base/index.ts'
import { addressOfReverseName, type Name, parentOf } from '../wire/index.ts'

/** A network of a link, whose addresses' names it takes. */
export interface Network {
  readonly address: IpAddress
  readonly prefixLength: number
}

/**
 * Domains and networks whose names another scope has taken, with the number of the change by which each last did: whether a
 * name moved since some change is found in as many looks as it has labels, however many changes there were.
 */
export class MovedNames {
  readonly #domains = new Map<Name, number>()
  readonly #networks = new Map<string, number>()
  /** There are few different ones. */
  readonly #prefixLengths = new Set<number>()

  /** Domains and networks that are held. */
  get size(): number {
    return this.#domains.size + this.#networks.size
  }

  add(domains: Iterable<Name>, networks: Iterable<Network>, change = 1): void {
    for (const domain of domains) this.#domains.set(domain, change)
    for (const { address, prefixLength } of networks) {
      this.#networks.set(address.network(prefixLength), change)
      this.#prefixLengths.add(prefixLength)
    }
  }

  addAll(other: MovedNames, change: number): void {
    for (const domain of other.#domains.keys()) this.#domains.set(domain, change)
    for (const network of other.#networks.keys()) this.#networks.set(network, change)
    for (const prefixLength of other.#prefixLengths) this.#prefixLengths.add(prefixLength)
  }

  /** Whether the name moved by a later change than `since`. */
  has(name: Name, since = 0): boolean {
    for (let suffix: Name | undefined = name; suffix !== undefined; suffix = parentOf(suffix))
      if (isLater(this.#domains.get(suffix), since)) return true
    const address = this.#networks.size === 0 ? undefined : addressOfReverseName(name)
    if (address === undefined) return false
    return [...this.#prefixLengths].some((length) => isLater(this.#networks.get(address.network(length)), since))
  }
}

function isLater(change: number | undefined, since: number): boolean {
  return change !== undefined && change > since
}
