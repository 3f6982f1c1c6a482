import type { Channel, Millis } from '../base/index.ts'
import type { Message, Name, Question } from '../wire/index.ts'
import { questionKey } from '../wire/index.ts'

/**
 * How long a failure is remembered (RFC 9520 §3.2): five seconds, as the server may recover, and twice as long each time
 * it fails again, up to a minute: far below the five allowed, as the administrator may be repairing the name and waiting for it.
 */
const FIRST: Millis = 5000
const LONGEST: Millis = 60_000
/** Questions per server; the oldest is forgotten first. */
const CAPACITY = 256

/** How one server failed at one question: by an error, or by saying nothing while it answered others. */
export type RecentFailure =
  | { readonly kind: 'error'; readonly wire: Buffer; readonly message: Message; readonly channel: Channel }
  | { readonly kind: 'silence' }

interface FailedQuestion {
  readonly name: Name
  readonly failure: RecentFailure
  readonly until: Millis
  readonly pause: Millis
}

/** Questions one server failed at lately: it is not asked them again until the pause is over (RFC 9520 §3.2). */
export class RecentFailures {
  /** By question, oldest first. */
  readonly #entries = new Map<string, FailedQuestion>()

  add(question: Question, failure: RecentFailure, now: Millis): void {
    const key = questionKey(question)
    const before = this.#entries.get(key)
    const isAgain = before !== undefined && now - before.until < LONGEST
    const pause = isAgain ? Math.min(LONGEST, 2 * before.pause) : FIRST
    this.#entries.delete(key)
    const [oldest] = this.#entries.keys()
    if (this.#entries.size >= CAPACITY && oldest !== undefined) this.#entries.delete(oldest)
    this.#entries.set(key, { name: question.name, failure, until: now + pause, pause })
  }

  /** Undefined when it may be asked. */
  find(question: Question, now: Millis): RecentFailure | undefined {
    if (this.#entries.size === 0) return undefined
    const found = this.#entries.get(questionKey(question))
    return found !== undefined && now < found.until ? found.failure : undefined
  }

  /** It did not answer this question last time, also when the pause is over: it gets only a few messages. */
  wasSilent(question: Question): boolean {
    return this.#entries.size > 0 && this.#entries.get(questionKey(question))?.failure.kind === 'silence'
  }

  /** Failures in force. */
  count(now: Millis): number {
    let count = 0
    for (const { until } of this.#entries.values()) if (now < until) count++
    return count
  }

  forget(question: Question): void {
    if (this.#entries.size > 0) this.#entries.delete(questionKey(question))
  }

  /** Drops all of one kind: their cause had nothing to do with the names. */
  forgetAll(kind: RecentFailure['kind']): void {
    for (const [key, { failure }] of this.#entries) if (failure.kind === kind) this.#entries.delete(key)
  }

  /** Drops those at names that moved to or from another scope. */
  forgetNames(isMovedElsewhere: (name: Name) => boolean): void {
    for (const [key, { name }] of this.#entries) if (isMovedElsewhere(name)) this.#entries.delete(key)
  }

  clear(): void {
    this.#entries.clear()
  }
}
