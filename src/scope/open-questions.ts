import type { IntrusiveMember } from '../base/index.ts'
import { IntrusiveSet, NOT_A_MEMBER, TransientMap } from '../base/index.ts'
import type { Outcome, Upstreams } from '../upstream/index.ts'
import { Drive, FinishedTransactions, Transaction } from '../upstream/index.ts'
import type { Name } from '../wire/index.ts'
import { questionKey } from '../wire/index.ts'
import type { ScopeOutcome, ScopeRequest } from './outcome.ts'
import { failure } from './outcome.ts'
import type { ScopeServices } from './services.ts'

/** What a scope makes of the end of a transaction; `mayBeKept` unless it was told to forget meanwhile. */
export type Conclude = (request: ScopeRequest, outcome: Outcome, mayBeKept: boolean) => ScopeOutcome

/** The questions of one scope that are on their way: one transaction each, shared by all who ask the same (R-SRV-17). */
export class OpenQuestions implements Disposable {
  readonly #upstreams: Upstreams
  readonly #services: ScopeServices
  readonly #conclude: Conclude
  readonly #all = new IntrusiveSet<OpenQuestion>()
  /** Those that a further asker may join. */
  readonly #shared = new TransientMap<string, OpenQuestion>()
  /** Answers that come too late for their question. */
  readonly #lingering = new FinishedTransactions()

  constructor(upstreams: Upstreams, services: ScopeServices, conclude: Conclude) {
    this.#upstreams = upstreams
    this.#services = services
    this.#conclude = conclude
  }

  get size(): number {
    return this.#all.size
  }

  /** Goes on when its askers have gone (R-MERGE-3). `heedsFailures`: a server that just failed at it is left out. */
  ask(request: ScopeRequest, heedsFailures: boolean): Promise<ScopeOutcome> {
    const key = shareKey(request)
    return (this.#shared.get(key) ?? this.#begin(key, request, heedsFailures)).outcome
  }

  /** They are answered, but not remembered nor shared any more. */
  forget(): void {
    for (const question of this.#all) question.mayBeKept = false
    this.#shared.clear()
  }

  /** Those about such names end as `aborted`. */
  breakOff(isMovedElsewhere: (name: Name) => boolean): void {
    for (const question of this.#all) {
      if (!isMovedElsewhere(question.request.request.question.name)) continue
      question.drive?.cancel()
      this.#end(question)
      question.resolve(failure('aborted'))
    }
  }

  [Symbol.dispose](): void {
    this.breakOff(() => true)
    this.#lingering[Symbol.dispose]()
  }

  #begin(key: string, request: ScopeRequest, heedsFailures: boolean): OpenQuestion {
    const { transport, clock, random, counts } = this.#services
    const question = new OpenQuestion(key, request)
    const upstreams = this.#upstreams
    const transaction = new Transaction(request.request, upstreams, random, clock.now(), heedsFailures)
    question.drive = new Drive(
      transaction,
      { transport, clock, finished: this.#lingering },
      {
        onDone: (outcome) => {
          this.#end(question)
          question.resolve(this.#conclude(request, outcome, question.mayBeKept))
        },
        onBug: (error) => {
          this.#end(question)
          question.reject(error as Error)
        },
      },
    )
    counts.begin()
    this.#all.add(question)
    this.#shared.set(key, question)
    question.drive.begin()
    return question
  }

  #end(question: OpenQuestion): void {
    if (!this.#all.delete(question)) return
    if (this.#shared.get(question.key) === question) this.#shared.delete(question.key)
    this.#services.counts.end()
  }
}

class OpenQuestion implements IntrusiveMember {
  setIndex = NOT_A_MEMBER
  readonly key: string
  readonly request: ScopeRequest
  /** Cleared when what it will learn must not be kept. */
  mayBeKept: boolean
  drive: Drive | undefined
  resolve!: (outcome: ScopeOutcome) => void
  reject!: (error: Error) => void
  readonly outcome = new Promise<ScopeOutcome>((resolve, reject) => {
    this.resolve = resolve
    this.reject = reject
  })

  constructor(key: string, request: ScopeRequest) {
    this.key = key
    this.request = request
    this.mayBeKept = request.fillsCache
  }
}

/** Relayed messages are shared only when they are the same to the byte, ID aside. */
function shareKey({ request, variant }: ScopeRequest): string {
  const key = `${questionKey(request.question)} ${variant}`
  return request.kind === 'relay' ? `${key} ${request.message.toString('latin1', 2)}` : key
}
