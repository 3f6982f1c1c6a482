import type { Duplex } from 'node:stream'
import type { Clock, Millis, Random } from '../base/index.ts'
import { TransientMap } from '../base/index.ts'
import {
  type ConnectionFacts,
  type Endpoint,
  type OutgoingQuery,
  type Settle,
  TransportError,
} from '../upstream/index.ts'
import { frame, StreamFramer, withHopOptions, withoutHopOptions, withoutOpt } from '../wire/index.ts'
import type { Connection } from './connection-transport.ts'
import { nameOf, transportError } from './transport-errors.ts'

/** R-SRV-6: how long connecting may take, and how long a connection is kept when nobody waits for it. */
const CONNECT_PATIENCE: Millis = 10_000
const IDLE: Millis = 10_000
/** A server may ask for longer by its keepalive option (RFC 7828); so long a connection is kept for it at most. */
const LONGEST_IDLE: Millis = 120_000
/** Questions that may wait on one connection: one in 64 of the IDs, so that a free one is found at once. */
const MAX_WAITING = 1024
const ID_COUNT = 0x1_0000
/**
 * The first questions of a turn of the loop leave when there are so many, so that the server works while the next are asked: with
 * all of them at once it waits, and then we wait for it. One by one they would cost a record and a system call each.
 */
const LOT = 8
/** Bytes that may lie unsent before a peer that does not read is given up: far more than all questions that may wait. */
const MAX_UNSENT = 4 * 1024 * 1024

interface Waiting {
  readonly query: OutgoingQuery
  readonly settle: Settle
  readonly sentAt: Millis
}

/** What an encrypted connection has to come through before a message may be written. */
export interface StreamSecurity {
  /** For connecting and the handshake. */
  readonly patience: Millis
  /** The handshake is done. @throws {TransportError} when the server has not proven who it is */
  accept(): ConnectionFacts
  /** What the end of the socket means before that; no error when the peer just closed it. */
  failure(error: Error | undefined): TransportError
  /** The connection did not come about, perhaps as it was given up. */
  onFailed(reason: TransportError): void
}

/** A connection in the making that will be encrypted; it emits 'secureConnect' then. */
export interface SecuredSocket extends StreamSecurity {
  readonly socket: Duplex
  /** As in `StreamConnectionParts`, of the socket below. */
  readonly acknowledge: (() => void) | undefined
}

export interface StreamConnectionParts {
  readonly endpoint: Endpoint
  /** Connecting; the connection owns it from now on. */
  readonly socket: Duplex
  /** Tells the peer at once what has come, see `TcpSocket`; undefined where nobody can. */
  readonly acknowledge: (() => void) | undefined
  /** Where the socket encrypts. */
  readonly security?: StreamSecurity
  readonly clock: Clock
  readonly random: Random
  readonly onClosed: (connection: Connection) => void
}

/**
 * A connection on which every message has its length before it (RFC 1035 §4.2.2, RFC 7858 §3.3). Two questions may have
 * drawn the same ID, so on the wire each gets one that nobody here waits for (RFC 7766 §6.2.1.1), nor has waited for in
 * vain: its answer may still come. An encrypted one writes nothing before its `StreamSecurity` has accepted the server,
 * and adds and removes the options that concern the two ends alone.
 */
export class StreamConnection implements Connection {
  readonly #endpoint: Endpoint
  readonly #socket: Duplex
  readonly #acknowledge: (() => void) | undefined
  readonly #clock: Clock
  readonly #random: Random
  readonly #onClosed: (connection: Connection) => void
  readonly #framer = new StreamFramer()
  readonly #waiting = new TransientMap<number, Waiting>()
  /** IDs whose answers are not waited for any more. */
  readonly #givenUp = new Set<number>()
  readonly #security: StreamSecurity | undefined
  /** Messages that wait for the handshake. */
  #unsent: Buffer[] = []
  #facts: ConnectionFacts | undefined
  #heardAt = Number.NEGATIVE_INFINITY
  #idle = IDLE
  #timer: Disposable | undefined
  /** Messages that wait to leave together. */
  #corked = 0
  #isAcknowledged = false
  #isConnected = false
  #isRetired = false
  #isClosed = false

