import type { Message, Question } from '../wire/index.ts'
import { CLASS, questionKey } from '../wire/index.ts'
import type { Algorithms } from './algorithms.ts'
import type { TrustAnchors } from './anchors.ts'
import type { Budget } from './budget.ts'
import type { ChainMemory } from './memory.ts'
import type { TrustTrace } from './trust-report.ts'
import type { Step, VerdictCounts } from './verdict.ts'
import type { Name } from '../wire/index.ts'

/** What became of a question that the validator asked. */
export type AuxiliaryReply =
  | { readonly kind: 'reply'; readonly message: Message }
  /** No server gave an answer. `isNetwork`: none was reached. */
  | { readonly kind: 'failure'; readonly isNetwork: boolean }

/** What one validation works with. */
export interface ValidationContext {
  readonly anchors: TrustAnchors
  readonly algorithms: Algorithms
  readonly memory: ChainMemory
  readonly budget: Budget
  readonly counts: VerdictCounts
  /** Seconds since 1970, by the wall clock. */
  readonly now: number
  readonly replies: Replies
  /** Whoever asks follows an alias himself where the reply ends with one: that may be proven alone then. */
  readonly followsAliases: boolean
  /** Where somebody wants to see the chain. */
  readonly trace?: TrustTrace
}

/** Replies about chains of trust that came during one validation, each used as often as it takes. */
export class Replies {
  readonly #byKey = new Map<string, AuxiliaryReply>()
  readonly #asked = new Set<string>()

  receive(question: Question, reply: AuxiliaryReply): void {
    this.#byKey.set(questionKey(question), reply)
  }

  /** The reply, asked for if need be; those `ahead` are asked along with it. */
  *to(name: Name, type: number, ahead: readonly Question[], budget: Budget): Generator<Step, AuxiliaryReply, void> {
    const question = { name, type, class: CLASS.IN }
    const key = questionKey(question)
    const known = this.#byKey.get(key)
    if (known !== undefined) return known
    const others = ahead.filter((each) => questionKey(each) !== key && !this.#asked.has(questionKey(each)))
    if (!this.#asked.has(key)) budget.ask(1)
    budget.ask(others.length)
    for (const each of [question, ...others]) this.#asked.add(questionKey(each))
    yield { kind: 'ask', question, ahead: others }
    return this.#byKey.get(key) ?? { kind: 'failure', isNetwork: true }
  }
}
