import type { Millis } from '../base/index.ts'

/** What was learnt of a server's inability is tried anew after this long, as with its other abilities (R-SRV-16). */
const LIFETIME: Millis = 5 * 60_000
/** Replies in a row that show it: a pool of servers behind one address, of which only some do it, shows otherwise soon. */
const PROOFS = 4
/** Replies without it from a server that had shown it: after so many it was no forger, and takes more proofs from then on. */
const STRIKES = 2
const MORE_PROOFS = 4
/** Messages with it that stayed unanswered where the same question without was answered; an accident twice in a row is rare. */
const LOSSES = 2
/** The same for messages answered by nothing but errors. */
const ERRORS = 2

export type GuardState = 'untried' | 'seen' | 'proven' | 'missing' | 'off'

/**
 * What observation says of one thing that a server may give back with each reply for us to know it by: the letter case
 * of the question, or a cookie. Two questions are kept apart:
 *
 * - Does it answer at all when asked that way? Until it has, every second message to the same question goes without, and
 *   where only those are answered it is `off` for a while. Once it has, losses and errors say nothing any more.
 * - Does it give it back? After some replies in a row it is `proven`: a reply without it is not believed then.
 */
export class GuardEvidence {
  #isTolerated = false
  #losses = 0
  #errors = 0
  #offSince: Millis | undefined
  #inRow = 0
  #proofsNeeded = PROOFS
  #strikes = 0
  #isMissing = false

  /** Whether messages may carry it. */
  isOn(now: Millis): boolean {
    if (this.#offSince !== undefined && now - this.#offSince > LIFETIME) this.#forgetTrouble()
    return this.#offSince === undefined
  }

  /** It has answered a message that carried it. */
  get isTolerated(): boolean {
    return this.#isTolerated
  }

  /** Nothing but errors came to messages with it: one goes without, to find out. */
  get isDoubtful(): boolean {
    return !this.#isTolerated && this.#errors >= ERRORS
  }

  /** A reply without it is not believed. */
  get isProven(): boolean {
    return this.#inRow >= this.#proofsNeeded
  }

  state(now: Millis): GuardState {
    if (!this.isOn(now)) return 'off'
    if (this.isProven) return 'proven'
    if (this.#isMissing) return 'missing'
    return this.#inRow > 0 ? 'seen' : 'untried'
  }

  /** A reply to a message with it was believed. `isGood`: it was no error. */
  onReply(isGivenBack: boolean, isGood: boolean): void {
    this.#inRow = isGivenBack ? this.#inRow + 1 : 0
    this.#isMissing = !isGivenBack
    if (isGood) this.#isTolerated = true
    else this.#errors++
  }

  /** A reply to a message without it; `hasLost`: one with it had gone unanswered before. */
  onReplyWithout(hasLost: boolean, isGood: boolean, now: Millis): void {
    if (this.#isTolerated) return
    const isRefused = isGood && this.isDoubtful
    this.#errors = 0
    if (hasLost) this.#losses++
    if (isRefused || this.#losses >= LOSSES) this.turnOff(now)
  }

  /** A proven server sent a reply without it, which was not believed: perhaps a forger, perhaps it does so by now. */
  onMissing(): void {
    if (!this.isProven || ++this.#strikes < STRIKES) return
    this.#inRow = 0
    this.#strikes = 0
    this.#proofsNeeded *= MORE_PROOFS
    this.#isMissing = true
  }

  /** It cannot be used with this server for a while. */
  turnOff(now: Millis): void {
    this.#offSince = now
    this.#inRow = 0
  }

  reset(): void {
    this.#forgetTrouble()
    this.#isTolerated = false
    this.#inRow = 0
    this.#proofsNeeded = PROOFS
    this.#strikes = 0
    this.#isMissing = false
  }

  #forgetTrouble(): void {
    this.#offSince = undefined
    this.#losses = 0
    this.#errors = 0
  }
}
