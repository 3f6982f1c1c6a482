/** Sockets that may listen on for answers nobody waits for any more. */
const CAPACITY = 64

/**
 * Exchanges whose question is done: what still comes for them tells how long the server takes and that it lives, so
 * they may go on for a while. The oldest makes room; closing ends them all.
 */
export class Lingering implements Disposable {
  readonly #groups = new Set<AbortController>()
  #isClosed = false

  get size(): number {
    return this.#groups.size
  }

  /** Takes over exchanges that end with `abort`; `finished` when none of them is under way any more. */
  adopt(abort: AbortController, finished: Promise<unknown>): void {
    if (this.#isClosed) return abort.abort()
    const [oldest] = this.#groups
    if (this.#groups.size >= CAPACITY) this.#end(oldest)
    this.#groups.add(abort)
    void finished.then(() => this.#groups.delete(abort))
  }

  [Symbol.dispose](): void {
    this.#isClosed = true
    for (const abort of this.#groups) this.#end(abort)
  }

  #end(abort: AbortController | undefined): void {
    if (abort === undefined) return
    this.#groups.delete(abort)
    abort.abort()
  }
}
