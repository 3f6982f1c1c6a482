import type { Clock } from '../base/index.ts'
import type { ConnectionFacts, OutgoingQuery, Settle, TransportError } from '../upstream/index.ts'
import { timeoutError, transportError } from './transport-errors.ts'

/** How an exchange ended; `cancelled`: taken back by the caller, who is told nothing. */
export type ExchangeEnd = 'answered' | 'failed' | 'timeout' | 'cancelled'

/**
 * One message under way, the same on every channel: it is sent once, and ends once, with a reply, a failure, its patience
 * or by being taken back. A channel says how to send and what to do with the socket at the end.
 */
export abstract class PendingExchange {
  protected readonly query: OutgoingQuery
  readonly #settle: Settle
  #timer: Disposable | undefined
  #isOver = false

  constructor(query: OutgoingQuery, settle: Settle) {
    this.query = query
    this.#settle = settle
  }

  /** Sends the message; replies and failures are told by `finish`. @throws {TransportError} or an error with the system's `code` */
  protected abstract send(): void

  /** Gives up what the exchange holds. Called once, before the caller is told. */
  protected abstract release(end: ExchangeEnd): void

  get isOver(): boolean {
    return this.#isOver
  }

  /** Nothing happens where it was cancelled before. */
  begin(clock: Clock): void {
    if (this.#isOver) return
    try {
      this.send()
    } catch (error) {
      return this.failLater(transportError(error, this.query.endpoint))
    }
    this.#timer = clock.after(this.query.patience, () => this.#end('timeout', timeoutError(this.query)))
  }

  /** It could not even be sent, which is told after the caller of `exchange` has got its result. */
  failLater(reason: TransportError): void {
    queueMicrotask(() => this.finish(reason))
  }

  /** The reply, or why there is none; ignored when it is over. */
  finish(result: Buffer | TransportError, connection?: ConnectionFacts): void {
    this.#end(Buffer.isBuffer(result) ? 'answered' : 'failed', result, connection)
  }

  cancel(): void {
    this.#end('cancelled', undefined)
  }

  #end(end: ExchangeEnd, result: Buffer | TransportError | undefined, connection?: ConnectionFacts): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#timer?.[Symbol.dispose]()
    this.release(end)
    if (result !== undefined) this.#settle(result, connection)
  }
}
