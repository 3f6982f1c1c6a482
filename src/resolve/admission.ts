import type { QueryClient } from './client.ts'

/** Queries that may live at once (R-ORDER-5). */
const MAX_QUERIES = 2048

/**
 * Shares out the places for queries under way. A client may hold as many as are still free: one alone gets half of
 * them, two a third each, and there is always room for one more. What is answered from memory needs no place for long.
 */
export class Admission {
  readonly #max: number
  readonly #held = new Map<string, number>()
  #total = 0

  constructor(max = MAX_QUERIES) {
    this.#max = max
  }

  /** A place, to be given back once; undefined when the client has its share. */
  enter(client: QueryClient | undefined): Disposable | undefined {
    const key = keyOf(client)
    const mine = this.#held.get(key) ?? 0
    if (mine >= this.#max - this.#total) return undefined
    this.#held.set(key, mine + 1)
    this.#total++
    return new Place(this, key)
  }

  /** A place of the client that `key` stands for is free again. */
  leave(key: string): void {
    const left = (this.#held.get(key) ?? 1) - 1
    if (left === 0) this.#held.delete(key)
    else this.#held.set(key, left)
    this.#total--
  }
}

/** A class, as a literal with a computed key costs a call into the engine. */
class Place implements Disposable {
  readonly #admission: Admission
  readonly #key: string

  constructor(admission: Admission, key: string) {
    this.#admission = admission
    this.#key = key
  }

  [Symbol.dispose](): void {
    this.#admission.leave(this.#key)
  }
}

function keyOf(client: QueryClient | undefined): string {
  if (client === undefined) return ''
  return client.key ?? client.busName ?? `${client.door} ${client.identity?.pid ?? ''}`
}
