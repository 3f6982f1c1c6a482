import type { Clock, Millis } from '../base/index.ts'
import { isReplyTo } from '../wire/index.ts'
import type { Lingering } from './lingering.ts'
import type { Outcome, Step } from './outcome.ts'
import type { Transaction } from './transaction.ts'
import type { Transport } from './transport.ts'
import type { Try } from './try.ts'

/** What a question needs on its way. */
export interface DriveMeans {
  readonly transport: Transport
  readonly clock: Clock
  readonly lingering: Lingering
}

/** Told how a question ended, or what should be impossible: one of the two, once; perhaps before `begin` returns. */
export interface DriveEvents {
  readonly onDone: (outcome: Outcome) => void
  readonly onBug: (error: unknown) => void
}

/**
 * Carries out what a transaction decides until it is done. Exchanges still open then go on in `lingering`, so that a
 * slow server is known as slow and not as dead.
 */
export class Drive {
  readonly #transaction: Transaction
  readonly #means: DriveMeans
  readonly #events: DriveEvents
  /** How to take back what is under way. */
  readonly #open = new Map<Try, () => void>()
  #timer: Disposable | undefined
  #isDone = false

  constructor(transaction: Transaction, means: DriveMeans, events: DriveEvents) {
    this.#transaction = transaction
    this.#means = means
    this.#events = events
  }

  /** To be called once. */
  begin(): void {
    this.#step((now) => this.#transaction.begin(now))
  }

  /** Takes everything back; nothing is told any more. */
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
    const { clock } = this.#means
    this.#timer?.[Symbol.dispose]()
    this.#timer = clock.after(Math.max(0, step.until - clock.now()), () =>
      this.#step((now) => this.#transaction.onTime(now)),
    )
    for (const attempt of step.send) this.#send(attempt)
  }

  #send(attempt: Try): void {
    const { upstream, channel, wire, patience, earlier } = attempt
    const isAnsweredBy = (reply: Buffer) => isReplyTo(reply, wire)
    const query = { endpoint: upstream.endpoint, channel, wire, patience, earlier, isAnsweredBy }
    const takeBack = this.#means.transport.exchange(query, (result) => {
      this.#open.delete(attempt)
      this.#step((now) =>
        Buffer.isBuffer(result)
          ? this.#transaction.onReply(attempt, result, now)
          : this.#transaction.onFailure(attempt, result.code, now),
      )
      if (this.#isDone && this.#open.size === 0) this.#means.lingering.leave(this)
    })
    this.#open.set(attempt, takeBack)
  }

  #finish(outcome: Outcome): void {
    this.#stop()
    if (this.#open.size > 0) this.#means.lingering.adopt(this)
    this.#events.onDone(outcome)
  }

  #stop(): void {
    this.#isDone = true
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
  }
}
