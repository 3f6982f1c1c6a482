import type { Channel, Millis } from '../base/index.ts'
import type { Message, Name, Question } from '../wire/index.ts'
import { questionKey } from '../wire/index.ts'

/**
 * How long a failure is remembered (RFC 9520 §3.2): five seconds, as the server may recover, and twice as long each time
 * it fails again, up to a minute: far below the five allowed, as somebody may be repairing the name and waiting.
 */
const FIRST: Millis = 5000
const LONGEST: Millis = 60_000
const CAPACITY = 256

/** How one server failed at one question: by an error, or by saying nothing while it answered others. */
export type RecentFailure =
  | { readonly kind: 'error'; readonly wire: Buffer; readonly message: Message; readonly channel: Channel }
  | { readonly kind: 'silence' }

interface Entry {
  readonly name: Name
  readonly failure: RecentFailure
  readonly until: Millis
  readonly pause: Millis
}

/** Which questions one server could not answer just now: it is not asked them again at once (RFC 9520). */
export class RecentFailures {
  /** In the order they came, and so in the order they are forgotten. */
  readonly #entries = new Map<string, Entry>()

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

  find(question: Question, now: Millis): RecentFailure | undefined {
    if (this.#entries.size === 0) return undefined
    const found = this.#entries.get(questionKey(question))
    return found !== undefined && now < found.until ? found.failure : undefined
  }

  /** It said nothing when it was last asked this: it deserves another chance, but not as many messages. */
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

  /** They had a reason that says nothing about names. */
  forgetAll(kind: RecentFailure['kind']): void {
    for (const [key, { failure }] of this.#entries) if (failure.kind === kind) this.#entries.delete(key)
  }

  /** Such names are somebody else's now, or ours again. */
  forgetNames(isMovedElsewhere: (name: Name) => boolean): void {
    for (const [key, { name }] of this.#entries) if (isMovedElsewhere(name)) this.#entries.delete(key)
  }

  clear(): void {
    this.#entries.clear()
  }
}
