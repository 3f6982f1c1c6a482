import { type Clock, type Log, type Millis, type Random, reasonOf } from '../../base/index.ts'
import { composeQuestion, type Question, type ResourceRecord } from '../../wire/index.ts'
import { admit } from '../intake.ts'
import type { MulticastDatagram, MulticastLink, MulticastNetwork, MulticastPlace, MulticastSocket } from '../network.ts'
import { composeAdvisory, type LlmnrReply, readReply } from './message.ts'

/** Before anything is sent, so that hosts that were woken by the same thing do not ask all at once (LL-Q-1). */
export const JITTER: Millis = 100
/** RFC 4795 has 100 ms or 1 s, by the kind of network; between them a name that nobody has costs 700 ms at most. */
const RETRY_AFTER: Millis = 200
const MOST_SENT = 3

export interface GroupQuestionParts {
  readonly place: MulticastPlace
  readonly network: MulticastNetwork
  readonly link: () => MulticastLink
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

/** What comes of it. Each may call `stop` and `close`. */
export interface GroupQuestionEvents {
  onReply(reply: LlmnrReply, from: MulticastDatagram): void
  /** Nobody said what made an end of it, after the last time it was asked, or it cannot be asked at all. */
  onSilence(): void
}

/**
 * One question to everybody on the link, up to three times, from a port and with an ID of its own that nobody else can
 * guess (LL-Q-1, LL-Q-2).
 */
export class GroupQuestion {
  readonly #parts: GroupQuestionParts
  readonly #question: Question
  readonly #events: GroupQuestionEvents
  readonly #id: number
  readonly #query: Buffer
  #socket: MulticastSocket | undefined
  #timer: Disposable
  #sent = 0

  constructor(parts: GroupQuestionParts, question: Question, events: GroupQuestionEvents) {
    this.#parts = parts
    this.#question = question
    this.#events = events
    this.#id = parts.random.below(65_536)
    this.#query = composeQuestion(this.#id, 0, question)
    this.#timer = parts.clock.after(parts.random.below(JITTER + 1), () => this.#send())
  }

  /** Asks no more. Replies still come, until it is closed. */
  stop(): void {
    this.#timer[Symbol.dispose]()
  }

  /** Tells the group that several hosts gave these (LL-Q-3). */
  advise(records: readonly ResourceRecord[]): void {
    this.#socket?.sendToGroup(composeAdvisory(this.#id, this.#question, records))
  }

  close(): void {
    this.stop()
    this.#socket?.close()
    this.#socket = undefined
  }

  #send(): void {
    const { clock } = this.#parts
    if (this.#sent === MOST_SENT || !this.#isOpen()) return this.#events.onSilence()
    this.#sent++
    this.#timer = clock.after(RETRY_AFTER, () => this.#send())
    this.#socket?.sendToGroup(this.#query)
  }

  #isOpen(): boolean {
    const { network, place, log } = this.#parts
    try {
      this.#socket ??= network.openQuery(place, (datagram) => this.#onDatagram(datagram))
      return true
    } catch (error) {
      log.debug(() => `LLMNR: no socket on link ${place.ifindex}: ${reasonOf(error)}`)
      return false
    }
  }

  #onDatagram(datagram: MulticastDatagram): void {
    if (this.#socket === undefined || datagram.isToGroup) return
    if (admit('llmnr', datagram, this.#parts.link()) !== 'response') return
    const reply = readReply(datagram.bytes, this.#query)
    if (reply !== undefined) this.#events.onReply(reply, datagram)
  }
}