  constructor({ endpoint, socket, acknowledge, security, clock, random, onClosed }: StreamConnectionParts) {
    this.#endpoint = endpoint
    this.#socket = socket
    this.#acknowledge = acknowledge
    this.#clock = clock
    this.#random = random
    this.#onClosed = onClosed
    this.#security = security
    socket.on(security === undefined ? 'connect' : 'secureConnect', () => this.#onConnect())
    socket.on('data', (chunk) => this.#onData(chunk))
    socket.on('error', (error) => this.close(this.#failure(error)))
    socket.on('end', () => this.close(this.#failure(undefined)))
    socket.on('close', () => this.close(this.#failure(undefined)))
    const patience = security?.patience ?? CONNECT_PATIENCE
    this.#timer = clock.after(patience, () => this.close(this.#error('timeout', 'cannot connect in time')))
  }

  get isUsable(): boolean {
    return !this.#isClosed && !this.#isRetired && this.#waiting.size + this.#givenUp.size < MAX_WAITING
  }

  get isIdle(): boolean {
    return this.#waiting.size === 0
  }

  ask(query: OutgoingQuery, settle: Settle): (wasSilent: boolean) => void {
    const id = this.#freeId(query.wire.readUInt16BE(0))
    const framed = frame(this.#security === undefined ? query.wire : withHopOptions(query.wire, true, query.addsOpt))
    framed.writeUInt16BE(id, 2)
    const waiting = { query, settle, sentAt: this.#clock.now() }
    this.#waiting.set(id, waiting)
    if (this.#isConnected) this.#stopTimer() // not idle any more; while connecting the timer is the connect timeout
    if (this.#security !== undefined && this.#facts === undefined) this.#unsent.push(framed)
    else this.#write(framed)
    if (this.#socket.writableLength > MAX_UNSENT) {
      queueMicrotask(() => this.close(this.#error('timeout', 'the server does not read')))
    }
    return (wasSilent) => {
      if (this.#waiting.get(id) !== waiting) return
      this.#givenUp.add(id)
      if (wasSilent && this.#heardAt < waiting.sentAt) this.#isRetired = true
      this.#forget(id)
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
    if (!this.#isConnected) this.#security?.onFailed(reason)
    this.#onClosed(this)
    const waiting = this.#waiting.entries()
    this.#waiting.clear()
    for (const [, { settle }] of waiting) settle(reason)
  }

  #onConnect(): void {
    try {
      this.#facts = this.#security?.accept()
    } catch (error) {
      return this.close(transportError(error, this.#endpoint))
    }
    this.#isConnected = true
    for (const framed of this.#unsent.splice(0)) this.#write(framed)
    this.#stopTimer()
    if (this.isIdle) this.#startIdle()
  }

  /** After the first lot the socket is busy for the rest of the turn, and then takes in one go what has come meanwhile. */
  #write(framed: Buffer): void {
    if (this.#corked === 0) {
      this.#socket.cork()
      setImmediate(() => this.#flush())
    }
    this.#socket.write(framed)
    if (++this.#corked === LOT) this.#flush()
  }

  #flush(): void {
    this.#corked = 0
    this.#socket.uncork()
  }

  #onData(chunk: Buffer): void {
    this.#heardAt = this.#clock.now()
    for (const message of this.#framer.push(chunk)) this.#onMessage(message)
    if (!this.isIdle && !this.#isAcknowledged) this.#acknowledgeOnce()
  }

  /** While more is to come the server may wait for our word on what came, which goes out once in a turn of the loop. */
  #acknowledgeOnce(): void {
    this.#isAcknowledged = true
    this.#acknowledge?.()
    setImmediate(() => (this.#isAcknowledged = false))
  }

  /** Gives the reply its question's own ID back. What no question waits for is dropped. */
  #onMessage(message: Buffer): void {
    if (message.length < 12) return this.close(this.#error('closed', 'the server sent what is no message'))
    const id = message.readUInt16BE(0)
    const waiting = this.#waiting.get(id)
    if (waiting === undefined) return void this.#givenUp.delete(id) // taken back meanwhile
    waiting.query.wire.copy(message, 0, 0, 2)
    if (!waiting.query.isAnsweredBy(message)) return
    const reply = this.#security === undefined ? message : this.#withoutHopOptions(waiting.query, message)
    this.#forget(id)
    waiting.settle(reply, this.#facts)
  }

  #withoutHopOptions(query: OutgoingQuery, reply: Buffer): Buffer {
    const { message, keepalive } = withoutHopOptions(reply)
    if (keepalive !== undefined) this.#idle = Math.min(LONGEST_IDLE, keepalive)
    return query.addsOpt === true ? withoutOpt(query.wire, message) : message
  }

  /** The question with this ID waits no more; starts the idle time with the last. */
  #forget(id: number): void {
    this.#waiting.delete(id)
    if (!this.isIdle || this.#isClosed) return
    if (this.#isRetired || this.#idle === 0) this.retire()
    else if (this.#isConnected) this.#startIdle()
  }

  #startIdle(): void {
    this.#stopTimer()
    this.#timer = this.#clock.after(this.#idle, () =>
      this.close(this.#error('closed', 'nothing was asked for a while')),
    )
  }

  #stopTimer(): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
  }

  /** The ID the question has already, or a random one where that is taken on this connection. */
  #freeId(wanted: number): number {
    let id = wanted
    while (this.#waiting.has(id) || this.#givenUp.has(id)) id = this.#random.below(ID_COUNT) // at most one in 64 is taken
    return id
  }

  /** A reset while connecting is a refusal; no error: the peer has closed the connection. */
  #failure(error: Error | undefined): TransportError {
    if (this.#security !== undefined && !this.#isConnected) return this.#security.failure(error)
    if (error === undefined) return this.#error('closed', 'the server closed the connection')
    const meaning = transportError(error, this.#endpoint)
    if (this.#security !== undefined && meaning.code === 'io')
      return new TransportError('closed', meaning.message, error) // an alert
    return meaning.code === 'closed' && !this.#isConnected
      ? new TransportError('refused', meaning.message, error)
      : meaning
  }

  #error(code: 'closed' | 'timeout', text: string): TransportError {
    return new TransportError(code, `${nameOf(this.#endpoint)}: ${text}`)
  }
}
