import type { Millis } from '../base/index.ts'
import type { Question } from '../wire/index.ts'
import { ServerAttempt } from './server-attempt.ts'
import type { Request } from './outgoing.ts'
import type { Upstreams } from './upstreams.ts'

/** The servers one question may ask, best first, and whose turn it is. */
export class ServerAttempts {
  readonly all: readonly ServerAttempt[]
  readonly #type: number
  #turn = 0

  constructor(upstreams: Upstreams, request: Request, now: Millis) {
    this.#type = request.question.type
    const needsEdns = request.validation !== undefined
    this.all = upstreams.candidates(request, now).map((upstream) => new ServerAttempt(upstream, needsEdns))
  }

  /** Some server may still be asked. */
  get hasOpen(): boolean {
    return this.all.some(({ isExhausted }) => !isExhausted)
  }

  /** Whether anybody could be asked now. */
  get hasFree(): boolean {
    return this.all.some(isFree)
  }

  /** The next in turn of those that may still be asked; undefined when there is none. */
  next(): ServerAttempt | undefined {
    const [only] = this.all
    if (this.all.length === 1) return only !== undefined && isFree(only) ? only : undefined
    const left = this.all.filter(isFree)
    return left[this.#turn++ % left.length]
  }

  /** Some trusted server was not asked yet. */
  hasUntried(now: Millis): boolean {
    return this.all.some(
      ({ isExhausted, isUntried, upstream }) => isUntried && !isExhausted && upstream.isTrusted(now, this.#type),
    )
  }

  /** Some trusted server may still be asked. */
  hasLikely(now: Millis): boolean {
    return this.all.some(({ isExhausted, upstream }) => !isExhausted && upstream.isTrusted(now, this.#type))
  }

  /** A live server does not answer this question: so the silence of others says nothing about those servers. */
  get isStuck(): boolean {
    return this.all.some(({ isStuck }) => isStuck)
  }

  /** A server had an answer: counts against those that gave errors to the same question. */
  onAnswered(now: Millis): void {
    for (const { gaveError, upstream } of this.all) if (gaveError) upstream.errors.onError(this.#type, now)
  }

  /** No server had an answer though one was alive: those that were silent are not asked this again for a while. */
  rememberSilences(question: Question, now: Millis): void {
    if (!this.all.some(({ isIgnored }) => isIgnored)) return
    for (const { isSilent, upstream } of this.all)
      if (isSilent) upstream.failures.add(question, { kind: 'silence' }, now)
  }
}

function isFree({ isExhausted, isBusy }: ServerAttempt): boolean {
  return !isExhausted && !isBusy
}
