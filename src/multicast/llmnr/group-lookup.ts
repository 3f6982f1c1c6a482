import type { IpAddress, Millis } from '../../base/index.ts'
import type { Question } from '../../wire/index.ts'
import type { MulticastDatagram } from '../network.ts'
import { GroupQuestion, type GroupQuestionParts, JITTER } from './group-question.ts'
import type { LlmnrReply } from './message.ts'
import { Replies, type Told } from './replies.ts'

/** After a reply others have so long to send theirs: RFC 4795's time-out for local networks, and the jitter (LL-Q-3). */
const COLLECTING: Millis = 100 + JITTER

export type GroupAnswer =
  | { readonly kind: 'told'; readonly told: Told }
  /** There is more than a datagram holds: it is to be fetched by TCP. */
  | { readonly kind: 'truncated'; readonly server: IpAddress }
  | { readonly kind: 'silence' }

/** Asks the group, and makes one answer of the replies. It listens a little longer, for hosts that claim the same name. */
export class GroupLookup {
  readonly #parts: GroupQuestionParts
  readonly #question: GroupQuestion
  readonly #replies = new Replies()
  readonly #onAnswer: (answer: GroupAnswer) => void
  readonly #onEnd: () => void
  /** Set from the first reply on. */
  #ending: Disposable | undefined
  #isAnswered = false
  #hasAdvised = false

  /** `onAnswer` and then `onEnd` are called once each; nothing is open after that. */
  constructor(
    parts: GroupQuestionParts,
    question: Question,
    onAnswer: (answer: GroupAnswer) => void,
    onEnd: () => void,
  ) {
    this.#parts = parts
    this.#onAnswer = onAnswer
    this.#onEnd = onEnd
    this.#question = new GroupQuestion(parts, question, {
      onReply: (reply, from) => this.#onReply(reply, from),
      onSilence: () => this.close(),
    })
  }

  /** Ends with what was heard so far. Not to be called again. */
  close(): void {
    this.#ending?.[Symbol.dispose]()
    this.#question.close()
    const told = this.#replies.merged
    this.#answer(told === undefined ? { kind: 'silence' } : { kind: 'told', told })
    this.#onEnd()
  }

  #onReply(reply: LlmnrReply, { source: server }: MulticastDatagram): void {
    if (reply.isTentative) return // LL-Q-4
    if (reply.isTruncated && !this.#isAnswered) {
      this.#answer({ kind: 'truncated', server })
      return this.close()
    }
    if (reply.isTruncated || !this.#replies.add({ ...reply, server, channel: 'udp' })) return
    this.#question.stop()
    this.#ending ??= this.#parts.clock.after(COLLECTING, () => this.close())
    const told = this.#replies.final
    if (told !== undefined) this.#answer({ kind: 'told', told })
    this.#adviseOnce()
  }

  #adviseOnce(): void {
    const records = this.#replies.conflicting
    if (records === undefined || this.#hasAdvised) return
    this.#hasAdvised = true
    this.#question.advise(records)
  }

  #answer(answer: GroupAnswer): void {
    if (this.#isAnswered) return
    this.#isAnswered = true
    this.#onAnswer(answer)
  }
}
