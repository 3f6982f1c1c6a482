import type { Millis } from '../base/index.ts'
import type { Message, Question } from '../wire/index.ts'
import { questionKey } from '../wire/index.ts'

/** RFC 9520 §3.2: at least a second. Short, as the server may recover; long enough for a client's own retries. */
const LIFETIME: Millis = 5000
const CAPACITY = 256

/** An error reply that one server gave to one question. */
export interface RecentFailure {
  readonly wire: Buffer
  readonly message: Message
}

/** Which questions one server could not answer just now: it is not asked them again at once (RFC 9520). */
export class RecentFailures {
  /** In the order they came, and so in the order they are forgotten. */
  readonly #entries = new Map<string, RecentFailure & { readonly at: Millis }>()

  add(question: Question, wire: Buffer, message: Message, now: Millis): void {
    const key = questionKey(question)
    this.#entries.delete(key)
    const [oldest] = this.#entries.keys()
    if (this.#entries.size >= CAPACITY && oldest !== undefined) this.#entries.delete(oldest)
    this.#entries.set(key, { wire, message, at: now })
  }

  find(question: Question, now: Millis): RecentFailure | undefined {
    if (this.#entries.size === 0) return undefined
    const found = this.#entries.get(questionKey(question))
    return found !== undefined && now - found.at < LIFETIME ? found : undefined
  }

  forget(question: Question): void {
    if (this.#entries.size > 0) this.#entries.delete(questionKey(question))
  }

  clear(): void {
    this.#entries.clear()
  }
}
