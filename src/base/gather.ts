import type { Clock } from './clock.ts'
import type { Millis } from './units.ts'

/** After one more value: `enough` stops here, `wait` waits for all, a time leaves the rest so long at most. */
export type GatherDecision = 'enough' | 'wait' | Millis

/**
 * The values of several promises in the order they come: all of them, or fewer once `judge` says so; of several times that
 * it leaves the rest the earliest counts. Latecomers are ignored, not cancelled. @throws the first rejection
 */
export function gather<T>(
  promises: readonly Promise<T>[],
  judge: (value: T) => GatherDecision,
  clock: Clock,
): Promise<T[]> {
  const [first] = promises
  if (first === undefined) return Promise.resolve([])
  if (promises.length === 1) return first.then((value) => [value])
  return new Promise((resolve, reject) => {
    const arrived: T[] = []
    let timer: Disposable | undefined
    let deadline: Millis = Number.POSITIVE_INFINITY
    const finish = () => {
      timer?.[Symbol.dispose]()
      resolve([...arrived])
    }
    const leave = (time: Millis) => {
      if (clock.now() + time >= deadline) return
      deadline = clock.now() + time
      timer?.[Symbol.dispose]()
      timer = clock.after(time, finish)
    }
    const take = (value: T) => {
      arrived.push(value)
      const verdict = judge(value)
      if (verdict === 'enough' || arrived.length === promises.length) finish()
      else if (verdict !== 'wait') leave(verdict)
    }
    const fail = (error: Error) => {
      timer?.[Symbol.dispose]()
      reject(error)
    }
    for (const promise of promises) void promise.then(take, fail)
  })
}
