import type { Server, Socket } from 'node:net'
import type { Clock, Log, Millis } from '../base/index.ts'
import { IpAddress, Tasks } from '../base/index.ts'
import type { Work, WorkTurns } from '../sys/index.ts'
import { frame, HEADER_SIZE, StreamFramer } from '../wire/index.ts'
import type { ClientAccess } from './access.ts'
import { isReachable, type Listener } from './listener.ts'
import type { Sender } from './quota-groups.ts'
import type { Responder } from './responder.ts'

/** R-STUB-17. */
const MAX_CONNECTIONS = 128
const MAX_OUTSTANDING = 32
/** For the first request of a connection, then between requests (RFC 7766 §6.2.3). */
const FIRST_PATIENCE: Millis = 30_000
const PATIENCE: Millis = 10_000
/** Replies a client has not read: beyond it nothing is answered until it reads some. */
const HIGH_WATER = 65_537
/** The same with those that were being worked out then; beyond it the client is given up. */
const MAX_UNREAD = 4 * 65_537
/** Requests of one client looked at in one step, and how many of them may be begun: whoever asks once never waits for a pipeline. */
const LOOKS = 64
const BEGINNINGS = 4

/** Replies that go out together take up to half of it, and any that is replayed fits in the other half. */
const ROOM = 2 ** 15

export interface StubTcpServices {
  readonly responder: Responder
  readonly listener: Listener
  readonly clock: Clock
  readonly log: Log
  /** Whom extra listeners answer that others can reach. */
  readonly access: ClientAccess
  /** Shared by all that can wait. */
  readonly turns: WorkTurns
}

/** The stub over TCP: pipelined requests, answered as they are done (RFC 7766 §6.2.1.1). */
export class StubTcp implements AsyncDisposable {
  readonly #server: Server
  readonly #services: StubTcpServices
  readonly #connections = new Set<StubConnection>()
  readonly #room = Buffer.allocUnsafe(ROOM)

