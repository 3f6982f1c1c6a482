import type { Server, Socket } from 'node:net'
import type { Clock, Log, Millis } from '../base/index.ts'
import { IpAddress, Tasks } from '../base/index.ts'
import { frame, HEADER_SIZE, StreamFramer } from '../wire/index.ts'
import type { Listener } from './listener.ts'
import type { Sender } from './client.ts'
import type { Responder } from './responder.ts'

/** R-STUB-17. */
const MAX_CONNECTIONS = 128
const MAX_OUTSTANDING = 32
/** For the first request of a connection, then between requests (RFC 7766 §6.2.3). */
const FIRST_PATIENCE: Millis = 30_000
const PATIENCE: Millis = 10_000
/** Replies a client has not read; beyond it the client is given up. */
const MAX_UNREAD = 4 * 65_537

/** Replies that go out together take up to half of it, and any that is replayed fits in the other half. */
const ROOM = 2 ** 15

export interface StubTcpServices {
  readonly responder: Responder
  readonly listener: Listener
  readonly clock: Clock
  readonly log: Log
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
    await Promise.all([...this.#connections].map((connection) => connection.idle()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    await Promise.all([...this.#connections].map((connection) => connection[Symbol.asyncDispose]()))
    await closed
  }

  #accept(socket: Socket): void {
    const isStranger = this.#services.listener.kind === 'main' && !isLoopback(socket.remoteAddress)
    if (isStranger || (this.#connections.size >= MAX_CONNECTIONS && !this.#makeRoom())) {
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

  /** Closes the oldest connection on which nothing is asked (RFC 7766 §6.2.3); false when there is none. */
  #makeRoom(): boolean {
    for (const connection of this.#connections) {
      if (!connection.isIdle) continue
      this.#connections.delete(connection)
      void connection[Symbol.asyncDispose]()
      return true
    }
    return false
  }
}

/**
 * One client's stream. When it breaks, what was asked for is called off; a client that only closes its half still
 * reads.
 */
class StubConnection implements AsyncDisposable {
  readonly #socket: Socket
  readonly #services: StubTcpServices
  readonly #room: Buffer
  readonly #framer = new StreamFramer()
  readonly #tasks: Tasks
  readonly #waiting: Buffer[] = []
  readonly #sender: Sender | undefined
  #timer: Disposable
  #hasEnded = false

  /** @param room for replies on their way out, shared with others: nothing stays there */
  constructor(socket: Socket, services: StubTcpServices, room: Buffer) {
    this.#socket = socket
    this.#room = room
    this.#services = services
    this.#tasks = new Tasks(services.log, MAX_OUTSTANDING)
    const address = IpAddress.parse(socket.remoteAddress?.replace(/^::ffff:(?=\d+\.)/, '') ?? '')
    this.#sender = address && senderOf(address, socket.remotePort ?? 0)
    this.#timer = this.#giveUpAfter(FIRST_PATIENCE)
    socket.on('data', (chunk: Buffer) => this.#onData(chunk))
    socket.on('end', () => this.#onEnd())
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

  get #isAnswered(): boolean {
    return this.#tasks.size === 0 && this.#waiting.length === 0
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#timer[Symbol.dispose]()
    this.#waiting.length = 0
    this.#socket.destroy()
    await this.#tasks[Symbol.asyncDispose]()
  }

  /** One write for all of a pipeline that is answered at once. */
  #onData(chunk: Buffer): void {
    const { responder, listener, clock } = this.#services
    const room = this.#room
    const now = clock.now()
    let end = 0
    for (const message of this.#framer.push(chunk)) {
      if (message.length < HEADER_SIZE) {
        this.#socket.destroy()
        return
      }
      const size = this.#waiting.length === 0 ? responder.replay(message, listener, now, room, end + 2) : 0
      if (size === 0) this.#waiting.push(message)
      else end = room.writeUInt16BE(size, end) + size
      if (end <= room.length / 2) continue
      this.#send(Buffer.from(room.subarray(0, end)))
      end = 0
    }
    if (end > 0) this.#send(Buffer.from(room.subarray(0, end)))
    this.#progress()
    this.#startWaiting()
  }

  /** The client has sent its last request; its replies still go out. */
  #onEnd(): void {
    this.#hasEnded = true
    this.#closeWhenDone()
  }

  /** Answers as many as may run at once; reading stops while more are waiting. */
  #startWaiting(): void {
    while (this.#tasks.size < MAX_OUTSTANDING) {
      const message = this.#waiting.shift()
      if (message === undefined) break
      this.#tasks.run((signal) => this.#answer(message, signal))
    }
    if (this.#waiting.length > 0) this.#socket.pause()
    else this.#socket.resume()
  }

  async #answer(message: Buffer, signal: AbortSignal): Promise<void> {
    const { responder, listener } = this.#services
    const reply = await responder.respond(message, listener, signal, this.#sender)
    if (reply !== undefined) this.#send(frame(reply))
    this.#progress()
    // After this task has left the group.
    setImmediate(() => {
      this.#startWaiting()
      this.#closeWhenDone()
    })
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

function senderOf(address: IpAddress, port: number): Sender {
  return { address, port, isLoopback: address.isLoopback, key: `${address.text} ${port}` }
}

function isLoopback(address: string | undefined): boolean {
  return address !== undefined && /^(?:127\.|::1$|::ffff:127\.)/.test(address)
}
