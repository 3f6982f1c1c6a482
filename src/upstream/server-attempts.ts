import type { Millis } from '../base/index.ts'
import type { Question } from '../wire/index.ts'
import { ServerAttempt } from './server-attempt.ts'
import type { Upstreams } from './upstreams.ts'

/** Whom one question may ask, best first, and whose turn it is. */
export class ServerAttempts {
  readonly all: readonly ServerAttempt[]
  #turn = 0

  constructor(upstreams: Upstreams, now: Millis) {
    this.all = upstreams.inOrder(now).map((upstream) => new ServerAttempt(upstream))
  }

  /** Whether anybody is left who has not said the last word. */
  get hasOpen(): boolean {
    return this.all.some(({ isExhausted }) => !isExhausted)
  }

  /** The next in turn of those left; undefined when there is none. */
  next(): ServerAttempt | undefined {
    const [only] = this.all
    if (this.all.length === 1) return only?.isExhausted === false ? only : undefined
    const left = this.all.filter(({ isExhausted }) => !isExhausted)
    return left[this.#turn++ % left.length]
  }

  /** Somebody is left who was not asked, and who is likely to answer. */
  hasUntried(now: Millis): boolean {
    return this.all.some(({ isExhausted, isUntried, upstream }) => isUntried && !isExhausted && upstream.isTrusted(now))
  }

  /** Somebody else is left who is likely to answer. */
  hasLikely(now: Millis): boolean {
    return this.all.some(({ isExhausted, upstream }) => !isExhausted && upstream.isTrusted(now))
  }

  /** Somebody is there and yet says nothing to this question: so the silence of others says nothing about them. */
  get isStuck(): boolean {
    return this.all.some(({ isStuck }) => isStuck)
  }

  /** One had an answer: those that gave errors to the same question were worse. */
  onAnswered(now: Millis): void {
    for (const { gaveError, upstream } of this.all) if (gaveError) upstream.onOthersAnswered(now)
  }

  /** Nobody had an answer, and not because nobody is there: who said nothing is not asked this again for a while. */
  rememberSilences(question: Question, now: Millis): void {
    if (!this.all.some(({ isIgnored }) => isIgnored)) return
    for (const { isSilent, upstream } of this.all)
      if (isSilent) upstream.failures.add(question, { kind: 'silence' }, now)
  }
}
