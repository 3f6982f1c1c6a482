import type { Clock } from '../base/index.ts'
import { sharedAbort } from '../base/index.ts'
import { isReplyTo } from '../wire/index.ts'
import type { Lingering } from './lingering.ts'
import type { Outcome, Step } from './outcome.ts'
import type { Transaction } from './transaction.ts'
import type { Transport } from './transport.ts'
import { TransportError } from './transport.ts'
import type { Try } from './try.ts'

/**
 * Carries out what the transaction decides until it is done. Exchanges still open then go on in `lingering`, so that
 * a slow server is known as slow and not as dead.
 * @throws the signal's reason when aborted; nothing goes on then.
 */
export function drive(
  transaction: Transaction,
  transport: Transport,
  clock: Clock,
  lingering: Lingering,
  signal: AbortSignal,
): Promise<Outcome> {
  const abort = sharedAbort() // a silent server gets more than ten messages
  const open = new Set<Promise<void>>()
  let timer: Disposable | undefined
  const { promise, resolve, reject } = withResolvers<Outcome>()
  const onAbort = () => {
    abort.abort()
    reject(signal.reason as Error)
  }

  const take = (step: Step): void => {
    timer?.[Symbol.dispose]()
    timer = undefined
    if (step.kind === 'done') return resolve(step.outcome)
    timer = clock.after(Math.max(0, step.until - clock.now()), () => take(transaction.onTime(clock.now())))
    for (const attempt of step.send) {
      const task = exchange(attempt).finally(() => open.delete(task))
      open.add(task)
    }
  }
  const exchange = async (attempt: Try): Promise<void> => {
    const { upstream, protocol, wire, patience } = attempt
    const isAnsweredBy = (reply: Buffer) => isReplyTo(reply, wire)
    const query = { endpoint: upstream.endpoint, protocol, wire, patience, isAnsweredBy }
    try {
      const reply = await transport.exchange(query, abort.signal)
      if (!abort.signal.aborted) take(transaction.onReply(attempt, reply, clock.now()))
    } catch (error) {
      if (abort.signal.aborted) return
      if (!(error instanceof TransportError)) return reject(error as Error)
      take(transaction.onFailure(attempt, error.code, clock.now()))
    }
  }

  if (signal.aborted) onAbort()
  else {
    signal.addEventListener('abort', onAbort, { once: true })
    take(transaction.begin(clock.now()))
  }
  return promise.finally(() => {
    signal.removeEventListener('abort', onAbort)
    timer?.[Symbol.dispose]()
    if (open.size > 0) lingering.adopt(abort, Promise.all(open))
  })
}

function withResolvers<T>(): {
  promise: Promise<T>
  resolve: (value: T) => void
  reject: (reason: Error) => void
} {
  let resolve!: (value: T) => void
  let reject!: (reason: Error) => void
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}
