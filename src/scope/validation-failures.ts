import type { Millis } from '../base/index.ts'
import { type CacheVariant, keyOf } from '../cache/index.ts'
import type { ValidationFailure } from '../dnssec/index.ts'
import type { Name, Question } from '../wire/index.ts'

const CAPACITY = 1024
/** As long as a server's SERVFAIL is kept. */
const BOGUS_FOR: Millis = 10_000
/** The least that RFC 9520 §3.2 allows: a server that comes back is believed at once. */
const UNKNOWN_FOR: Millis = 1000

interface Failed {
  readonly question: Question
  readonly failure: ValidationFailure
  readonly until: Millis
}

/**
 * Questions whose validation failed a moment ago: a broken zone in demand costs no storm of questions (RFC 9520 §3.2). Each
 * variant on its own: a message that is relayed may fail where the servers follow no alias, and we would (S-CN-1).
 */
export class ValidationFailures {
  readonly #failed = new Map<string, Failed>()

  note(question: Question, variant: CacheVariant, failure: ValidationFailure, now: Millis): void {
    const key = keyOf(question, variant)
    this.#failed.delete(key)
    if (this.#failed.size >= CAPACITY) this.#failed.delete(this.#failed.keys().next().value as string)
    const until = now + (failure.result === 'failed-auxiliary' ? UNKNOWN_FOR : BOGUS_FOR)
    this.#failed.set(key, { question, failure, until })
  }

  find(question: Question, variant: CacheVariant, now: Millis): ValidationFailure | undefined {
    if (this.#failed.size === 0) return undefined
    const failed = this.#failed.get(keyOf(question, variant))
    return failed !== undefined && failed.until > now ? failed.failure : undefined
  }

  forget(isAffected: (name: Name) => boolean = () => true): void {
    for (const [key, { question }] of this.#failed) if (isAffected(question.name)) this.#failed.delete(key)
  }
}
