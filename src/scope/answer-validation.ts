import type { Clock, Millis } from '../base/index.ts'
import type {
  Algorithms,
  AuxiliaryReply,
  DueLink,
  Limits,
  SecureAnswer,
  SignatureCheck,
  Step,
  TrustAnchors,
  TrustReport,
  ValidationContext,
  Verdict,
  VerdictCounts,
} from '../dnssec/index.ts'
import { Budget, ChainMemory, renewLink, Replies, TrustTrace, validate } from '../dnssec/index.ts'
import type { Message, Name, Question } from '../wire/index.ts'
import { compose, parseMessage, questionKey, RCODE, recomposed, ROOT, TYPE } from '../wire/index.ts'
import { ProvenAnswers } from './proven-answers.ts'
import { RefreshBudget } from './refresh-budget.ts'
import { ValidationFailures } from './validation-failures.ts'

/** What validation in all scopes works with. */
export interface DnssecServices {
  readonly algorithms: Algorithms
  readonly limits: Limits
  /** Has it made: here and now, or elsewhere by when the promise resolves. */
  readonly check: (check: SignatureCheck) => Promise<void> | undefined
  /** Resolves when it is its turn to work for some 2 ms. */
  readonly turn: () => Promise<void>
  /** The same, or undefined where it may go on at once. */
  readonly turnIfBusy: () => Promise<void> | undefined
}

/** What validation in one scope works with. */
export interface ValidationServices extends DnssecServices {
  readonly anchors: TrustAnchors
  readonly counts: VerdictCounts
  readonly clock: Clock
}

/** Asks the scope's servers for DS and DNSKEY records; the same question under way is shared. */
export type AskAuxiliary = (question: Question) => Promise<AuxiliaryReply>

/** What the scope does for it. */
export interface ValidationPorts {
  readonly ask: AskAuxiliary
  /** Answers may have been judged by a wrong time. */
  readonly onClockSet: () => void
  /** Whether what is in demand is asked for before it expires. */
  readonly refreshesAhead: () => boolean
  readonly onBug: (error: unknown) => void
}

/** A message and what it says. */
interface ReadMessage {
  readonly wire: Buffer
  readonly message: Message
}

/** A wall clock that moves by more against the monotonic one was set. */
const CLOCK_STEP: Millis = 60_000

/** Validates the replies of one scope: gets the validator what it asks for, and lets others have their turn. */
export class AnswerValidation {
  readonly #services: ValidationServices
  readonly #ports: ValidationPorts
  readonly #memory = new ChainMemory()
  readonly #refreshes = new RefreshBudget()
  #clockOffset: Millis
  /** What follows from replies that verified. */
  readonly proven: ProvenAnswers
  /** What has just failed. */
  readonly failures = new ValidationFailures()

  constructor(services: ValidationServices, ports: ValidationPorts) {
    this.#services = services
    this.#ports = ports
    this.#clockOffset = clockOffset(services.clock)
    this.proven = new ProvenAnswers(services.anchors)
  }

