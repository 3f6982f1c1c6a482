import type { Clock, IpAddress, Millis } from '../../base/index.ts'

/** Long enough for one program that asks again for each family or line of output; a machine that was just switched on is found soon. */
const REMEMBERED: Millis = 5000
const MOST = 1024

/** Neighbours that gave no name for their address a moment ago, and are not asked again yet (MC-REV-2 d). */
export class UnansweredAddresses {
  readonly #clock: Pick<Clock, 'now'>
  /** Until when, in the order of that. */
  readonly #until = new Map<string, Millis>()

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock
  }

  add({ text }: IpAddress): void {
    const [oldest] = this.#until.keys()
    if (this.#until.size >= MOST && oldest !== undefined) this.#until.delete(oldest)
    this.#until.delete(text)
    this.#until.set(text, this.#clock.now() + REMEMBERED)
  }

  has({ text }: IpAddress): boolean {
    const until = this.#until.get(text)
    if (until === undefined || until > this.#clock.now()) return until !== undefined
    this.#until.delete(text)
    return false
  }

  clear(): void {
    this.#until.clear()
  }
}
