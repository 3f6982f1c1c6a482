import type { Millis } from '../base/index.ts'

/** Why a server was not reached over TLS: the port is closed · nothing came · the handshake failed. */
export type TlsFailure = 'refused' | 'silent' | 'broken'

/** Pauses between attempts at a server that failed: short at first, as a lost packet looks the same. */
const FIRST_PAUSE: Millis = 1000
/** Longer than a probe is waited for: what one channel came to is not taken for the next one's. */
const PROOF_PAUSE: Millis = 3000
const LONGEST_PAUSE: Millis = 5 * 60_000
/** A failure is told once it is no accident. */
const NO_ACCIDENT = 2

/** What changed for people: `on` and `off` are told once each time. */
export type TlsNews = 'on' | TlsFailure | undefined

/**
 * Whether one server takes opportunistic TLS on this network (E-OPP-1, E-OPP-2). A race and not a ladder: no state
 * makes a question wait longer than it would for a datagram.
 *
 * `untried` questions go out over TLS, and in plaintext too once that takes longer than the server's usual patience ·
 * `works` they go over TLS, and in plaintext where that leaves one unanswered · `refused`, `silent`, `broken` the last
 * attempt failed: questions go in plaintext at once, and attempts on nobody's time follow, after one second, then
 * twice as long each time up to five minutes, while there are questions. Any answer over TLS leads to `works`.
 */
export class TlsEvidence {
  #state: 'untried' | 'works' | TlsFailure = 'untried'
  #failures = 0
  #retryAt: Millis = 0
  #isTold: 'on' | 'off' | undefined
  readonly #mustBeProven: boolean

  /** `mustBeProven`: no question goes over TLS before an attempt on nobody's time has worked. */
  constructor(mustBeProven = false) {
    this.#mustBeProven = mustBeProven
  }

  get state(): 'untried' | 'works' | TlsFailure {
    return this.#state
  }

  /** Attempts in a row that came to nothing. */
  get failures(): number {
    return this.#failures
  }

  /** Whether a question is to go over TLS first. */
  get isOffered(): boolean {
    return this.#state === 'works' || (this.#state === 'untried' && !this.#mustBeProven)
  }

  /** When an attempt on nobody's time is due; undefined when none is needed. */
  get retryAt(): Millis | undefined {
    return this.isOffered ? undefined : this.#retryAt
  }

  /** An attempt begins: no other is to begin before its outcome is known, or its time is over. */
  onRetry(now: Millis): void {
    this.#retryAt = now + this.#pause
  }

  /** A message came over TLS. */
  onAnswered(): TlsNews {
    this.#state = 'works'
    this.#failures = 0
    if (this.#isTold === 'on') return undefined
    this.#isTold = 'on'
    return 'on'
  }

  /** An attempt failed, whoever made it. */
  onFailed(failure: TlsFailure, now: Millis): TlsNews {
    this.#state = failure
    this.#failures++
    this.#retryAt = now + this.#pause
    if (this.#failures < NO_ACCIDENT || this.#isTold === 'off') return undefined
    this.#isTold = 'off'
    return failure
  }

  /** Another network, or told to forget (R-SRV-16). */
  reset(): void {
    this.#state = 'untried'
    this.#failures = 0
  }

  get #pause(): Millis {
    if (this.#mustBeProven && this.#state === 'untried') return PROOF_PAUSE
    return Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** Math.min(16, Math.max(0, this.#failures - 1)))
  }
}
