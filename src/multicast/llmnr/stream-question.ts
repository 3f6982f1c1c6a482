import { type Clock, type IpAddress, type Log, type Millis, reasonOf } from '../../base/index.ts'
import { composeQuestion, frame, type Question, StreamFramer } from '../../wire/index.ts'
import type { LinkStream, MulticastNetwork, MulticastPlace } from '../network.ts'
import { readReply } from './message.ts'
import type { Told } from './replies.ts'

/** A neighbour that is there answers within a few milliseconds; one that is not is silent for seconds (MC-REV-2). */
const CONNECT_PATIENCE: Millis = 300
const REPLY_PATIENCE: Millis = 300

export interface StreamQuestionParts {
  readonly place: MulticastPlace
  readonly network: MulticastNetwork
  readonly clock: Clock
  readonly log: Log
}

/**
 * One question to one neighbour by TCP (LL-Q-5). It is the last try: whoever refuses, is silent or says something else has
 * no answer, and nobody else is listened to.
 */
export class StreamQuestion {
  readonly #query: Buffer
  readonly #server: IpAddress
  readonly #parts: StreamQuestionParts
  readonly #onEnd: (told: Told | undefined) => void
  readonly #framer = new StreamFramer()
  #stream: LinkStream | undefined
  #timer: Disposable
  #hasEnded = false

  /** `onEnd` is called once, and not before the constructor has returned. */
  constructor(
    parts: StreamQuestionParts,
    server: IpAddress,
    question: Question,
    id: number,
    onEnd: (told: Told | undefined) => void,
  ) {
    this.#parts = parts
    this.#server = server
    this.#query = composeQuestion(id, 0, question)
    this.#onEnd = onEnd
    this.#timer = parts.clock.after(CONNECT_PATIENCE, () => this.#end(undefined))
    this.#connect()
  }

  /** Ends without an answer. */
  close(): void {
    this.#end(undefined)
  }

  #connect(): void {
    const { network, place, clock } = this.#parts
    try {
      this.#stream = network.connect(place, this.#server, {
        onOpen: () => this.#ask(),
        onData: (chunk) => this.#onData(chunk),
        onClose: (error) => this.#onClose(error),
      })
    } catch (error) {
      this.#timer[Symbol.dispose]()
      this.#timer = clock.after(0, () => this.#onClose(error))
    }
  }

  #ask(): void {
    this.#timer[Symbol.dispose]()
    this.#timer = this.#parts.clock.after(REPLY_PATIENCE, () => this.#end(undefined))
    this.#stream?.write(frame(this.#query))
  }

  #onData(chunk: Buffer): void {
    this.#framer.feed(chunk)
    const message = this.#framer.next()
    if (message === undefined) return
    const reply = readReply(message, this.#query)
    this.#end(reply === undefined || reply.isTentative ? undefined : { ...reply, server: this.#server, channel: 'tcp' })
  }

  #onClose(error: unknown): void {
    const { log, place } = this.#parts
    if (error !== undefined && !this.#hasEnded) {
      log.debug(() => `LLMNR: ${this.#server.text} on link ${place.ifindex} by TCP: ${reasonOf(error)}`)
    }
    this.#end(undefined)
  }

  #end(told: Told | undefined): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#timer[Symbol.dispose]()
    this.#stream?.close()
    this.#onEnd(told)
  }
}
