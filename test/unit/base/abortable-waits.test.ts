import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { AbortableWaits } from '../../../src/base/index.ts'

const never = new Promise<string>(() => undefined)

test('an abort ends every wait with its reason, and the work goes on', async () => {
  const waits = new AbortableWaits()
  const abort = new AbortController()
  let finish = (_text: string): void => undefined
  const work = new Promise<string>((resolve) => {
    finish = resolve
  })
  const ended = [waits.until(work, abort.signal), waits.until(never, abort.signal)].map(reasonOf)
  const other = waits.until(work, new AbortController().signal)
  abort.abort(new Error('not wanted any more'))
  expect(await Promise.all(ended)).toEqual(['not wanted any more', 'not wanted any more'])
  finish('done')
  expect(await other).toBe('done')
})

test('what comes before the abort is passed on, an error too', async () => {
  const waits = new AbortableWaits()
  const abort = new AbortController()
  expect(await waits.until(Promise.resolve('done'), abort.signal)).toBe('done')
  expect(await reasonOf(waits.until(Promise.reject(new Error('failed')), abort.signal))).toBe('failed')
  abort.abort(new Error('too late to matter'))
})

test('a signal that was aborted before ends the wait at once', async () => {
  const aborted = AbortSignal.abort(new Error('over'))
  const waits = new AbortableWaits()
  expect(await reasonOf(waits.until(never, aborted))).toBe('over')
  // Work that fails afterwards is not left unhandled, which would end the process.
  expect(await reasonOf(waits.until(Promise.reject(new Error('failed')), aborted))).toBe('over')
})

test('a thousand waits for one signal share one listener', async () => {
  const waits = new AbortableWaits()
  const { signal } = new AbortController()
  await Promise.all(Array.from({ length: 1000 }, (_, i) => waits.until(Promise.resolve(i), signal)))
  expect(getEventListeners(signal, 'abort').length).toBe(1)
})

async function reasonOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
    return 'no error'
  } catch (error) {
    return (error as Error).message
  }
}
