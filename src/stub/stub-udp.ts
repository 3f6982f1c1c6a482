import type { Clock, Log, Millis } from '../base/index.ts'
import { Tasks } from '../base/index.ts'
import type { DatagramHandler, DatagramListener, Peer } from '../sys/index.ts'
import { type ClientAccess } from './access.ts'
import { isReachable, type Listener } from './listener.ts'
import { receive } from './request.ts'
import type { Responder } from './responder.ts'
import { compose, QR, RA, RD, TC } from '../wire/index.ts'

/** Requests that may wait for an answer at once; the resolver refuses earlier, so this only bounds memory. */
const MAX_PENDING = 4096
/** Requests begun in one turn of the event loop: replies that are remembered never wait for a flood of others longer. */
const SLICE = 64
/** Requests that may wait to be begun. */
const MAX_WAITING = 4096

interface WaitingDatagram {
  readonly packet: Buffer
  readonly client: Peer
  readonly key: string
}

export interface StubUdpServices {
  readonly responder: Responder
  readonly clock: Clock
  readonly log: Log
  /** Whom extra listeners answer that others can reach. */
  readonly access: ClientAccess
}

/** The stub over UDP: one datagram in, at most one out. */
export class StubUdp implements DatagramHandler, AsyncDisposable {
  readonly #socket: DatagramListener
  readonly #responder: Responder
  readonly #listener: Listener
  readonly #clock: Clock
  /** Undefined where only this machine can ask. */
  readonly #access: ClientAccess | undefined
  readonly #tasks: Tasks
  /** When the batch came: the clock is read once for all of it. */
  #now: Millis
  /** Requests being answered, by sender and bytes: their exact repetition is ignored (R-STUB-6). */
  readonly #pending = new Set<string>()
  /** Those of `#pending` that are to be begun, the oldest first. */
  readonly #waiting: WaitingDatagram[] = []

  /** Takes over `socket`, and closes it. */
  constructor(socket: DatagramListener, { responder, clock, log, access }: StubUdpServices, listener: Listener) {
    this.#socket = socket
    this.#responder = responder
    this.#listener = listener
    this.#clock = clock
    this.#access = isReachable(listener) ? access : undefined
    this.#now = clock.now()
    this.#tasks = new Tasks(log, MAX_PENDING)
    socket.serve(this)
  }

  /** Reads no more; resolves when all that was read is answered. */
  async drain(): Promise<void> {
    this.#socket.pause()
    for (const request of this.#waiting.splice(0)) this.#workOut(request)
    await this.#tasks.idle()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tasks[Symbol.asyncDispose]()
    await this.#socket[Symbol.asyncDispose]()
  }

  onBatch(): void {
    this.#now = this.#clock.now()
  }

  onDatagram(packet: Buffer, peer: Peer, room: Buffer): number {
    // R-STUB-3: nobody out there may ask the main stub, whatever routes lead to it.
    if (this.#listener.kind === 'main' && !peer.isLoopback) return 0
    const admittance = this.#access?.admit(peer.address, peer.port, this.#now) ?? 'answer'
    if (admittance !== 'answer') return admittance === 'drop' ? 0 : truncated(packet, room)
    const size = this.#responder.replay(packet, this.#listener, this.#now, room, 0)
    if (size === 0) this.#putOff(packet, peer)
    return size
  }

  /** What is not remembered has its turn after what is. Nothing is lost: where too many wait, the oldest need not. */
  #putOff(packet: Buffer, peer: Peer): void {
    const key = `${peer.key} ${packet.toString('latin1')}`
    if (this.#pending.has(key)) return
    this.#pending.add(key)
    const length = this.#waiting.push({ packet: Buffer.from(packet), client: peer.keep(), key })
    if (length === 1) setImmediate(() => this.#begin())
    else if (length > MAX_WAITING) this.#workOut(this.#waiting.shift() as WaitingDatagram)
  }

  #begin(): void {
    for (const request of this.#waiting.splice(0, SLICE)) this.#workOut(request)
    if (this.#waiting.length > 0) setImmediate(() => this.#begin())
  }

  /** The ordinary road. */
  #workOut({ packet, client, key }: WaitingDatagram): void {
    const isStarted = this.#tasks.run(async (signal) => {
      try {
        const reply = await this.#responder.respond(packet, this.#listener, signal, client)
        if (reply !== undefined) this.#socket.send(reply, client)
      } finally {
        this.#pending.delete(key)
      }
    })
    if (!isStarted) this.#pending.delete(key)
  }
}

/** The question alone, with TC: ask again by TCP. Nothing for what is no plain question. */
function truncated(packet: Buffer, room: Buffer): number {
  const reception = receive(packet)
  if (reception.kind !== 'answer') return 0
  const { id, flags, questionBytes } = reception.request
  return compose({ id, flags: QR | RA | TC | (flags & RD), question: questionBytes }).copy(room)
}
