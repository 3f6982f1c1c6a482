import type { Millis } from '../base/index.ts'
import type { ScopeCache, StaleHit } from '../cache/index.ts'
import { isBogus } from '../upstream/index.ts'
import type { Question } from '../wire/index.ts'
import { parseMessage, RCODE, shuffleAddresses } from '../wire/index.ts'
import { inTime } from './in-time.ts'
import type { Answer } from './answer.ts'
import { replied } from './answer.ts'
import type { ScopeRequest } from './request.ts'
import type { ScopeIdentity } from './scope-identity.ts'
import type { ScopeServices } from './services.ts'

/** Old answers where fresh ones take too long or cannot be had (RFC 8767, R-CACHE-18). */
export class StaleAnswers {
  readonly #scope: ScopeIdentity
  readonly #cache: ScopeCache
  readonly #services: ScopeServices

  constructor(scope: ScopeIdentity, cache: ScopeCache, services: ScopeServices) {
    this.#scope = scope
    this.#cache = cache
    this.#services = services
  }

  /**
   * Messages that are relayed as they are carry signatures, which expire for good: they are never stale. What was tried
   * without success before `since`, when a server came back, is tried again.
   */
  find({ request, variant, readsCache, mayBeStale }: ScopeRequest, since: Millis): StaleHit | undefined {
    const mayHelp = readsCache && mayBeStale && variant === '' && this.#cache.staleRetention > 0
    return mayHelp ? this.#cache.stale(request.question, this.#services.clock.now(), since) : undefined
  }

  /** Waits a little for fresh data, which goes on being fetched (RFC 8767 §5). @throws the signal's reason when aborted */
  async unlessFresh(
    question: Question,
    stale: StaleHit,
    fetched: Promise<Answer>,
    patience: Millis,
    signal: AbortSignal,
  ): Promise<Answer> {
    const fresh = await inTime(fetched, patience, this.#services.clock, signal)
    // Flushed meanwhile, or the name belongs elsewhere now: then only fresh data will do.
    if (!stale.dependency.isCurrent || fresh?.origin !== undefined) {
      const outcome = fresh ?? (await fetched)
      return stale.dependency.isCurrent && isTrouble(outcome) ? this.serve(question, stale, 'failure') : outcome
    }
    if (fresh?.state === 'aborted') return fresh
    // The next to ask need not wait as long again, while fresh data is still being fetched.
    if (fresh === undefined) this.#cache.onFailure(question, this.#services.clock.now())
    return this.serve(question, stale, 'timeout')
  }

  /** `instead` of what. */
  serve(question: Question, { wire, learntFrom }: StaleHit, instead: 'timeout' | 'failure'): Answer {
    const { counts, random } = this.#services
    if (instead === 'timeout') counts.timeoutsServedStale++
    else counts.failuresServedStale++
    shuffleAddresses(wire, random) // R-CACHE-15
    const about = {
      question,
      isRelayed: false,
      source: 'stale',
      origin: learntFrom,
      attempts: [],
      entry: undefined,
    } as const
    return replied(wire, parseMessage(wire), this.#scope, about)
  }
}

/** An error that says nothing about the name; bogus data does, and old data must not hide it (S-CACHE-2). */
function isTrouble(answer: Answer): boolean {
  if (answer.state === 'dnssec-failed') return answer.dnssecResult === 'failed-auxiliary'
  if (answer.origin === undefined) return answer.state !== 'aborted'
  return answer.rcode !== RCODE.NOERROR && answer.rcode !== RCODE.NXDOMAIN && !isBogus(answer)
}
