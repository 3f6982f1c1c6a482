import type { Resolution } from './query.ts'

/** Told of every finished query, while somebody wants to know. */
export type QueryListener = (resolution: Resolution) => void

/** Those who see finished queries, and whether answers may be repeated past them. */
export class QueryWatchers {
  readonly #listeners = new Set<QueryListener>()
  readonly #observers = new Set<QueryListener>()
  readonly #claims = new Set<() => boolean>()

  /**
   * Whether somebody must see this query, so that its reply may not be replayed from memory. To be asked once for each: who
   * wants to see only some has claimed this one then.
   */
  mustSee(): boolean {
    if (this.#listeners.size > 0) return true
    for (const claim of this.#claims) if (claim()) return true
    return false
  }

  /** Sees every query: none is answered from replies kept in memory meanwhile. The handle ends it. */
  watch(listener: QueryListener): Disposable {
    return entered(this.#listeners, listener)
  }

  /** As `watch`, but without the queries whose replies are replayed: whoever counts along need not stop those. */
  observe(observer: QueryListener): Disposable {
    return entered(this.#observers, observer)
  }

  /** Observers see the queries that `claim` wants, also where a reply could be replayed. */
  claimSome(claim: () => boolean): Disposable {
    return entered(this.#claims, claim)
  }

  tell(resolution: Resolution): void {
    for (const observer of this.#observers) observer(resolution)
    for (const listener of this.#listeners) listener(resolution)
  }
}

function entered<T>(all: Set<T>, one: T): Disposable {
  all.add(one)
  return { [Symbol.dispose]: () => void all.delete(one) }
}
