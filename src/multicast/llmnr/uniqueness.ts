import type { Family, IpAddress } from '../../base/index.ts'
import { CLASS, type Name, TYPE } from '../../wire/index.ts'
import type { MulticastDatagram } from '../network.ts'
import { GroupQuestion, type GroupQuestionParts } from './group-question.ts'
import type { LlmnrReply } from './message.ts'

export type UniquenessVerdict = { readonly kind: 'unique' } | { readonly kind: 'lost'; readonly to: IpAddress }

export type UniquenessParts = Omit<GroupQuestionParts, 'place'> & { readonly families: readonly Family[] }

/**
 * Makes sure that nobody else on the link has the name: everything it has is asked for over both IP versions (LL-R-5). Silence
 * means that it is ours.
 */
export class UniquenessTest {
  readonly #parts: UniquenessParts
  readonly #isEstablished: boolean
  readonly #onVerdict: (verdict: UniquenessVerdict) => void
  readonly #questions = new Set<GroupQuestion>()

  /**
   * `isEstablished`: the name was ours already, and it is verified again (LL-R-6). `onVerdict` is called once, and never after
   * `close`.
   */
  constructor(
    name: Name,
    isEstablished: boolean,
    parts: UniquenessParts,
    onVerdict: (verdict: UniquenessVerdict) => void,
  ) {
    this.#parts = parts
    this.#isEstablished = isEstablished
    this.#onVerdict = onVerdict
    for (const family of parts.families) this.#ask(name, family)
  }

  close(): void {
    for (const question of this.#questions) question.close()
    this.#questions.clear()
  }

  #ask(name: Name, family: Family): void {
    const place = { protocol: 'llmnr', family, ifindex: this.#parts.link().ifindex } as const
    const question: GroupQuestion = new GroupQuestion(
      { ...this.#parts, place },
      { name, type: TYPE.ANY, class: CLASS.IN },
      {
        onReply: (reply, from) => this.#onReply(reply, from),
        onSilence: () => this.#onSilence(question),
      },
    )
    this.#questions.add(question)
  }

  #onReply(reply: LlmnrReply, from: MulticastDatagram): void {
    if (this.#isEstablished && reply.isTentative) return // that one gets our answer, and loses by it
    const isTie = reply.isTentative || this.#isEstablished
    if (isTie && !isLower(from.source, from.destination ?? this.#ownAddress(from.source))) return // the other one loses
    this.#end({ kind: 'lost', to: from.source })
  }

  #onSilence(question: GroupQuestion): void {
    question.close()
    this.#questions.delete(question)
    if (this.#questions.size === 0) this.#end({ kind: 'unique' })
  }

  #end(verdict: UniquenessVerdict): void {
    this.close()
    this.#onVerdict(verdict)
  }

  /** The one that it was probably sent to: where the kernel does not tell. */
  #ownAddress({ family }: IpAddress): IpAddress | undefined {
    return this.#parts.link().addresses.find(({ address }) => address.family === family)?.address
  }
}

function isLower(address: IpAddress, than: IpAddress | undefined): boolean {
  return than !== undefined && Buffer.compare(address.bytes, than.bytes) < 0
}
