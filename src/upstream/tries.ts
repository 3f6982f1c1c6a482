import type { Millis } from '../base/index.ts'
import type { Try, TryResult } from './try.ts'

/** The messages of one question: how many went out, which may still be answered, and what became of the others. */
export class Tries {
  /** In the order they were sent. */
  readonly #open: Try[] = []
  readonly results: TryResult[] = []
  #sent = 0

  get sent(): number {
    return this.#sent
  }

  /** Those that may still be answered. */
  get open(): readonly Try[] {
    return this.#open
  }

  /** The oldest that may still be answered. */
  get oldest(): Try | undefined {
    return this.#open[0]
  }

  add(attempt: Try): void {
    this.#sent++
    this.#open.push(attempt)
  }

  /** Nothing more is expected of it. */
  settle(attempt: Try): void {
    const at = this.#open.indexOf(attempt)
    if (at !== -1) this.#open.splice(at, 1)
  }

  /** No lateness of those under way is to be counted. */
  forgetOpen(): void {
    for (const attempt of this.#open.splice(0)) attempt.isLate = true
  }

  /** Those whose server has just used up its patience: each once. */
  newlyLate(now: Millis): Try[] {
    return this.#open.filter(({ overdueAt, isLate }) => overdueAt <= now && !isLate)
  }

  note({ upstream, channel, sentAt }: Try, result: string, now: Millis): void {
    this.results.push({ server: upstream.label, channel, took: now - sentAt, result })
  }

  noteUnanswered(now: Millis): void {
    for (const attempt of this.#open) this.note(attempt, 'no answer', now)
  }
}
