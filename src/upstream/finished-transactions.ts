/** Transactions that may wait for late replies at once; each has at least one socket open. */
const CAPACITY = 64

interface Cancellable {
  cancel(): void
}

/**
 * Transactions that are done but have exchanges open. A late reply tells the round trip of a slow server, and that it is
 * there, so they go on until the transport gives up. The oldest is cancelled to make room; closing cancels all.
 */
export class FinishedTransactions implements Disposable {
  readonly #questions = new Set<Cancellable>()
  #isClosed = false

  get size(): number {
    return this.#questions.size
  }

  /** Owns it until `delete` or cancellation. */
  add(question: Cancellable): void {
    if (this.#isClosed) return question.cancel()
    const [oldest] = this.#questions
    if (this.#questions.size >= CAPACITY && oldest !== undefined) this.#end(oldest)
    this.#questions.add(question)
  }

  /** None of its exchanges is open any more. */
  delete(question: Cancellable): void {
    this.#questions.delete(question)
  }

  [Symbol.dispose](): void {
    this.#isClosed = true
    for (const question of this.#questions) this.#end(question)
  }

  #end(question: Cancellable): void {
    this.#questions.delete(question)
    question.cancel()
  }
}
