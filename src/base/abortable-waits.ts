/**
 * Waits that end with a signal. All waits for one signal share one listener, as Node searches the whole list of
 * listeners whenever one comes or goes: for a question among a hundred that was 3 % of its time, and grew with their number.
 */
export class AbortableWaits {
  readonly #bySignal = new WeakMap<AbortSignal, Set<() => void>>()

  /** Waits for work that others may wait for too: the wait ends with the signal, the work does not. @throws its reason */
  until<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      const abort = () => reject(signal.reason as Error)
      const waits = this.#waitsFor(signal)
      waits.add(abort)
      if (signal.aborted) abort()
      work.then(
        (value) => {
          waits.delete(abort)
          return resolve(value)
        },
        (error: Error) => {
          waits.delete(abort)
          return reject(error)
        },
      )
    })
  }

  #waitsFor(signal: AbortSignal): Set<() => void> {
    const known = this.#bySignal.get(signal)
    if (known !== undefined) return known
    const waits = new Set<() => void>()
    this.#bySignal.set(signal, waits)
    signal.addEventListener('abort', () => waits.forEach((abort) => abort()), { once: true })
    return waits
  }
}
