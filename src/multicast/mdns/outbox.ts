import type { Clock } from '../../base/index.ts'
import type { Question } from '../../wire/index.ts'
import { questionKey } from '../../wire/index.ts'
import type { MulticastQuestion, MulticastRecord, PacketSizes } from '../message.ts'
import { composeQueries } from '../message.ts'

/** A question to be sent, and what is known of it already. */
export interface OutgoingQuestion {
  readonly question: Question
  readonly isUnicast: boolean
  readonly knownAnswers: readonly MulticastRecord[]
}

/**
 * Questions that are due in the same moment share packets (MD-Q-4): those for SRV and TXT of a service, or those of several
 * programs that start together.
 */
export class Outbox implements Disposable {
  readonly #clock: Clock
  readonly #sizes: () => PacketSizes
  readonly #send: (packet: Buffer) => void
  readonly #questions = new Map<string, OutgoingQuestion>()
  #timer: Disposable | undefined

  constructor(clock: Clock, sizes: () => PacketSizes, send: (packet: Buffer) => void) {
    this.#clock = clock
    this.#sizes = sizes
    this.#send = send
  }

  /** Goes out after what is done now. A question asked twice goes out once, by multicast if one of them does. */
  add(outgoing: OutgoingQuestion): void {
    const key = questionKey(outgoing.question)
    const isUnicast = outgoing.isUnicast && this.#questions.get(key)?.isUnicast !== false
    this.#questions.set(key, { ...outgoing, isUnicast })
    this.#timer ??= this.#clock.after(0, () => this.#flush())
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
    this.#questions.clear()
  }

  #flush(): void {
    const all = [...this.#questions.values()]
    this[Symbol.dispose]()
    const questions = all.map(({ question, isUnicast }): MulticastQuestion => ({ ...question, isUnicast }))
    const knownAnswers = all.flatMap((outgoing) => outgoing.knownAnswers)
    for (const packet of composeQueries(questions, knownAnswers, this.#sizes())) this.#send(packet)
  }
}
