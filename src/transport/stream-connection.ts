import type { Socket } from 'node:net'
import type { Clock, Millis, Random } from '../base/index.ts'
import { TransientMap } from '../base/index.ts'
import { type Endpoint, type OutgoingQuery, type Settle, TransportError } from '../upstream/index.ts'
import { frame, StreamFramer } from '../wire/index.ts'
import type { Connection } from './connection-transport.ts'
import { nameOf, transportError } from './transport-errors.ts'

/** R-SRV-6: how long connecting may take, and how long a connection is kept when nobody waits for it. */
const CONNECT_PATIENCE: Millis = 10_000
const IDLE: Millis = 10_000
/** Questions that may wait on one connection: one in 64 of the IDs, so that a free one is found at once. */
const MAX_WAITING = 1024
const ID_COUNT = 0x1_0000
/** Bytes that may lie unsent before a peer that does not read is given up: far more than all questions that may wait. */
const MAX_UNSENT = 4 * 1024 * 1024

interface Waiting {
  readonly query: OutgoingQuery
  readonly settle: Settle
}

export interface StreamConnectionParts {
  readonly endpoint: Endpoint
  /** Connecting; the connection owns it from now on. */
  readonly socket: Socket
  /** Emitted when messages can be written: `secureConnect` where the socket encrypts. Default: `connect`. */
  readonly readyEvent?: 'connect' | 'secureConnect'
  readonly clock: Clock
  readonly random: Random
  readonly onClosed: (connection: Connection) => void
}

/**
 * A connection on which every message has its length before it (RFC 1035 §4.2.2, RFC 7858 §3.3). Two questions may have
 * drawn the same ID, so on the wire each gets one that nobody here waits for (RFC 7766 §6.2.1.1).
 */
export class StreamConnection implements Connection {
  readonly #endpoint: Endpoint
  readonly #socket: Socket
  readonly #clock: Clock
  readonly #random: Random
  readonly #onClosed: (connection: Connection) => void
  readonly #framer = new StreamFramer()
  readonly #waiting = new TransientMap<number, Waiting>()
  #timer: Disposable | undefined
  #isConnected = false
  #isRetired = false
  #isClosed = false

  constructor({ endpoint, socket, readyEvent = 'connect', clock, random, onClosed }: StreamConnectionParts) {
    this.#endpoint = endpoint
    this.#socket = socket
    this.#clock = clock
    this.#random = random
    this.#onClosed = onClosed
    socket.on(readyEvent, () => this.#onConnect())
    socket.on('data', (chunk) => this.#onData(chunk))
    socket.on('error', (error) => this.close(this.#connectError(error)))
    socket.on('end', () => this.close(this.#error('closed', 'the server closed the connection')))
    socket.on('close', () => this.close(this.#error('closed', 'the connection was closed')))
    this.#timer = clock.after(CONNECT_PATIENCE, () => this.close(this.#error('timeout', 'cannot connect in time')))
  }

  get isUsable(): boolean {
    return !this.#isClosed && !this.#isRetired && this.#waiting.size < MAX_WAITING
  }

  get isIdle(): boolean {
    return this.#waiting.size === 0
  }

  ask(query: OutgoingQuery, settle: Settle): () => void {
    const id = this.#freeId(query.wire.readUInt16BE(0))
    const framed = frame(query.wire)
    framed.writeUInt16BE(id, 2)
    const waiting = { query, settle }
    this.#waiting.set(id, waiting)
    if (this.#isConnected) this.#stopTimer() // not idle any more; while connecting the timer is the connect timeout
    this.#socket.write(framed)
    if (this.#socket.writableLength > MAX_UNSENT) {
      queueMicrotask(() => this.close(this.#error('timeout', 'the server does not read')))
    }
    return () => {
      if (this.#waiting.get(id) === waiting) this.#forget(id)
    }
  }

  retire(): void {
    this.#isRetired = true
    if (this.isIdle) this.close(this.#error('closed', 'the connection is not used any more'))
  }

  close(reason: TransportError): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#stopTimer()
    this.#socket.destroy()
    this.#onClosed(this)
    const waiting = this.#waiting.entries()
    this.#waiting.clear()
    for (const [, { settle }] of waiting) settle(reason)
  }

  #onConnect(): void {
    this.#isConnected = true
    this.#stopTimer()
    if (this.isIdle) this.#startIdle()
  }

  #onData(chunk: Buffer): void {
    for (const message of this.#framer.push(chunk)) this.#onMessage(message)
  }

  /** Gives the reply its question's own ID back. What no question waits for is dropped. */
  #onMessage(message: Buffer): void {
    if (message.length < 12) return this.close(this.#error('closed', 'the server sent what is no message'))
    const id = message.readUInt16BE(0)
    const waiting = this.#waiting.get(id)
    if (waiting === undefined) return // taken back meanwhile
    waiting.query.wire.copy(message, 0, 0, 2)
    if (!waiting.query.isAnsweredBy(message)) return
    this.#forget(id)
    waiting.settle(message)
  }

  /** The question with this ID waits no more; starts the idle time with the last. */
  #forget(id: number): void {
    this.#waiting.delete(id)
    if (!this.isIdle || this.#isClosed) return
    if (this.#isRetired) this.retire()
    else if (this.#isConnected) this.#startIdle()
  }

  #startIdle(): void {
    this.#stopTimer()
    this.#timer = this.#clock.after(IDLE, () => this.close(this.#error('closed', 'nothing was asked for a while')))
  }

  #stopTimer(): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
  }

  /** The ID the question has already, or a random one where that is taken on this connection. */
  #freeId(wanted: number): number {
    let id = wanted
    while (this.#waiting.has(id)) id = this.#random.below(ID_COUNT) // at most one in 64 is taken
    return id
  }

  /** A reset while connecting is a refusal. */
  #connectError(error: Error): TransportError {
    const meaning = transportError(error, this.#endpoint)
    return meaning.code === 'closed' && !this.#isConnected
      ? new TransportError('refused', meaning.message, error)
      : meaning
  }

  #error(code: 'closed' | 'timeout', text: string): TransportError {
    return new TransportError(code, `${nameOf(this.#endpoint)}: ${text}`)
  }
}
