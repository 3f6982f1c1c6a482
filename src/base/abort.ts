import { setMaxListeners } from 'node:events'

/** A controller whose signal any number may wait for; of more than ten, Node would warn as of a leak. */
export function sharedAbort(): AbortController {
  const controller = new AbortController()
  setMaxListeners(0, controller.signal)
  return controller
}
