import type { Millis } from '../base/index.ts'
import type { ScopeCache, StaleHit } from '../cache/index.ts'
import { isBogus } from '../upstream/index.ts'
import type { Question } from '../wire/index.ts'
import { parseMessage, RCODE, shuffleAddresses } from '../wire/index.ts'
import { inTime } from './in-time.ts'
import type { ScopeAnswer, ScopeOutcome, ScopeRequest } from './outcome.ts'
import type { ScopeServices } from './services.ts'

/** Old answers where fresh ones take too long or cannot be had (RFC 8767, R-CACHE-18). */
export class StaleAnswers {
  readonly #cache: ScopeCache
  readonly #services: ScopeServices

  constructor(cache: ScopeCache, services: ScopeServices) {
    this.#cache = cache
    this.#services = services
  }

  /**
   * Messages that are relayed as they are carry signatures, which expire for good: they are never stale. What was tried
   * in vain before `since`, when a server came back, is tried again.
   */
  find({ request, variant, readsCache, mayBeStale }: ScopeRequest, since: Millis): StaleHit | undefined {
    const mayHelp = readsCache && mayBeStale && variant === '' && this.#cache.staleRetention > 0
    return mayHelp ? this.#cache.stale(request.question, this.#services.clock.now(), since) : undefined
  }

  /** Waits a little for fresh data, which goes on being fetched (RFC 8767 §5). @throws the signal's reason when aborted */
  async unlessFresh(
    question: Question,
    stale: StaleHit,
    fetched: Promise<ScopeOutcome>,
    patience: Millis,
    signal: AbortSignal,
  ): Promise<ScopeOutcome> {
    const fresh = await inTime(fetched, patience, this.#services.clock, signal)
    // Flushed meanwhile, or the name belongs elsewhere now: then only fresh data will do.
    if (!stale.dependency.isCurrent || fresh?.kind === 'answer') {
      const outcome = fresh ?? (await fetched)
      return stale.dependency.isCurrent && isTrouble(outcome) ? this.serve(stale, 'failure') : outcome
    }
    if (fresh?.state === 'aborted') return fresh
    // The next to ask need not wait as long again, while fresh data is still being fetched.
    if (fresh === undefined) this.#cache.onFailure(question, this.#services.clock.now())
    return this.serve(stale, 'timeout')
  }

  /** `instead` of what. */
  serve({ wire, learntFrom }: StaleHit, instead: 'timeout' | 'failure'): ScopeAnswer {
    const { counts, random } = this.#services
    if (instead === 'timeout') counts.timeoutsServedStale++
    else counts.failuresServedStale++
    shuffleAddresses(wire, random) // R-CACHE-15
    return {
      kind: 'answer',
      origin: 'stale',
      wire,
      message: parseMessage(wire),
      learntFrom,
      basis: undefined,
      exchanges: [],
    }
  }
}

/** An error that says nothing about the name; bogus data does, and old data must not hide it. */
function isTrouble(outcome: ScopeOutcome): boolean {
  if (outcome.kind === 'failure') return outcome.state !== 'aborted'
  const { message } = outcome
  return message.rcode !== RCODE.NOERROR && message.rcode !== RCODE.NXDOMAIN && !isBogus(message)
}
