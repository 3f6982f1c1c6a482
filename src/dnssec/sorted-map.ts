/**
 * What stands in an order, to be found by what is at a place or next before it. Adding one costs a move of those behind it:
 * meant for some hundreds.
 */
export class SortedMap<T> {
  readonly #keys: string[] = []
  readonly #values: T[] = []

  get size(): number {
    return this.#keys.length
  }

  set(key: string, value: T): void {
    const at = this.#end(key)
    if (this.#keys[at - 1] === key) this.#values[at - 1] = value
    else {
      this.#keys.splice(at, 0, key)
      this.#values.splice(at, 0, value)
    }
  }

  get(key: string): T | undefined {
    const at = this.#end(key) - 1
    return this.#keys[at] === key ? this.#values[at] : undefined
  }

  /** At `key` or the last one before it; where there is none, the last of all: the order is a circle. */
  upTo(key: string): T | undefined {
    const at = this.#end(key) - 1
    return this.#values[at < 0 ? this.#values.length - 1 : at]
  }

  deleteWhere(isDoomed: (value: T) => boolean): void {
    for (let at = this.#values.length - 1; at >= 0; at--) {
      if (!isDoomed(this.#values[at] as T)) continue
      this.#keys.splice(at, 1)
      this.#values.splice(at, 1)
    }
  }

  /** How many are at or before `key`. */
  #end(key: string): number {
    let [low, high] = [0, this.#keys.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#keys[middle] as string) <= key) low = middle + 1
      else high = middle
    }
    return low
  }
}
