/** Sockets that may listen on for answers nobody waits for any more. */
const CAPACITY = 64

interface Cancellable {
  cancel(): void
}

/**
 * Questions that are done, with exchanges still open: what comes for them tells how long the server takes and that it
 * lives, so they may go on for a while. The oldest makes room; closing ends them all.
 */
export class FinishedTransactions implements Disposable {
  readonly #questions = new Set<Cancellable>()
  #isClosed = false

  get size(): number {
    return this.#questions.size
  }

  /** Takes over a question until it leaves. */
  add(question: Cancellable): void {
    if (this.#isClosed) return question.cancel()
    const [oldest] = this.#questions
    if (this.#questions.size >= CAPACITY && oldest !== undefined) this.#end(oldest)
    this.#questions.add(question)
  }

  /** Nothing of it is under way any more. */
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
