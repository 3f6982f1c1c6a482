import { setMaxListeners } from 'node:events'

/** A controller whose signal any number may wait for; of more than ten, Node would warn as of a leak. */
export function sharedAbort(): AbortController {
  const controller = new AbortController()
  setMaxListeners(0, controller.signal)
  return controller
}

/** Waits for work that others may wait for too: the wait ends with the signal, the work does not. @throws its reason */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error)
    const end = () => signal.removeEventListener('abort', abort)
    if (signal.aborted) return abort()
    signal.addEventListener('abort', abort)
    work.then(
      (value) => {
        end()
        return resolve(value)
      },
      (error: Error) => {
        end()
        return reject(error)
      },
    )
  })
}
