import type { Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Clock, Log, Millis } from '../base/index.ts'
import { reasonOf } from '../base/index.ts'
import { Framer, MAX_MESSAGE } from './framer.ts'
import type { Budget, ServerLimits } from './limits.ts'
import { parseCall } from './message.ts'
import type { Peer } from './ports.ts'
import { ProtocolError } from './protocol-error.ts'
import type { Service } from './service.ts'

export interface ConnectionContext {
  readonly service: Service
  readonly peer: Peer | undefined
  readonly limits: ServerLimits
  /** Shared by all connections of a server. */
  readonly input: Budget
  readonly clock: Clock
  readonly log: Log
}

/** Calls answered in a row before other clients get a turn. */
const FAIR_SHARE = 32
const NOTHING = Buffer.alloc(0)

/**
 * One client. Calls are answered strictly one after the other (V-6) while reading goes on, because a client that
 * leaves calls off its pending query (V-13); with too many calls waiting, reading stops. Owns the socket.
 */
export class Connection {
  readonly #socket: Socket
  readonly #context: ConnectionContext
  readonly #framer = new Framer()
  readonly #queue: Buffer[] = []
  /** Bytes taken from the budget: the queue and the unfinished message. */
  #held = 0
  /** Of the call in progress. */
  #abort: AbortController | undefined
  #isWorking = false
  #hasEnded = false
  /** When a call was last completed, or else the connection made. */
  #answeredAt: Millis
  /** When the client last took bytes, or none were waiting for it. */
  #readAt: Millis
  #onWritable: (() => void) | undefined

  constructor(socket: Socket, context: ConnectionContext) {
    this.#socket = socket
    this.#context = context
    this.#answeredAt = this.#readAt = context.clock.now()
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    socket.on('end', () => this.#onEnd())
    socket.on('drain', () => this.#onWritable?.())
    socket.on('error', (error) => context.log.debug(() => `varlink client: ${reasonOf(error)}`))
    socket.on('close', () => this.#onClose())
  }

  /** Closes at once; the call in progress is called off. */
  drop(reason: string): void {
    if (this.#socket.destroyed) return
    this.#context.log.debug(() => `varlink client (uid ${this.#context.peer?.uid ?? 'unknown'}) dropped: ${reason}`)
    this.#socket.destroy()
  }

  /** To be called now and then: drops who neither reads nor calls, and finds out who left while not being read from. */
  check(now: Millis): void {
    const { idle, readPatience } = this.#context.limits
    if (this.#socket.writableLength > 0 && now - this.#readAt > readPatience) this.drop('does not read')
    else if (!this.#isWorking && now - this.#answeredAt > idle) this.drop('idle')
    else if (this.#isWorking) this.#probe()
  }

  #receive(chunk: Buffer): void {
    try {
      for (const message of this.#framer.push(chunk)) this.#queue.push(message)
      this.#account()
    } catch (error) {
      return this.#fail(error)
    }
    if (this.#queue.length > this.#context.limits.pipelined) this.#socket.pause()
    if (!this.#isWorking && this.#queue.length > 0) void this.#work()
  }

  /** Never rejects. */
  async #work(): Promise<void> {
    this.#isWorking = true
    try {
      let turns = 0
      for (let message = this.#queue.shift(); message !== undefined; message = this.#queue.shift()) {
        await this.#answer(message)
        await this.#writable()
        if (this.#socket.destroyed) return
        if (++turns % FAIR_SHARE === 0) await nextTurn()
      }
      this.#account()
    } catch (error) {
      return this.#fail(error)
    } finally {
      this.#isWorking = false
    }
    if (this.#hasEnded) this.#finish()
    else this.#socket.resume()
  }

  async #answer(message: Buffer): Promise<void> {
    const { service, peer, clock } = this.#context
    const call = parseCall(message)
    this.#abort = new AbortController()
    await service.answer(call, { peer, signal: this.#abort.signal, send: (reply) => this.#send(reply) })
    this.#abort = undefined
    this.#answeredAt = clock.now()
  }

  /** A subscriber that does not keep up is dropped: it cannot be told what it missed. */
  #send(message: Buffer): void {
    const { clock, limits } = this.#context
    if (this.#socket.destroyed) return
    if (message.length > MAX_MESSAGE) return this.drop('reply is too long')
    if (this.#socket.writableLength > limits.backlog) return this.drop('reads too slowly')
    if (this.#socket.writableLength === 0) this.#readAt = clock.now()
    this.#socket.write(message, () => {
      this.#readAt = clock.now()
    })
  }

  /** Resolves when the client has taken most of what it was sent, or is gone. */
  #writable(): Promise<void> | undefined {
    if (!this.#socket.writableNeedDrain || this.#socket.destroyed) return undefined
    return new Promise((resolve) => {
      this.#onWritable = resolve
    })
  }

  /** Brings the shared budget in step with what is held. @throws {ProtocolError} when it is used up. */
  #account(): void {
    const held = this.#queue.reduce((sum, message) => sum + message.length, this.#framer.pending)
    const more = held - this.#held
    if (more > 0 && !this.#context.input.take(more)) throw new ProtocolError('all clients together send too much')
    if (more < 0) this.#context.input.giveBack(-more)
    this.#held = held
  }

  #fail(error: unknown): void {
    if (!(error instanceof ProtocolError)) this.#context.log.bug(error)
    this.drop(reasonOf(error))
  }

  /** The client sends no more, but may still wait for its reply. */
  #onEnd(): void {
    this.#hasEnded = true
    if (this.#isWorking) this.#probe()
    else this.#finish()
  }

  /** What is written is with the client already, unless some of it still waits here. */
  #finish(): void {
    if (this.#socket.writableLength === 0) this.#socket.destroy()
    else this.#socket.end()
  }

  /** Writing nothing fails with EPIPE when the client is gone altogether and not only done with sending. */
  #probe(): void {
    if (!this.#socket.destroyed && this.#socket.writableLength === 0) this.#socket.write(NOTHING)
  }

  #onClose(): void {
    this.#queue.length = 0
    this.#context.input.giveBack(this.#held)
    this.#held = 0
    this.#abort?.abort(new Error('client disconnected'))
    this.#onWritable?.()
  }
}
