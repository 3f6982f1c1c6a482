import type { Clock, Millis } from '../base/index.ts'

/**
 * What `promise` comes to within `patience`; undefined when it takes longer. It goes on then, and what it comes to
 * later is nobody's concern here. @throws the promise's reason, or the signal's when aborted first
 */
export function inTime<T>(
  promise: Promise<T>,
  patience: Millis,
  clock: Clock,
  signal: AbortSignal,
): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error)
    if (signal.aborted) return abort()
    signal.addEventListener('abort', abort, { once: true })
    const timer = clock.after(patience, () => resolve(undefined))
    promise.then(resolve, reject).finally(() => {
      timer[Symbol.dispose]()
      signal.removeEventListener('abort', abort)
    })
  })
}
