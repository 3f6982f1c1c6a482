import type { Clock } from './clock.ts'
import type { Millis } from './units.ts'

/** After one more value: `enough` stops here, `hurry` waits for `patience` more, `wait` waits for all. */
export type GatherDecision = 'enough' | 'hurry' | 'wait'

/**
 * The values of several promises in the order they come: all of them, or fewer once `judge` says so; from the first
 * `hurry` on the rest has `patience` left. Latecomers are ignored, not cancelled. @throws the first rejection
 */
export function gather<T>(
  promises: readonly Promise<T>[],
  judge: (value: T) => GatherDecision,
  patience: Millis,
  clock: Clock,
): Promise<T[]> {
  const [first] = promises
  if (first === undefined) return Promise.resolve([])
  if (promises.length === 1) return first.then((value) => [value])
  return new Promise((resolve, reject) => {
    const arrived: T[] = []
    let timer: Disposable | undefined
    const finish = () => {
      timer?.[Symbol.dispose]()
      resolve([...arrived])
    }
    const take = (value: T) => {
      arrived.push(value)
      const verdict = judge(value)
      if (verdict === 'enough' || arrived.length === promises.length) finish()
      else if (verdict === 'hurry') timer ??= clock.after(patience, finish)
    }
    const fail = (error: Error) => {
      timer?.[Symbol.dispose]()
      reject(error)
    }
    for (const promise of promises) void promise.then(take, fail)
  })
}
