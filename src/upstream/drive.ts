import type { Clock, Millis } from '../base/index.ts'
import type { FinishedTransactions } from './finished-transactions.ts'
import type { Outcome, Step } from './outcome.ts'
import type { Transaction } from './transaction.ts'
import type { Transport } from './transport.ts'
import type { Exchange } from './exchange.ts'
import { flawOf, type ReplyFlaw } from './reply-flaw.ts'

/** What a transaction is carried out with. */
export interface DriveServices {
  readonly transport: Transport
  readonly clock: Clock
  readonly finished: FinishedTransactions
}

/** Told how a question ended, or what should be impossible: one of the two, once; perhaps before `begin` returns. */
export interface DriveEvents {
  readonly onDone: (outcome: Outcome) => void
  readonly onBug: (error: unknown) => void
}

/**
 * Carries out the steps of a transaction: sends, waits and reports back until it is done. Exchanges that are open then go
 * on in `finished`, so that the late reply of a slow server is counted and the server not taken for silent.
 */
export class Drive {
  readonly #transaction: Transaction
  readonly #means: DriveServices
  readonly #events: DriveEvents
  /** The exchanges under way, each with the function that cancels it. */
  readonly #open = new Map<Exchange, () => void>()
  #timer: Disposable | undefined
  #isDone = false

  constructor(transaction: Transaction, means: DriveServices, events: DriveEvents) {
    this.#transaction = transaction
    this.#means = means
    this.#events = events
  }

  /** To be called once. */
  begin(): void {
    this.#step((now) => this.#transaction.begin(now))
  }

  /** Cancels all exchanges; no event follows. */
  cancel(): void {
    this.#stop()
    for (const takeBack of this.#open.values()) takeBack()
    this.#open.clear()
  }

  #step(decide: (now: Millis) => Step): void {
    try {
      this.#take(decide(this.#means.clock.now()))
    } catch (error) {
      this.cancel()
      this.#events.onBug(error)
    }
  }

  #take(step: Step): void {
    if (this.#isDone) return
    if (step.kind === 'done') return this.#finish(step.outcome)
    for (const exchange of step.drop) this.#takeBack(exchange)
    const { clock } = this.#means
    this.#timer?.[Symbol.dispose]()
    this.#timer = clock.after(Math.max(0, step.until - clock.now()), () =>
      this.#step((now) => this.#transaction.onTime(now)),
    )
    for (const exchange of step.send) this.#send(exchange)
  }

  #send(exchange: Exchange): void {
    const { upstream, channel, wire, patience, earlier, addsOpt } = exchange
    const isAnsweredBy = (reply: Buffer) => {
      const flaw = flawOf(reply, exchange, upstream.provenGuards)
      return flaw === undefined || this.#passOver(exchange, flaw)
    }
    const query = { endpoint: upstream.endpointOver(channel), channel, wire, patience, earlier, addsOpt, isAnsweredBy }
    const takeBack = this.#means.transport.exchange(query, (result, connection) => {
      this.#open.delete(exchange)
      this.#step((now) =>
        Buffer.isBuffer(result)
          ? this.#transaction.onReply(exchange, result, now, connection)
          : this.#transaction.onFailure(exchange, result.code, now, result.message),
      )
      if (this.#isDone && this.#open.size === 0) this.#means.finished.delete(this)
    })
    this.#open.set(exchange, takeBack)
  }

  /** A message that is no reply to it: passed over (R-SRV-7), but there may be too many of them. */
  #passOver(exchange: Exchange, flaw: ReplyFlaw): false {
    if (this.#isDone) this.#takeBack(exchange)
    this.#step((now) => this.#transaction.onMismatch(exchange, flaw, now))
    return false
  }

  #takeBack(exchange: Exchange): void {
    this.#open.get(exchange)?.()
    this.#open.delete(exchange)
    if (this.#isDone && this.#open.size === 0) this.#means.finished.delete(this)
  }

  #finish(outcome: Outcome): void {
    this.#stop()
    if (this.#open.size > 0) this.#means.finished.add(this)
    this.#events.onDone(outcome)
  }

  #stop(): void {
    this.#isDone = true
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
  }
}
