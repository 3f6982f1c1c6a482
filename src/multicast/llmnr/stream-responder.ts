import type { Clock, Family, IfIndex, IpAddress, Log, Millis } from '../../base/index.ts'
import { reasonOf } from '../../base/index.ts'
import { frame, StreamFramer } from '../../wire/index.ts'
import { isOnLink } from '../intake.ts'
import type { LinkStream, LinkStreamEvents, MulticastLink, MulticastNetwork } from '../network.ts'

/** Connections of all neighbours together, and of one: each is for a question or two (MC-SEC-3). */
const MOST_CONNECTIONS = 16
const MOST_OF_ONE = 2
/** From the last question on, or from the start. */
const IDLE_TIMEOUT: Millis = 2000
/** Bytes of an unfinished question: one is never so long. */
const LONGEST_QUESTION = 1024

export interface StreamResponderParts {
  readonly ifindex: IfIndex
  readonly linkName: string
  readonly network: MulticastNetwork
  readonly clock: Clock
  readonly log: Log
  readonly link: () => MulticastLink
  /** The reply, if there is one. */
  readonly answer: (query: Buffer, asker: IpAddress) => Buffer | undefined
}

/** Answers neighbours by TCP: who asks about an address, and who needs more than a datagram holds (LL-R-1). */
export class StreamResponder {
  readonly #parts: StreamResponderParts
  readonly #listeners = new Map<Family, Disposable>()
  readonly #connections = new Set<Connection>()

  constructor(parts: StreamResponderParts) {
    this.#parts = parts
  }

  /** Listens over these IP versions and no others. */
  listenOver(families: ReadonlySet<Family>): void {
    for (const [family, listener] of this.#listeners) {
      if (families.has(family)) continue
      listener[Symbol.dispose]()
      this.#listeners.delete(family)
    }
    for (const family of families) if (!this.#listeners.has(family)) this.#listen(family)
  }

  close(): void {
    this.listenOver(new Set())
    for (const connection of this.#connections) connection.close()
  }

  #listen(family: Family): void {
    const { network, ifindex, linkName, log } = this.#parts
    try {
      const place = { protocol: 'llmnr', family, ifindex } as const
      const listener = network.listen(place, (stream, from) => this.#onConnection(stream, from))
      this.#listeners.set(family, listener)
    } catch (error) {
      log.warning(
        `LLMNR on ${linkName} cannot listen by TCP (${reasonOf(error)}): neighbours that know an address of this machine do not get its name`,
      )
      // Not tried again until the addresses of the IP version are gone and come back.
      this.#listeners.set(family, { [Symbol.dispose]: () => {} })
    }
  }

  #onConnection(stream: LinkStream, from: IpAddress): LinkStreamEvents {
    const connection = new Connection(stream, from, this.#parts, () => this.#connections.delete(connection))
    this.#connections.add(connection)
    if (!this.#isWelcome(from)) connection.close()
    return connection
  }

  /** TTL 1 keeps distant clients from getting an answer; those that are told apart by address get no connection either. */
  #isWelcome(from: IpAddress): boolean {
    const ofOne = [...this.#connections].filter((connection) => connection.from.equals(from)).length
    return isOnLink(from, this.#parts.link()) && ofOne <= MOST_OF_ONE && this.#connections.size <= MOST_CONNECTIONS
  }
}

class Connection implements LinkStreamEvents {
  readonly from: IpAddress
  readonly #stream: LinkStream
  readonly #parts: StreamResponderParts
  readonly #onEnd: () => void
  readonly #framer = new StreamFramer()
  #idle: Disposable

  constructor(stream: LinkStream, from: IpAddress, parts: StreamResponderParts, onEnd: () => void) {
    this.from = from
    this.#stream = stream
    this.#parts = parts
    this.#onEnd = onEnd
    this.#idle = parts.clock.after(IDLE_TIMEOUT, () => this.close())
  }

  onOpen(): void {}

  onData(chunk: Buffer): void {
    this.#framer.feed(chunk)
    for (let query = this.#framer.next(); query !== undefined; query = this.#framer.next()) {
      const reply = this.#parts.answer(query, this.from)
      if (reply === undefined) return this.close() // who is told nothing need not wait
      this.#stream.write(frame(reply))
      this.#waitForMore()
    }
    if (this.#framer.pending > LONGEST_QUESTION) this.close()
  }

  onClose(): void {
    this.#idle[Symbol.dispose]()
    this.#onEnd()
  }

  close(): void {
    this.#stream.close()
    this.onClose()
  }

  #waitForMore(): void {
    this.#idle[Symbol.dispose]()
    this.#idle = this.#parts.clock.after(IDLE_TIMEOUT, () => this.close())
  }
}
