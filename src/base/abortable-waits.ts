import { IntrusiveSet, type IntrusiveMember, NOT_A_MEMBER } from './intrusive-set.ts'

/**
 * Waits that end with a signal. All waits for one signal share one listener, as Node searches the whole list of listeners
 * whenever one is added or removed: a cost per question that grows with their number.
 */
export class AbortableWaits {
  readonly #bySignal = new WeakMap<AbortSignal, IntrusiveSet<Wait>>()

  /** Waits for work that others may wait for too: the wait ends with the signal, the work does not. @throws its reason */
  until<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      const waits = this.#waitsFor(signal)
      const wait = new Wait(reject)
      waits.add(wait)
      if (signal.aborted) reject(signal.reason as Error)
      work.then(
        (value) => {
          waits.delete(wait)
          return resolve(value)
        },
        (error: Error) => {
          waits.delete(wait)
          return reject(error)
        },
      )
    })
  }

  #waitsFor(signal: AbortSignal): IntrusiveSet<Wait> {
    const known = this.#bySignal.get(signal)
    if (known !== undefined) return known
    const waits = new IntrusiveSet<Wait>()
    this.#bySignal.set(signal, waits)
    const abort = () => {
      for (const { reject } of waits) reject(signal.reason as Error)
    }
    signal.addEventListener('abort', abort, { once: true })
    return waits
  }
}

class Wait implements IntrusiveMember {
  setIndex = NOT_A_MEMBER
  readonly reject: (reason: Error) => void

  constructor(reject: (reason: Error) => void) {
    this.reject = reject
  }
}
