import type { IntrusiveMember, Millis } from '../base/index.ts'
import { IntrusiveSet, NOT_A_MEMBER, TransientMap } from '../base/index.ts'
import type { Outcome, Upstreams } from '../upstream/index.ts'
import { Drive, FinishedTransactions, Transaction } from '../upstream/index.ts'
import type { Name } from '../wire/index.ts'
import { questionKey } from '../wire/index.ts'
import type { Answer } from './answer.ts'
import type { ScopeRequest } from './request.ts'
import type { ScopeServices } from './services.ts'

/** The longest turn of a question that an ordinary one with another message waits for. */
const TURN: Millis = 2000
/** After so many turns a question is given up rather than put off again. */
const MAX_TURNS = 3
/** Messages of other forms that may wait for their turn; an ordinary question always finds room. */
const MAX_WAITING = 16

type QuestionServices = Pick<ScopeServices, 'transport' | 'clock' | 'random' | 'counts'>

/**
 * The questions of one scope that are under way: one transaction each, shared by all who ask the same (R-SRV-17). A
 * question is under way until `end`, so that it can be joined, aborted, or told not to be kept, while its outcome is
 * looked into.
 *
 * Whatever differs between two messages that ask for the same name, type and class (flags, options, letter case, or that
 * one of them was forgotten by a flush), only one of them is out at a time and the others take turns: each more that was
 * out would halve the work of a forger, who needs to hit any of them (RFC 5452 §5).
 */
export class OpenQuestions implements Disposable {
  readonly #upstreams: Upstreams
  readonly #services: QuestionServices
  readonly #all = new IntrusiveSet<OpenQuestion>()
  /** Whose turn it is for each name, type and class. */
  readonly #turns = new TransientMap<string, OpenQuestion>()
  /** Answers that come too late for their question. */
  readonly #finished = new FinishedTransactions()

  constructor(upstreams: Upstreams, services: QuestionServices) {
    this.#upstreams = upstreams
    this.#services = services
  }

  get size(): number {
    return this.#all.size
  }

  /** The same question under way already, or waiting for its turn. */
  find(request: ScopeRequest): OpenQuestion | undefined {
    const first = this.#turns.get(questionKey(request.request.question))
    if (first === undefined) return undefined
    const form = formOf(request)
    return first.canBeJoined(form) ? first : first.waiting?.find((question) => question.canBeJoined(form))
  }

  /**
   * Goes on when its askers have gone (R-MERGE-3). `heedsFailures`: a server that just failed at it is left out.
   * Undefined where too many messages wait for the same name and type.
   */
  begin(request: ScopeRequest, heedsFailures: boolean): OpenQuestion | undefined {
    const key = questionKey(request.request.question)
    const first = this.#turns.get(key)
    const question = new OpenQuestion(key, formOf(request), request, heedsFailures)
    if (first?.isOut !== true) this.#start(question)
    else if (!this.#enqueue(question, first)) return undefined
    this.#services.counts.begin()
    this.#all.add(question)
    question.drive?.begin()
    return question
  }

  /** It has its answer, or will never have one. */
  end(question: OpenQuestion): void {
    if (!this.#all.delete(question)) return
    this.#services.counts.end()
    if (this.#turns.get(question.key) === question) this.#pass(question)
    else this.#turns.get(question.key)?.dequeue(question)
  }

  /** Those that are out are answered, but not remembered nor shared any more. */
  forget(): void {
    for (const question of this.#all) if (question.drive !== undefined) question.forget()
  }

  /** Those about such names come to `aborted`. */
  abort(isMeant: (name: Name) => boolean): void {
    const meant = [...this.#all].filter(({ request }) => isMeant(request.request.question.name))
    for (const question of meant) {
      question.isAborted = true
      question.mayBeKept = false
      this.#turns.get(question.key)?.dequeue(question) // so that none of them gets a turn when another ends
    }
    for (const question of meant) {
      question.drive?.cancel()
      this.end(question)
      question.resolve('aborted')
    }
  }

  [Symbol.dispose](): void {
    this.abort(() => true)
    this.#finished[Symbol.dispose]()
  }

  /** Makes it the one that is out; its drive is to be begun. */
  #start(question: OpenQuestion): void {
    const { transport, clock, random } = this.#services
    const { request, heedsFailures } = question
    const transaction = new Transaction(request.request, this.#upstreams, random, clock.now(), heedsFailures)
    const means = { transport, clock, finished: this.#finished }
    const onDone = (outcome: Outcome) => this.#onDone(question, outcome)
    question.drive = new Drive(transaction, means, { onDone, onBug: question.reject })
    question.isOut = true
    this.#turns.set(question.key, question)
  }

  /** Nothing of it is out any more, though it may take a while until `end`. */
  #onDone(question: OpenQuestion, outcome: Outcome): void {
    question.isOut = false
    question.resolve(outcome)
    if (question.waiting !== undefined) this.#pass(question)
  }

  /** Behind those of its kind; ordinary questions come before relayed messages, and put a limit on the turn. */
  #enqueue(question: OpenQuestion, first: OpenQuestion): boolean {
    const waiting = (first.waiting ??= [])
    if (question.isOrdinary) {
      waiting.unshift(question)
      this.#limit(first)
      return true
    }
    if (waiting.length >= MAX_WAITING) return false
    waiting.push(question)
    return true
  }

  /** Nobody can keep ordinary askers waiting by a message that no server answers. */
  #limit(first: OpenQuestion): void {
    first.limit ??= this.#services.clock.after(TURN, () => {
      first.limit = undefined
      if (first.waiting === undefined || first.waiting.length === 0) return // they have gone
      first.drive?.cancel()
      first.drive = undefined
      if (++first.turns < MAX_TURNS) first.waiting.push(first)
      else first.resolve({ kind: 'failure', state: 'timeout', reason: undefined, exchanges: [] })
      this.#pass(first)
    })
  }

  /** The turn is over: the next one's begins. */
  #pass(question: OpenQuestion): void {
    const { key, waiting } = question
    question.limit?.[Symbol.dispose]()
    question.limit = undefined
    question.waiting = undefined
    question.isOut = false
    const next = waiting?.shift()
    if (next === undefined) return void this.#turns.delete(key)
    next.waiting = waiting
    this.#start(next)
    next.drive?.begin()
    if (waiting?.[0]?.isOrdinary === true) this.#limit(next)
  }
}

