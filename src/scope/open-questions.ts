import type { IntrusiveMember } from '../base/index.ts'
import { IntrusiveSet, NOT_A_MEMBER, TransientMap } from '../base/index.ts'
import type { Outcome, Upstreams } from '../upstream/index.ts'
import { Drive, FinishedTransactions, Transaction } from '../upstream/index.ts'
import type { Name } from '../wire/index.ts'
import { questionKey } from '../wire/index.ts'
import type { Answer } from './answer.ts'
import type { ScopeRequest } from './request.ts'
import type { ScopeServices } from './services.ts'

/**
 * The questions of one scope that are under way: one transaction each, shared by all who ask the same (R-SRV-17). A
 * question is under way until `end`, so that it can be joined, aborted, or told not to be kept, while its outcome is
 * looked into.
 */
export class OpenQuestions implements Disposable {
  readonly #upstreams: Upstreams
  readonly #services: ScopeServices
  readonly #all = new IntrusiveSet<OpenQuestion>()
  /** Those that a further asker may join. */
  readonly #shared = new TransientMap<string, OpenQuestion>()
  /** Answers that come too late for their question. */
  readonly #finished = new FinishedTransactions()

  constructor(upstreams: Upstreams, services: ScopeServices) {
    this.#upstreams = upstreams
    this.#services = services
  }

  get size(): number {
    return this.#all.size
  }

  /** The same question under way already. */
  find(request: ScopeRequest): OpenQuestion | undefined {
    return this.#shared.get(shareKey(request))
  }

  /** Goes on when its askers have gone (R-MERGE-3). `heedsFailures`: a server that just failed at it is left out. */
  begin(request: ScopeRequest, heedsFailures: boolean): OpenQuestion {
    const { transport, clock, random, counts } = this.#services
    const question = new OpenQuestion(shareKey(request), request)
    const upstreams = this.#upstreams
    const transaction = new Transaction(request.request, upstreams, random, clock.now(), heedsFailures)
    const means = { transport, clock, finished: this.#finished }
    question.drive = new Drive(transaction, means, { onDone: question.resolve, onBug: question.reject })
    counts.begin()
    this.#all.add(question)
    this.#shared.set(question.key, question)
    question.drive.begin()
    return question
  }

  /** It has its answer, or will never have one. */
  end(question: OpenQuestion): void {
    if (!this.#all.delete(question)) return
    if (this.#shared.get(question.key) === question) this.#shared.delete(question.key)
    this.#services.counts.end()
  }

  /** They are answered, but not remembered nor shared any more. */
  forget(): void {
    for (const question of this.#all) question.mayBeKept = false
    this.#shared.clear()
  }

  /** Those about such names come to `aborted`. */
  abort(isMeant: (name: Name) => boolean): void {
    for (const question of this.#all) {
      if (!isMeant(question.request.request.question.name)) continue
      question.isAborted = true
      question.mayBeKept = false
      question.drive?.cancel()
      this.end(question)
      question.resolve('aborted')
    }
  }

  [Symbol.dispose](): void {
    this.abort(() => true)
    this.#finished[Symbol.dispose]()
  }
}

/** One question under way. */
export class OpenQuestion implements IntrusiveMember {
  setIndex = NOT_A_MEMBER
  readonly key: string
  readonly request: ScopeRequest
  /** Cleared when what it will learn must not be kept: to be read when that is to be stored, not before. */
  mayBeKept: boolean
  /** Also after its outcome came, while that is looked into. */
  isAborted = false
  drive: Drive | undefined
  resolve!: (outcome: Outcome | 'aborted') => void
  reject!: (error: unknown) => void
  /** What the servers say. Rejects only for a fault of our own. */
  readonly outcome = new Promise<Outcome | 'aborted'>((resolve, reject) => {
    this.resolve = resolve
    this.reject = reject
  })
  /** What the scope makes of that, for all askers: set by the scope as soon as the question has begun. */
  answer!: Promise<Answer>

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
