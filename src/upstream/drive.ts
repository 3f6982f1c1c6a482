import type { Clock } from '../base/index.ts'
import { isReplyTo } from '../wire/index.ts'
import type { Outcome, Step, Transaction, Try } from './transaction.ts'
import { LIFETIME } from './transaction.ts'
import type { Transport } from './transport.ts'
import { TransportError } from './transport.ts'

/**
 * Carries out what the transaction decides until it is done; exchanges still open then are cancelled.
 * @throws the signal's reason when aborted.
 */
export function drive(
  transaction: Transaction,
  transport: Transport,
  clock: Clock,
  signal: AbortSignal,
): Promise<Outcome> {
  const exchanges = new AbortController()
  let timer: Disposable | undefined
  const { promise, resolve, reject } = withResolvers<Outcome>()
  const abort = () => reject(signal.reason as Error)

  const take = (step: Step): void => {
    timer?.[Symbol.dispose]()
    if (step.kind === 'done') return resolve(step.outcome)
    timer = clock.after(Math.max(0, step.until - clock.now()), () => take(transaction.onTime(clock.now())))
    for (const attempt of step.send) void exchange(attempt)
  }
  const exchange = async (attempt: Try): Promise<void> => {
    const { upstream, protocol, wire } = attempt
    const isAnsweredBy = (reply: Buffer) => isReplyTo(reply, wire)
    const query = { endpoint: upstream.endpoint, protocol, wire, patience: LIFETIME, isAnsweredBy }
    try {
      const reply = await transport.exchange(query, exchanges.signal)
      if (!exchanges.signal.aborted) take(transaction.onReply(attempt, reply, clock.now()))
    } catch (error) {
      if (exchanges.signal.aborted) return
      if (!(error instanceof TransportError)) return reject(error as Error)
      take(transaction.onFailure(attempt, error.code, clock.now()))
    }
  }

  if (signal.aborted) abort()
  else {
    signal.addEventListener('abort', abort, { once: true })
    take(transaction.begin(clock.now()))
  }
  return promise.finally(() => {
    signal.removeEventListener('abort', abort)
    timer?.[Symbol.dispose]()
    exchanges.abort()
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
