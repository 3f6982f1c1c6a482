import type { Clock, Millis } from '../../base/index.ts'
import type { Question } from '../../wire/index.ts'
import { isWithin, nameOf, TYPE } from '../../wire/index.ts'

const LOCAL = nameOf('local')

/**
 * How long a question waits for a neighbour, and when it is asked once more. RFC 6762 §5.2 has a second between two questions, for
 * those that go on being asked; here the whole lookup takes no more than that, so that a name nobody has delays its user
 * little (MD-Q-10). The repetition is QU: a neighbour that has just told everybody would not tell everybody again (§6), but whoever
 * asks for it alone.
 */
const PATIENCE: Millis = 900
const REPETITION: Millis = 350
/** How long further answers are waited for where several neighbours may have one each; they come within 120 ms (RFC 6762 §6). */
const COLLECTION: Millis = 300

/** What came of a look at what is known by now. */
export type Findings = 'complete' | 'some' | 'nothing'

/** A client's question while neighbours are asked; shared by all who ask the same. */
export class OneShot<T> implements Disposable {
  readonly question: Question
  /** What was told since then answers it. */
  readonly since: Millis
  readonly begunAt: Millis
  /** Resolves with what `settle` is told, once. */
  readonly outcome: Promise<T>
  readonly #clock: Clock
  readonly #resolve: (value: T) => void
  /** Another program of the neighbourhood asked the same meanwhile: its answer is ours (MD-Q-6). */
  isAskedByOther = false
  #timers: Disposable[] = []
  #collection: Disposable | undefined

  constructor(question: Question, readsCache: boolean, clock: Clock) {
    this.question = question
    this.begunAt = clock.now()
    this.since = readsCache ? Number.NEGATIVE_INFINITY : this.begunAt
    this.#clock = clock
    const { promise, resolve } = withResolvers<T>()
    this.outcome = promise
    this.#resolve = resolve
  }

  /** `send` is called now and perhaps once more, `end` when nothing more is waited for. */
  begin(send: (isRepetition: boolean) => void, end: () => void): void {
    send(false)
    this.#timers.push(
      this.#clock.after(REPETITION, () => {
        if (!this.isAskedByOther && this.#collection === undefined) send(true)
      }),
      this.#clock.after(PATIENCE, end),
    )
  }

  /** Some of it is there: `end` soon. */
  collect(end: () => void): void {
    this.#collection ??= this.#clock.after(COLLECTION, end)
  }

  settle(value: T): void {
    this[Symbol.dispose]()
    this.#resolve(value)
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers.splice(0)) timer[Symbol.dispose]()
    this.#collection?.[Symbol.dispose]()
  }
}

/** Whether several neighbours may have a record each, so that the first answer is not all: services of a type (MD-Q-11). */
export function hasSeveralOwners({ name, type }: Question): boolean {
  return type === TYPE.ANY || (type === TYPE.PTR && isWithin(name, LOCAL))
}

/** As Promise.withResolvers, which Node 20 has not. */
function withResolvers<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  const resolvers: ((value: T) => void)[] = []
  const promise = new Promise<T>((resolve) => resolvers.push(resolve))
  return { promise, resolve: (value) => resolvers[0]?.(value) }
}
