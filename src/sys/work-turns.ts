import type { Clock, Millis } from '../base/index.ts'
import type { TurnWatch } from './turn-watch.ts'

/** Who has work that may wait. */
export interface Work {
  /** For people: what the event loop is busy with. */
  readonly label: string
  /** Does a little of it, some tenths of a millisecond at most; true while there is more. */
  step(): boolean
}

/**
 * How long such work is done in one turn of the event loop: what can be answered from memory waits no longer. With collections of
 * garbage and replies of servers a turn stays below 10 ms. With 1 ms a flood of misses takes a fifth more CPU, as the loop goes
 * round more often.
 */
const TURN: Millis = 2
/** Of that, what goes on as soon as it can, without waiting for its turn. */
const AT_ONCE: Millis = 1

/**
 * Work that may wait, of all listeners and connections together: in each turn of the event loop a little, one step of each
 * after the other, and then sockets are read again. What a step begins with promises counts as part of it.
 */
export class WorkTurns {
  readonly #clock: Pick<Clock, 'now'>
  readonly #watch: TurnWatch | undefined
  /** Those that have work, the next one first. */
  readonly #ready = new Set<Work>()
  readonly #waits = new Waits()
  #isScheduled = false
  /** When the turn is over. */
  #end: Millis = 0
  /** Since when somebody goes on at once in this turn of the event loop. */
  #atOnceSince: Millis | undefined

  constructor(clock: Pick<Clock, 'now'>, watch?: TurnWatch) {
    this.#clock = clock
    this.#watch = watch
  }

  /** Nobody has work. */
  get isIdle(): boolean {
    return this.#ready.size === 0
  }

  /** From now on `work` has its steps until it says that there is no more. */
  add(work: Work): void {
    this.#ready.add(work)
    this.#schedule()
  }

  /** Takes no more steps of it. */
  remove(work: Work): void {
    this.#ready.delete(work)
  }

  /** Resolves when it is the caller's turn to do a little. */
  turn(): Promise<void> {
    const turn = this.#waits.add()
    this.add(this.#waits)
    return turn
  }

  /** Whether the caller may do a little at once: so far that took no more than a millisecond of this turn of the event loop. */
  mayGoOn(): boolean {
    if (this.#atOnceSince !== undefined) return this.#clock.now() - this.#atOnceSince <= AT_ONCE
    this.#beginAtOnce()
    return true
  }

  #beginAtOnce(): void {
    this.#atOnceSince = this.#clock.now()
    this.#watch?.part(this.#waits.label)
    setImmediate(() => {
      if (!this.#isScheduled) this.#atOnceSince = undefined
    })
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(() => this.#begin())
  }

  #begin(): void {
    this.#end = (this.#atOnceSince ?? this.#clock.now()) + TURN
    this.#atOnceSince = undefined
    this.#step()
  }

  /** One step, and when everything that it began has come to its first wait the next one, or the next turn. */
  #step(): void {
    const [work] = this.#ready
    if (work === undefined) return this.#over()
    this.#ready.delete(work)
    queueMicrotask(() => process.nextTick(() => this.#goOn(work.label)))
    if (work.step()) this.#ready.add(work)
  }

  #goOn(label: string): void {
    this.#watch?.partOver(label)
    if (this.#clock.now() < this.#end) this.#step()
    else this.#over()
  }

  #over(): void {
    this.#isScheduled = false
    if (this.#ready.size > 0) this.#schedule()
  }
}

/** Those that wait for a turn by a promise. */
class Waits implements Work {
  readonly label = 'calls'
  readonly #resolvers: (() => void)[] = []

  add(): Promise<void> {
    return new Promise((resolve) => this.#resolvers.push(resolve))
  }

  step(): boolean {
    this.#resolvers.shift()?.()
    return this.#resolvers.length > 0
  }
}
