import type { IncomingMessage } from '../dbus/index.ts'
import type { Work, WorkTurns } from '../sys/index.ts'

/** Calls that may wait to be begun, of one sender and of all; a network manager pushes seven for each of its links. */
const MAX_PER_SENDER = 2048
const MAX_WAITING = 8192
/** Bytes of their arguments, likewise. */
const MAX_BYTES_PER_SENDER = 4 << 20
const MAX_BYTES = 16 << 20

interface Waiting {
  readonly calls: IncomingMessage[]
  bytes: number
}

/**
 * Calls on their way to being answered. The bus hands over hundreds at once, and to write down all properties takes
 * milliseconds: they take turns with everything else that can wait, one call of each sender after the other.
 */
export class CallQueue implements Work {
  readonly label = 'bus calls'
  readonly #begin: (call: IncomingMessage) => void
  readonly #turns: Pick<WorkTurns, 'add' | 'remove'>
  /** In the order of their turns. */
  readonly #senders = new Map<string, Waiting>()
  #size = 0
  #bytes = 0

  constructor(begin: (call: IncomingMessage) => void, turns: Pick<WorkTurns, 'add' | 'remove'>) {
    this.#begin = begin
    this.#turns = turns
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
    this.#turns.add(this)
    return true
  }

  /** What waits is dropped: there is nobody left to be answered. */
  close(): void {
    this.#turns.remove(this)
    this.#senders.clear()
    this.#size = 0
  }

  /** Begins one call. */
  step(): boolean {
    const call = this.#next()
    if (call !== undefined) this.#begin(call)
    return this.#size > 0
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
