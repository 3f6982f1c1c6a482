/** What the tables of `Map` refer to; emptied when its key is deleted. */
interface Handle<V> {
  value: V | undefined
}

/** A map for short-lived values, thousands a second: deleted values can be collected at once, unlike in `Map`; see `IntrusiveSet`. */
export class TransientMap<K, V> {
  readonly #handles = new Map<K, Handle<V>>()

  get size(): number {
    return this.#handles.size
  }

  has(key: K): boolean {
    return this.#handles.has(key)
  }

  get(key: K): V | undefined {
    return this.#handles.get(key)?.value
  }

  set(key: K, value: V): void {
    const handle = this.#handles.get(key)
    if (handle === undefined) this.#handles.set(key, { value })
    else handle.value = value
  }

  delete(key: K): boolean {
    const handle = this.#handles.get(key)
    if (handle === undefined) return false
    handle.value = undefined
    return this.#handles.delete(key)
  }

  clear(): void {
    for (const handle of this.#handles.values()) handle.value = undefined
    this.#handles.clear()
  }

  /** A copy: keys may come and go meanwhile. */
  entries(): [K, V][] {
    return Array.from(this.#handles, ([key, { value }]) => [key, value as V])
  }
}
