import type { Clock, Millis } from '../base/index.ts'
import type { TurnWatch } from './turn-watch.ts'

/** Who has work that may wait. */
export interface Work {
  /** For people: what the event loop is busy with. */
  readonly label: string
  /** It begins what goes on by itself and is finished later, such as questions to servers. */
  readonly isBeginning?: boolean
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
  readonly #isBehind: () => boolean
  /** Those that have work, the next one first. */
  readonly #ready = new Set<Work>()
  /** By label. */
  readonly #waits = new Map<string, Waits>()
  #isScheduled = false
  /** When the turn is over. */
  #end: Millis = 0
  /** Steps that may begin something until then. */
  #beginnings = Infinity
  /** When somebody first went on at once in this turn of the event loop, and until when others may. */
  #atOnce: { readonly since: Millis; readonly until: Millis } | undefined
  /** What went on at once took a whole turn: in the next one those who waited come first. */
  #isOwed = false

  /**
   * `isBehind` tells whether what was begun before waits to be gone on with. Then there is one step a turn that begins more: if
   * more is begun than finished, what is under way fills the memory, and each collection of garbage has to copy it.
   */
  constructor(clock: Pick<Clock, 'now'>, watch?: TurnWatch, isBehind: () => boolean = () => false) {
    this.#clock = clock
    this.#watch = watch
    this.#isBehind = isBehind
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

  /** Resolves when it is the caller's turn to do a little. `label`: one of few, for people. */
  turn(label = 'calls'): Promise<void> {
    const waits = this.#waits.get(label) ?? new Waits(label)
    this.#waits.set(label, waits)
    const turn = waits.add()
    this.add(waits)
    return turn
  }

  /** Whether the caller may do a little at once: so far that took no more than a millisecond, or what is left of the turn. */
  mayGoOn(label = 'calls'): boolean {
    if (this.#isOwed) return false
    if (this.#atOnce !== undefined) return this.#clock.now() <= this.#atOnce.until
    this.#beginAtOnce(label)
    return true
  }

  #beginAtOnce(label: string): void {
    const since = this.#clock.now()
    this.#atOnce = { since, until: since + AT_ONCE }
    this.#watch?.part(label)
    setImmediate(() => {
      if (!this.#isScheduled) this.#atOnce = undefined
    })
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(() => this.#begin())
  }

  #begin(): void {
    const now = this.#clock.now()
    const since = this.#atOnce?.since ?? now
    this.#end = since + TURN
    this.#isOwed = !this.#isOwed && now >= this.#end
    this.#atOnce = this.#isOwed ? undefined : { since, until: this.#end }
    this.#beginnings = this.#isBehind() ? 1 : Infinity
    if (this.#isOwed) setImmediate(() => this.#begin())
    else this.#step()
  }

  /** One step, and when everything that it began has come to its first wait the next one, or the next turn. */
  #step(): void {
    const work = this.#next()
    if (work === undefined) return this.#over()
    this.#ready.delete(work)
    queueMicrotask(() => process.nextTick(() => this.#goOn(work.label)))
    if (work.step()) this.#ready.add(work)
  }

  #next(): Work | undefined {
    for (const work of this.#ready) {
      if (work.isBeginning !== true) return work
      if (this.#beginnings > 0) {
        this.#beginnings--
        return work
      }
    }
    return undefined
  }

  #goOn(label: string): void {
    this.#watch?.partOver(label)
    if (this.#clock.now() < this.#end) this.#step()
    else this.#over()
  }

  #over(): void {
    this.#isScheduled = false
    this.#atOnce = undefined
    if (this.#ready.size > 0) this.#schedule()
  }
}

/** Those that wait for a turn by a promise. */
class Waits implements Work {
  readonly label: string
  readonly #resolvers: (() => void)[] = []

  constructor(label: string) {
    this.label = label
  }

  add(): Promise<void> {
    return new Promise((resolve) => this.#resolvers.push(resolve))
  }

  step(): boolean {
    this.#resolvers.shift()?.()
    return this.#resolvers.length > 0
  }
}
