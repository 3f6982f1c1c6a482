import type { Clock, Log, Millis } from '../base/index.ts'
import { FairQueue, Tasks, TransientMap } from '../base/index.ts'
import type { DatagramHandler, DatagramListener, Peer, Work, WorkTurns } from '../sys/index.ts'
import { type ClientAccess } from './access.ts'
import { isReachable, type Listener } from './listener.ts'
import { receive } from './request.ts'
import type { Responder } from './responder.ts'
import { TurnDown } from './turn-down.ts'
import { compose, QR, RA, RD, TC } from '../wire/index.ts'

/** Requests that may wait for an answer at once; the resolver refuses earlier, so this only bounds memory. */
const MAX_PENDING = 4096
/** Requests that may wait to be begun; one socket alone has a quarter, as its user, program and itself each have a share. */
const MAX_WAITING = 2048
/** Of these, for whoever comes first: the kernel is asked who sent what only when more wait. */
const FREE_FOR_ALL = 64
/** Requests begun in one step. */
const STEP = 4
/** How many of a batch are told that there is no room for them; the others get nothing, as whoever floods asks on at once. */
const MAX_TURNED_DOWN = 8
/** For so long after the start what came before it, to a socket that was kept, is no flood but a backlog. */
const CATCHING_UP: Millis = 2000
/** Meanwhile no more is read while so many are under way: with what is read at once, less than what one socket may have waiting. */
const MAX_CATCHING_UP = 128
const ANYBODY: readonly string[] = ['']

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
  /** Shared by all that can wait. */
  readonly turns: WorkTurns
}

/**
 * The stub over UDP: one datagram in, at most one out. What is remembered is answered as it is read; the rest waits for its
 * turn, shared out among those who ask, so that the socket is read on whoever floods it.
 */
export class StubUdp implements DatagramHandler, Work, AsyncDisposable {
  readonly label = 'questions over UDP'
  readonly isBeginning = true
  readonly #socket: DatagramListener
  readonly #responder: Responder
  readonly #listener: Listener
  readonly #clock: Clock
  /** Undefined where only this machine can ask. */
  readonly #access: ClientAccess | undefined
  readonly #tasks: Tasks
  /** When the batch came: the clock is read once for all of it. */
  #now: Millis
  #turnedDown = 0
  readonly #turns: WorkTurns
  /** Requests being answered, by sender and bytes: their exact repetition is ignored (R-STUB-6). */
  readonly #pending = new TransientMap<string, true>()
  /** Those of `#pending` that are to be begun. */
  readonly #turnDown: TurnDown
  readonly #waiting = new FairQueue<WaitingDatagram>(MAX_WAITING)
  /** Ends catching up; undefined when that is over. */
  #catchingUp: Disposable | undefined
  #isPaused = false

  /** Takes over `socket`, and closes it. */
  constructor(socket: DatagramListener, { responder, clock, log, access, turns }: StubUdpServices, listener: Listener) {
    this.#socket = socket
    this.#responder = responder
    this.#listener = listener
    this.#clock = clock
    this.#turns = turns
    this.#turnDown = new TurnDown(listener)
    this.#access = isReachable(listener) ? access : undefined
    this.#now = clock.now()
    this.#tasks = new Tasks(log, MAX_PENDING)
    this.#catchingUp = clock.after(CATCHING_UP, () => this.#haveCaughtUp())
    socket.serve(this)
  }

  /** Resolves when nothing is under way, while it reads on. */
  idle(): Promise<void> {
    return this.#tasks.idle()
  }

  /** Reads no more; resolves when all that was read is answered. */
  async drain(): Promise<void> {
    this.#haveCaughtUp()
    this.#socket.pause()
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) this.#workOut(next)
    await this.#tasks.idle()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#haveCaughtUp()
    this.#turns.remove(this)
    this.#waiting.clear()
    await this.#tasks[Symbol.asyncDispose]()
    await this.#socket[Symbol.asyncDispose]()
  }

  onBatch(): void {
    this.#now = this.#clock.now()
    this.#turnedDown = 0
    if (this.#catchingUp !== undefined && this.#pending.size >= MAX_CATCHING_UP) {
      this.#isPaused = true
      this.#socket.pause()
    }
  }

  onDatagram(packet: Buffer, peer: Peer, room: Buffer): number {
    // R-STUB-3: nobody out there may ask the main stub, whatever routes lead to it.
    if (this.#listener.kind === 'main' && !peer.isLoopback) return 0
    const admittance = this.#access?.admit(peer.address, peer.port, this.#now) ?? 'answer'
    if (admittance !== 'answer') return admittance === 'drop' ? 0 : truncated(packet, room)
    const size = this.#responder.replay(packet, this.#listener, this.#now, room, 0)
    return size > 0 ? size : this.#putOff(packet, peer, room)
  }

  /** Begins some of what waits. */
  step(): boolean {
    for (let left = STEP; left > 0; left--) {
      const request = this.#waiting.shift()
      if (request === undefined) return false
      this.#workOut(request)
    }
    return this.#waiting.size > 0
  }

  /** What is not remembered has its turn after what is; where too much of its senders' waits, it is turned down. */
  #putOff(packet: Buffer, peer: Peer, room: Buffer): number {
    const isFree = this.#waiting.size < FREE_FOR_ALL
    const groups = isFree ? ANYBODY : this.#responder.groupsOf(peer, this.#listener)
    if (!this.#waiting.hasRoomFor(groups)) {
      return this.#turnedDown++ < MAX_TURNED_DOWN ? this.#turnDown.write(packet, room) : 0
    }
    const key = `${peer.key} ${packet.toString('latin1')}`
    if (this.#pending.has(key)) return 0
    this.#waiting.push({ packet: Buffer.from(packet), client: peer.keep(), key }, groups)
    this.#pending.set(key, true)
    this.#turns.add(this)
    return 0
  }

  #readOn(): void {
    this.#isPaused = false
    this.#socket.resume()
  }

  #haveCaughtUp(): void {
    this.#catchingUp?.[Symbol.dispose]()
    this.#catchingUp = undefined
    if (this.#isPaused) this.#readOn()
  }

  /** The ordinary road. */
  #workOut({ packet, client, key }: WaitingDatagram): void {
    const isStarted = this.#tasks.run(async (signal) => {
      try {
        const reply = await this.#responder.respond(packet, this.#listener, signal, client)
        if (reply !== undefined) this.#socket.send(reply, client)
      } finally {
        this.#pending.delete(key)
        if (this.#isPaused && this.#pending.size < MAX_CATCHING_UP) this.#readOn()
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
