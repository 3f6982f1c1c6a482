import { FairQueue } from '../base/index.ts'
import type { SignatureCheck } from './signature-check.ts'

/**
 * Checks handed to the thread pool at once: so many that its threads have work through one turn of the event loop, and so
 * few that files, which share the pool, do not wait long.
 */
const MAX_AT_ONCE = 16
/** A dear one counts as so many: two at once leave room on the cores for this thread. */
const DEAR = 8
/** More than there are questions under way (R-ORDER-5), with one check each at a time. */
const MAX_WAITING = 65_536

/**
 * Has signatures checked on other threads. Those that wait take turns by zone: whoever makes thousands of questions about
 * a zone whose signatures are dear delays that zone, and nobody else (S-LIM-1).
 */
export class CheckQueue {
  readonly #waiting = new FairQueue<() => void>(MAX_WAITING)
  readonly #turn: () => Promise<void> | undefined
  #running = 0

  /** `turn`: what to wait for once a check is made, if anything, before its result is used. */
  constructor(turn: () => Promise<void> | undefined = () => undefined) {
    this.#turn = turn
  }

  /** Resolves when it is made, and it is the caller's turn. */
  run(check: SignatureCheck): Promise<void> {
    return new Promise((resolve) => {
      const begin = () => {
        const weight = check.isDear ? DEAR : 1
        this.#running += weight
        check.makeAside(() => {
          this.#running -= weight
          this.#next()
          const waiting = this.#turn()
          if (waiting === undefined) resolve()
          else void waiting.then(resolve)
        })
      }
      if (this.#running < MAX_AT_ONCE) begin()
      else this.#waiting.push(begin, [check.zone])
    })
  }

  #next(): void {
    while (this.#running < MAX_AT_ONCE) {
      const begin = this.#waiting.shift()
      if (begin === undefined) return
      begin()
    }
  }
}
