import type { Millis } from '../base/index.ts'

/** So long after it was seen to do DNSSEC a server is not asked again whether it does. */
const PROVEN: Millis = 60_000
/** So long a server that cannot is taken at that, and then tried anew: it may have been repaired (S-DOWN-4). */
const LACKING: Millis = 5 * 60_000

/** Something to tell people once. */
export interface DnssecNews {
  readonly isGood: boolean
  /** What the server does, e.g. `gives no signatures`. */
  readonly text: string
}

/**
 * Whether one server hands on signatures and proofs. It counts as able until it was asked and did not: loss, SERVFAIL and
 * bogus data at some zone say nothing of that (S-DOWN-3).
 */
export class DnssecAbility {
  #provenAt = Number.NEGATIVE_INFINITY
  #lackingAt = Number.NEGATIVE_INFINITY
  #lack = ''
  /** What was told last. */
  #told: string | undefined

  /** What it does instead of DNSSEC, in words that follow the server's name; undefined while it counts as able. */
  lack(now: Millis): string | undefined {
    return now - this.#lackingAt < LACKING ? this.#lack : undefined
  }

  /** It was seen to do DNSSEC a short time ago. */
  isProven(now: Millis): boolean {
    return now - this.#provenAt < PROVEN
  }

  onAble(now: Millis): void {
    this.#provenAt = now
    this.#lackingAt = Number.NEGATIVE_INFINITY
  }

  onLacking(lack: string, now: Millis): void {
    this.#lackingAt = now
    this.#provenAt = Number.NEGATIVE_INFINITY
    this.#lack = lack
  }

  /** What is to be told now, once for each change. @param lack of this server, for whatever reason */
  newsOf(lack: string | undefined, now: Millis): DnssecNews | undefined {
    if (lack === this.#told || (lack === undefined && !this.isProven(now))) return undefined
    this.#told = lack
    return lack === undefined ? { isGood: true, text: 'does DNSSEC now' } : { isGood: false, text: lack }
  }

  /** On another network, or after a reset: what was told may be told again if it is found again. */
  reset(): void {
    this.#provenAt = Number.NEGATIVE_INFINITY
    this.#lackingAt = Number.NEGATIVE_INFINITY
  }
}
