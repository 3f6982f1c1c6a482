import type { Resolution } from './query.ts'

/** Told of every finished query, while somebody wants to know. */
export type QueryListener = (resolution: Resolution) => void

/** Those who see finished queries, and whether answers may be repeated past them. */
export class QueryWatchers {
  readonly #listeners = new Set<QueryListener>()
  readonly #observers = new Set<QueryListener>()
  readonly #closures = new Set<() => boolean>()

  /** True while somebody must see the next query, so that no reply may be replayed from memory. */
  get mustSeeAll(): boolean {
    if (this.#listeners.size > 0) return true
    for (const isClosed of this.#closures) if (isClosed()) return true
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

  /** Observers see every query as long as `isClosed` says so. */
  closeShortCuts(isClosed: () => boolean): Disposable {
    return entered(this.#closures, isClosed)
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