/** One question under way. */
export class OpenQuestion implements IntrusiveMember {
  setIndex = NOT_A_MEMBER
  /** Name, type and class. */
  readonly key: string
  readonly request: ScopeRequest
  readonly heedsFailures: boolean
  /** Cleared when what it will learn must not be kept: to be read when that is to be stored, not before. */
  mayBeKept: boolean
  /** Also after its outcome came, while that is looked into. */
  isAborted = false
  /** Since its turn began. */
  drive: Drive | undefined
  /** It has its turn, and servers may still answer. */
  isOut = false
  /** Those that come after it, best first. */
  waiting: OpenQuestion[] | undefined
  /** Ends its turn. */
  limit: Disposable | undefined
  /** Turns that were ended so. */
  turns = 0
  resolve!: (outcome: Outcome | 'aborted') => void
  reject!: (error: unknown) => void
  /** What the servers say. Rejects only for a fault of our own. */
  readonly outcome = new Promise<Outcome | 'aborted'>((resolve, reject) => {
    this.resolve = resolve
    this.reject = reject
  })
  /** What the scope makes of that, for all askers: set by the scope as soon as the question has begun. */
  answer!: Promise<Answer>
  readonly #form: string
  #isShared = true

  constructor(key: string, form: string, request: ScopeRequest, heedsFailures: boolean) {
    this.key = key
    this.#form = form
    this.request = request
    this.heedsFailures = heedsFailures
    this.mayBeKept = request.fillsCache
  }

  /** Not a client's own message. */
  get isOrdinary(): boolean {
    return this.request.request.kind === 'question'
  }

  /** Whether somebody who asks in this form gets its answer. */
  canBeJoined(form: string): boolean {
    return this.#isShared && this.#form === form
  }

  forget(): void {
    this.mayBeKept = false
    this.#isShared = false
  }

  /** Takes one of those that wait out of the line. */
  dequeue(question: OpenQuestion): void {
    const at = this.waiting?.indexOf(question) ?? -1
    if (at >= 0) this.waiting?.splice(at, 1)
  }
}

/**
 * What tells apart the messages that ask the same: those relayed are the same only to the byte, ID aside. Where answers are
 * validated, one that is not is nobody's who wants it to be.
 */
function formOf({ request, variant, isUnchecked = false }: ScopeRequest): string {
  const form = request.kind === 'relay' ? `${variant} ${request.message.toString('latin1', 2)}` : variant
  return request.validation === undefined ? form : `${request.validation} ${isUnchecked} ${form}`
}
