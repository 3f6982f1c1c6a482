import type { Clock, Millis } from '../base/index.ts'
import type { IncomingMessage } from '../dbus/index.ts'

/** Calls that may wait to be begun, of one sender and of all; a network manager pushes seven for each of its links. */
const MAX_PER_SENDER = 2048
const MAX_WAITING = 8192
/** Bytes of their arguments, likewise. */
const MAX_BYTES_PER_SENDER = 4 << 20
const MAX_BYTES = 16 << 20
/** How long calls are begun in one turn of the event loop. Whoever asks for a name meanwhile waits no longer. */
const TURN: Millis = 2
/** Calls after which the clock is looked at. */
const STRIDE = 4

interface Waiting {
  readonly calls: IncomingMessage[]
  bytes: number
}

/**
 * Calls on their way to being answered. The bus hands over hundreds at once, and to write down all properties takes
 * milliseconds: each turn of the event loop begins as many as fit into `TURN`, one of each sender after the other.
 */
export class CallQueue {
  readonly #begin: (call: IncomingMessage) => void
  readonly #clock: Pick<Clock, 'now'>
  /** In the order of their turns. */
  readonly #senders = new Map<string, Waiting>()
  #size = 0
  #bytes = 0
  #isScheduled = false
  #isClosed = false

  constructor(begin: (call: IncomingMessage) => void, clock: Pick<Clock, 'now'>) {
    this.#begin = begin
    this.#clock = clock
  }

  /** Puts a call behind the others of its sender; false when there is no room for it. */
  push(call: IncomingMessage): boolean {
    const waiting = this.#senders.get(call.sender) ?? { calls: [], bytes: 0 }
    const bytes = sizeOf(call)
    if (this.#size >= MAX_WAITING || waiting.calls.length >= MAX_PER_SENDER) return false
    if (this.#bytes + bytes > MAX_BYTES || waiting.bytes + bytes > MAX_BYTES_PER_SENDER) return false
    this.#senders.set(call.sender, waiting)
    waiting.calls.push(call)
    waiting.bytes += bytes
    this.#size++
    this.#bytes += bytes
    this.#schedule()
    return true
  }

  /** What waits is dropped: there is nobody left to be answered. */
  close(): void {
    this.#isClosed = true
    this.#senders.clear()
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(() => this.#turn())
  }

  #turn(): void {
    this.#isScheduled = false
    if (this.#isClosed) return
    const end = this.#clock.now() + TURN
    for (let begun = 1; ; begun++) {
      const call = this.#next()
      if (call === undefined) return
      this.#begin(call)
      if (begun % STRIDE === 0 && this.#clock.now() >= end) break
    }
    if (this.#size > 0) this.#schedule()
  }

  /** The first call of the sender whose turn it is, who goes to the end. */
  #next(): IncomingMessage | undefined {
    for (const [sender, waiting] of this.#senders) {
      this.#senders.delete(sender)
      const call = waiting.calls.shift()
      if (call === undefined) continue
      const bytes = sizeOf(call)
      waiting.bytes -= bytes
      this.#bytes -= bytes
      this.#size--
      if (waiting.calls.length > 0) this.#senders.set(sender, waiting)
      return call
    }
    return undefined
  }
}

/** A body that was too large to be kept takes no room. */
function sizeOf({ bodySize }: IncomingMessage): number {
  return Number.isFinite(bodySize) ? bodySize : 0
}