  /** Seconds since 1970. What was judged before the clock was set is forgotten first (S-CACHE-5). */
  now(): number {
    const { clock } = this.#services
    const before = this.#clockOffset
    this.#clockOffset = clockOffset(clock)
    if (Math.abs(this.#clockOffset - before) > CLOCK_STEP) {
      this.forget()
      this.#ports.onClockSet()
    }
    return Math.floor(clock.wall() / 1000)
  }

  /** DS records of the root are in no zone: without an anchor for the root nobody can tell of them (S-MODE-8). */
  isUnanswerable({ name, type }: Question): boolean {
    return type === TYPE.DS && name === ROOT && this.#services.anchors.at(ROOT) === undefined
  }

  /** Judges it anew from its anchor down, for somebody who wants to see the chain: nothing is counted or remembered. */
  async explain(question: Question, message: Message): Promise<TrustReport> {
    const trace = new TrustTrace()
    const counts = { secure: 0, insecure: 0, bogus: 0, indeterminate: 0 }
    return trace.report(await this.judge(question, message, true, { trace, counts, memory: new ChainMemory() }))
  }

  /** Never rejects for what a network can do wrong. */
  async judge(
    question: Question,
    message: Message,
    followsAliases: boolean,
    own: Partial<ValidationContext> = {},
  ): Promise<Verdict> {
    this.#refreshes.earn()
    const context = Object.assign(this.#context(followsAliases), own)
    const verdict = await this.#drive(validate(question, message, context), context.replies)
    for (const link of this.#memory.takeDue()) this.#renew(link)
    return verdict
  }

  /** Links in demand are looked up before they expire, so that nobody waits for them. */
  #renew(link: DueLink): void {
    const { refreshesAhead, onBug } = this.#ports
    if (!refreshesAhead() || !this.#refreshes.begin()) return
    const context = this.#context(true)
    this.#drive(renewLink(link, context), context.replies)
      .catch(onBug)
      .finally(() => this.#refreshes.end())
  }

  #context(followsAliases: boolean): ValidationContext {
    const { algorithms, anchors, counts, limits } = this.#services
    const [memory, budget, replies] = [this.#memory, new Budget(limits), new Replies()]
    return { algorithms, anchors, counts, memory, budget, now: this.now(), replies, followsAliases }
  }

  /** Gets it what it asks for, until it is done. */
  async #drive<T>(work: Generator<Step, T, void>, replies: Replies): Promise<T> {
    const asked = new Map<string, Promise<AuxiliaryReply>>()
    let waiting = this.#services.turnIfBusy() // many replies are read at once
    for (;;) {
      if (waiting !== undefined) await waiting
      waiting = undefined
      const { value: step, done } = work.next()
      if (done === true) return step
      if (step.kind === 'check') waiting = this.#services.check(step)
      else if (step.kind === 'pause') waiting = this.#services.turn()
      else {
        // Those that may be needed soon are under way or answered then.
        for (const each of [step.question, ...step.ahead]) this.#begin(each, asked)
        replies.receive(step.question, await (asked.get(questionKey(step.question)) as Promise<AuxiliaryReply>))
        waiting = this.#services.turnIfBusy()
      }
    }
  }

  #begin(question: Question, asked: Map<string, Promise<AuxiliaryReply>>): void {
    const key = questionKey(question)
    if (asked.has(key)) return
    const reply = this.#ports.ask(question)
    reply.catch(() => undefined) // for those that nobody comes to need
    asked.set(key, reply)
  }

  /** Chains are looked for anew; what was proven by them and what failed goes with them. */
  forget(isDoomed?: (name: Name) => boolean): void {
    this.#memory.forget(isDoomed)
    this.proven.forget(isDoomed)
    this.failures.forget(isDoomed)
  }
}

function clockOffset(clock: Clock): Millis {
  return clock.wall() - clock.now()
}

/** Whether the reply says anything of data: an error does not. */
export function hasSubstance({ rcode }: Message): boolean {
  return rcode === RCODE.NOERROR || rcode === RCODE.NXDOMAIN || rcode === RCODE.YXDOMAIN
}

/** An error without the records that came with it, which nobody has looked at; its OPT record stays. */
export function bareError({ wire, message }: ReadMessage): ReadMessage {
  const { id, flags, question, opt, answer, authority, additional } = message
  if (answer.length + authority.length + additional.length === 0) return { wire, message }
  const composed = compose({ id, flags, question, opt })
  return { wire: composed, message: parseMessage(composed) }
}

/** What of the reply is proven, for as long as it is, and with the rcode that is. */
export function provenReply(
  question: Question,
  { wire, message }: ReadMessage,
  { answer, authority, denied }: SecureAnswer,
): ReadMessage {
  const proven = new Set([...answer, ...authority])
  const rcode = denied === 'nxdomain' ? RCODE.NXDOMAIN : RCODE.NOERROR
  const all = [...message.answer, ...message.authority]
  const isProven = all.length === proven.size && all.every((record) => proven.has(record))
  if (isProven && message.rcode === rcode) return { wire, message }
  return recomposed(message, {
    flags: (message.flags & ~15) | rcode,
    question: message.question ?? question,
    answer,
    authority,
    additional: message.additional.filter((record) => !proven.has(record)),
  })
}