  /** Takes over `server`, and closes it. */
  constructor(server: Server, services: StubTcpServices) {
    this.#server = server
    this.#services = services
    server.on('connection', (socket) => this.#accept(socket))
    server.on('error', (error) => services.log.warning(`Stub listener over TCP: ${error.message}`))
  }

  /** Takes no more clients; resolves when those that are there have been answered. */
  async drain(): Promise<void> {
    this.#server.close()
    await this.idle()
  }

  /** Resolves when nothing is under way, while it reads on. */
  async idle(): Promise<void> {
    await Promise.all([...this.#connections].map((connection) => connection.idle()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    await Promise.all([...this.#connections].map((connection) => connection[Symbol.asyncDispose]()))
    await closed
  }

  #accept(socket: Socket): void {
    if (!this.#mayAsk(socket) || (this.#connections.size >= MAX_CONNECTIONS && !this.#makeRoom())) {
      socket.destroy()
      return
    }
    const connection = new StubConnection(socket, this.#services, this.#room)
    this.#connections.add(connection)
    socket.once('close', () => {
      this.#connections.delete(connection)
      void connection[Symbol.asyncDispose]()
    })
  }

  #mayAsk({ remoteAddress, remotePort }: Socket): boolean {
    const { listener, access } = this.#services
    if (listener.kind === 'main') return isLoopback(remoteAddress)
    if (!isReachable(listener)) return true
    const address = addressOf(remoteAddress)
    return address !== undefined && access.mayAsk(address, remotePort ?? 0)
  }

  /**
   * Closes the oldest connection on which nothing is asked (RFC 7766 §6.2.3), or else the oldest whose client does not
   * read; false when there is neither.
   */
  #makeRoom(): boolean {
    const connections = [...this.#connections]
    const victim = connections.find(({ isIdle }) => isIdle) ?? connections.find(({ isStalled }) => isStalled)
    if (victim === undefined) return false
    this.#connections.delete(victim)
    void victim[Symbol.asyncDispose]()
    return true
  }
}

/**
 * One client's stream. When it breaks, what was asked for is called off; a client that only closes its half still
 * reads.
 */
class StubConnection implements Work, AsyncDisposable {
  readonly label = 'questions over TCP'
  readonly #socket: Socket
  readonly #services: StubTcpServices
  readonly #room: Buffer
  readonly #framer = new StreamFramer()
  readonly #tasks: Tasks
  readonly #sender: Sender | undefined
  #timer: Disposable
  #hasEnded = false

  /** @param room for replies on their way out, shared with others: nothing stays there */
  constructor(socket: Socket, services: StubTcpServices, room: Buffer) {
    this.#socket = socket
    this.#room = room
    this.#services = services
    this.#tasks = new Tasks(services.log, MAX_OUTSTANDING)
    const address = addressOf(socket.remoteAddress)
    this.#sender = address && senderOf(address, socket.remotePort ?? 0)
    this.#timer = this.#giveUpAfter(FIRST_PATIENCE)
    socket.on('data', (chunk: Buffer) => this.#onData(chunk))
    socket.on('end', () => this.#onEnd())
    socket.on('drain', () => services.turns.add(this))
    // 'close' follows, and cleans up: a client that resets its connection is nothing to report.
    socket.on('error', () => undefined)
  }

  /** Resolves when it waits for nothing that was begun. */
  idle(): Promise<void> {
    return this.#tasks.idle()
  }

  /** It waits for no reply, nor for any to be sent. */
  get isIdle(): boolean {
    return this.#isAnswered && this.#socket.writableLength === 0
  }

  /** It is answered no further until it reads. */
  get isStalled(): boolean {
    return this.#socket.writableLength > HIGH_WATER
  }

  get #isAnswered(): boolean {
    return this.#tasks.size === 0 && !this.#framer.hasNext
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#timer[Symbol.dispose]()
    this.#services.turns.remove(this)
    this.#socket.destroy()
    await this.#tasks[Symbol.asyncDispose]()
  }

  /** At once where nobody waits for a turn. */
  #onData(chunk: Buffer): void {
    const { turns } = this.#services
    this.#framer.feed(chunk)
    if (!this.#framer.hasNext) return
    this.#progress()
    if (!turns.isIdle || this.step()) turns.add(this)
    if (this.#framer.hasNext) this.#socket.pause()
  }

  /** The client has sent its last request; its replies still go out. */
  #onEnd(): void {
    this.#hasEnded = true
    this.#closeWhenDone()
  }

  /**
   * Answers some of what waits: at once what is remembered, and of the rest as many as may run together. Reading stops
   * while more is waiting, or while the client does not read. True while it could go on.
   */
  step(): boolean {
    if (this.#socket.destroyed) return false
    this.#answerSome()
    if (this.#framer.hasNext || this.isStalled) this.#socket.pause()
    else this.#socket.resume()
    this.#closeWhenDone()
    return this.#framer.hasNext && !this.#isBlocked
  }

  get #isBlocked(): boolean {
    return this.isStalled || this.#tasks.size >= MAX_OUTSTANDING
  }

  /** One write for all of a pipeline that is answered at once. */
  #answerSome(): void {
    const { responder, listener, clock } = this.#services
    const room = this.#room
    const now = clock.now()
    let end = 0
    let begun = 0
    for (let left = LOOKS; left > 0 && begun < BEGINNINGS && !this.#isBlocked; left--) {
      const message = this.#framer.next()
      if (message === undefined) break
      if (message.length < HEADER_SIZE) return void this.#socket.destroy()
      const size = responder.replay(message, listener, now, room, end + 2)
      if (size > 0) end = room.writeUInt16BE(size, end) + size
      else if (this.#tasks.run((signal) => this.#answer(message, signal))) begun++
      if (end <= room.length / 2) continue
      this.#send(Buffer.from(room.subarray(0, end)))
      end = 0
    }
    if (end > 0) this.#send(Buffer.from(room.subarray(0, end)))
  }

  async #answer(message: Buffer, signal: AbortSignal): Promise<void> {
    const { responder, listener } = this.#services
    const reply = await responder.respond(message, listener, signal, this.#sender)
    if (reply !== undefined) this.#send(frame(reply))
    this.#progress()
    this.#services.turns.add(this) // after this task has left the group
  }

  /** A client that asks but does not read is given up. */
  #send(bytes: Buffer): void {
    this.#socket.write(bytes)
    if (this.#socket.writableLength > MAX_UNREAD) this.#socket.destroy()
  }

  #closeWhenDone(): void {
    if (this.#hasEnded && this.#isAnswered) this.#socket.end()
  }

  #progress(): void {
    this.#timer[Symbol.dispose]()
    this.#timer = this.#giveUpAfter(PATIENCE)
  }

  #giveUpAfter(patience: Millis): Disposable {
    return this.#services.clock.after(patience, () => {
      if (this.#tasks.size > 0) this.#progress()
      else this.#socket.destroy()
    })
  }
}

/** An IPv4 address comes as a mapped one where the listener is for both. */
function addressOf(text: string | undefined): IpAddress | undefined {
  return IpAddress.parse(text?.replace(/^::ffff:(?=\d+\.)/, '').replace(/%.*$/, '') ?? '')
}

function senderOf(address: IpAddress, port: number): Sender {
  return { address, port, isLoopback: address.isLoopback, key: `${address.text} ${port}` }
}

function isLoopback(address: string | undefined): boolean {
  return address !== undefined && /^(?:127\.|::1$|::ffff:127\.)/.test(address)
}
