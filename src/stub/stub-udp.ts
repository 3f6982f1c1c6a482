import type { Clock, Log, Millis } from '../base/index.ts'
import { Tasks } from '../base/index.ts'
import type { DatagramHandler, DatagramListener, Peer } from '../sys/index.ts'
import type { Door } from './door.ts'
import type { Responder } from './responder.ts'

/** Requests that may wait for an answer at once; the resolver refuses earlier, so this only bounds memory. */
const MAX_PENDING = 4096

export interface StubUdpServices {
  readonly responder: Responder
  readonly clock: Clock
  readonly log: Log
}

/** The stub over UDP: one datagram in, at most one out. */
export class StubUdp implements DatagramHandler, AsyncDisposable {
  readonly #listener: DatagramListener
  readonly #responder: Responder
  readonly #door: Door
  readonly #clock: Clock
  readonly #tasks: Tasks
  /** When the batch came: the clock is read once for all of it. */
  #now: Millis
  /** Requests being answered, by sender and bytes: their exact repetition is ignored (R-STUB-6). */
  readonly #pending = new Set<string>()

  /** Takes over `listener`, and closes it. */
  constructor(listener: DatagramListener, { responder, clock, log }: StubUdpServices, door: Door) {
    this.#listener = listener
    this.#responder = responder
    this.#door = door
    this.#clock = clock
    this.#now = clock.now()
    this.#tasks = new Tasks(log, MAX_PENDING)
    listener.serve(this)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tasks[Symbol.asyncDispose]()
    await this.#listener[Symbol.asyncDispose]()
  }

  onBatch(): void {
    this.#now = this.#clock.now()
  }

  onDatagram(packet: Buffer, peer: Peer, room: Buffer): number {
    // R-STUB-3: nobody out there may ask the main stub, whatever routes lead to it.
    if (this.#door.kind === 'main' && !peer.isLoopback) return 0
    const size = this.#responder.replay(packet, this.#door, this.#now, room, 0)
    if (size === 0) this.#workOut(packet, peer)
    return size
  }

  /** The ordinary road, for what is not remembered. */
  #workOut(packet: Buffer, peer: Peer): void {
    const key = `${peer.key} ${packet.toString('latin1')}`
    if (this.#pending.has(key)) return
    const request = Buffer.from(packet)
    const client = peer.keep()
    this.#pending.add(key)
    const isStarted = this.#tasks.run(async (signal) => {
      try {
        const reply = await this.#responder.respond(request, this.#door, signal, client)
        if (reply !== undefined) this.#listener.send(reply, client)
      } finally {
        this.#pending.delete(key)
      }
    })
    if (!isStarted) this.#pending.delete(key)
  }
}
