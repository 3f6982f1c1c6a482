import type { Millis } from '../base/index.ts'

/** How long a hook is waited for; systemd-resolved waits 30 s (H-RR-4). Programs give up after 5 s. */
export const PATIENCE: Millis = 2000
/** A hook that was silent is left out for this long, then for twice as long, up to the longest. */
const FIRST_PAUSE: Millis = 10_000
const LONGEST_PAUSE: Millis = 300_000

/**
 * Whether a hook is worth waiting for. After a silence it is left out for a while; then one question alone tries it, so
 * that a hook that hangs costs one question its patience now and then.
 */
export class Silences {
  #pause: Millis = 0
  #until: Millis = Number.NEGATIVE_INFINITY
  #isBeingTried = false

  /** True while it is left out. */
  isLeftOut(now: Millis): boolean {
    return this.#pause > 0 && (this.#isBeingTried || now < this.#until)
  }

  /** A question is on its way to it. */
  begin(): void {
    this.#isBeingTried = this.#pause > 0
  }

  /** It gave some reply, if only an error, or nobody waits for one any more. */
  end(hasReplied: boolean): void {
    if (hasReplied) this.#pause = 0
    this.#isBeingTried = false
  }

  /** It was silent. */
  note(now: Millis): void {
    this.#isBeingTried = false
    if (now < this.#until) return // others that began before the first gave up
    this.#pause = Math.min(LONGEST_PAUSE, this.#pause === 0 ? FIRST_PAUSE : 2 * this.#pause)
    this.#until = now + this.#pause
  }
}
