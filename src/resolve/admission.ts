import type { QueryClient } from './client.ts'

/** Queries that may live at once (R-ORDER-5). */
const MAX_QUERIES = 2048

/** Of these, for all clients of the stub together. */
const STUB_SHARE = 0.75

/**
 * Shares out the places for queries under way. A client may hold as many as are still free: one alone gets half of
 * them, two a third each, and there is always room for one more. What is answered from memory needs no place for long.
 *
 * On the bus and over varlink the kernel says who asks. On the stub, programs of this machine differ by their port
 * alone, and most take a new one for each question; so a flood may well fill what the stub has. The rest is kept for
 * those who can be told apart, as libnss_resolve and with it nearly every program can.
 */
export class Admission {
  readonly #max: number
  readonly #held = new Map<string, number>()
  readonly #maxOfStub: number
  #total = 0
  #ofStub = 0

  constructor(max = MAX_QUERIES) {
    this.#max = max
    this.#maxOfStub = Math.floor(max * STUB_SHARE)
  }

  /** A place, to be given back once; undefined when the client has its share. */
  enter(client: QueryClient | undefined): Disposable | undefined {
    const key = keyOf(client)
    const isOfStub = client?.door === 'udp' || client?.door === 'tcp'
    const mine = this.#held.get(key) ?? 0
    const free = this.#max - this.#total
    if (mine >= (isOfStub ? Math.min(free, this.#maxOfStub - this.#ofStub) : free)) return undefined
    this.#held.set(key, mine + 1)
    this.#total++
    if (isOfStub) this.#ofStub++
    return new Place(this, key, isOfStub)
  }

  /** A place of the client that `key` stands for is free again. */
  leave(key: string, isOfStub: boolean): void {
    if (isOfStub) this.#ofStub--
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
  readonly #isOfStub: boolean

  constructor(admission: Admission, key: string, isOfStub: boolean) {
    this.#admission = admission
    this.#key = key
    this.#isOfStub = isOfStub
  }

  [Symbol.dispose](): void {
    this.#admission.leave(this.#key, this.#isOfStub)
  }
}

function keyOf(client: QueryClient | undefined): string {
  if (client === undefined) return ''
  return client.key ?? client.busName ?? `${client.door} ${client.identity?.pid ?? ''}`
}
