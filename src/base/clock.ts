import type { Millis } from './units.ts'

/** The only source of time for everything that decides: tests pass a clock they advance themselves. */
export interface Clock {
  /** Never goes back and counts time spent in suspend; its zero means nothing. */
  now(): Millis
  /** Wall-clock time since 1970, for people to read only: it may jump. */
  wall(): Millis
  /**
   * Calls back once, at the earliest `delay` from now and after what has come by then, unless disposed before.
   * Disposing twice is harmless.
   */
  after(delay: Millis, callback: () => void): Disposable
}

/** Resolves after `delay`. @throws the signal's reason when aborted first; the timer is then gone. */
export function sleep(clock: Clock, delay: Millis, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error)
    const onAbort = () => {
      timer[Symbol.dispose]()
      reject(signal.reason as Error)
    }
    const timer = clock.after(delay, () => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    })
    signal.addEventListener('abort', onAbort, { once: true })
  })
}
