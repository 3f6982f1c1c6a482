import type { IpAddress } from '../base/index.ts'

/** Networks of links, to be asked in which of them an address is. */
export class SubnetIndex<T> {
  readonly #owners = new Map<string, T[]>()
  /** There are few different ones. */
  readonly #prefixLengths = new Set<number>()

  add(address: IpAddress, prefixLength: number, owner: T): void {
    this.#prefixLengths.add(prefixLength)
    const key = address.network(prefixLength)
    const owners = this.#owners.get(key)
    if (owners === undefined) this.#owners.set(key, [owner])
    else owners.push(owner)
  }

  /** Whose networks the address is in. */
  find(address: IpAddress): T[] {
    return [...this.#prefixLengths].flatMap((length) => this.#owners.get(address.network(length)) ?? [])
  }
}
