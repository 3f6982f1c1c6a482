import type { Clock, Log, Millis } from '../../base/index.ts'
import { reasonOf, sharedAbort } from '../../base/index.ts'
import { MessageReader, MAX_MESSAGE, parseCall, ProtocolError } from '../../varlink-idl/index.ts'
import type { ByteBudget, ServerLimits } from './limits.ts'
import type { PeerProcess } from '../ports.ts'
import type { Service } from './service.ts'
import type { Stream, StreamEvents } from './stream.ts'

export interface ClientConnectionContext {
  readonly service: Service
  readonly peer: PeerProcess | undefined
  readonly limits: ServerLimits
  /** Shared by all connections of a server. */
  readonly input: ByteBudget
  readonly clock: Clock
  /** In which all calls of all connections take turns. */
  readonly turns: Turns
  readonly log: Log
  /** The connection is over. */
  readonly onClose: () => void
}

/** Where calls wait for their turn to be begun. */
export interface Turns {
  turn(): Promise<void>
}

/**
 * One client. Calls are answered strictly one after the other (V-6) while reading goes on, because a client that
 * leaves calls off its pending query (V-13); with too many calls waiting, reading stops. Owns the stream.
 */
export class ClientConnection implements StreamEvents {
  readonly #stream: Stream
  readonly #context: ClientConnectionContext
  readonly #framer: MessageReader
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

  constructor(stream: Stream, context: ClientConnectionContext) {
    this.#stream = stream
    this.#context = context
    this.#framer = new MessageReader(context.limits.call)
    this.#answeredAt = this.#readAt = context.clock.now()
  }

  get #uid(): number | undefined {
    return this.#context.peer?.uid
  }

  /** Begins to read, and answers what is there already. */
  start(): void {
    this.#stream.start(this)
  }

  /** Closes at once; the call in progress is called off. */
  drop(reason: string): void {
    if (this.#stream.isClosed) return
    this.#context.log.debug(() => `varlink client (uid ${this.#context.peer?.uid ?? 'unknown'}) dropped: ${reason}`)
    this.#stream.destroy()
  }

  /** To be called now and then: drops who neither reads nor calls, and finds out who left while not being read from. */
  check(now: Millis): void {
    const { idle, readPatience } = this.#context.limits
    if (this.#stream.unsent > 0 && now - this.#readAt > readPatience) this.drop('does not read')
    else if (!this.#isWorking && now - this.#answeredAt > idle) this.drop('idle')
    else if (this.#isWorking) this.#stream.probe()
  }

  onData(bytes: Buffer): void {
    try {
      for (const message of this.#framer.push(bytes)) if (!this.#replay(message)) this.#queue.push(message)
      this.#account()
    } catch (error) {
      return this.#fail(error)
    }
    if (this.#queue.length > this.#context.limits.pipelined) this.#stream.pause()
    if (!this.#isWorking && this.#queue.length > 0) void this.#work()
  }

  /** The client sends no more, but may still wait for its reply. */
  onEnd(): void {
    this.#hasEnded = true
    if (this.#isWorking) this.#stream.probe()
    else this.#stream.end()
  }

  onTaken(): void {
    this.#readAt = this.#context.clock.now()
    if (!this.#stream.isFull) this.#onWritable?.()
  }

  onClose(error: Error | undefined): void {
    const { log, input, onClose } = this.#context
    if (error !== undefined) log.debug(() => `varlink client: ${reasonOf(error)}`)
    this.#queue.length = 0
    input.giveBack(this.#held, this.#uid)
    this.#held = 0
    this.#abort?.abort(new Error('client disconnected'))
    this.#onWritable?.()
    onClose()
  }

  /** Answers at once, without a promise, where the reply is known; but never before an earlier call (V-6). */
  #replay(message: Buffer): boolean {
    if (this.#isWorking || this.#queue.length > 0 || this.#stream.isFull) return false
    const reply = this.#context.service.replay(message)
    if (reply === undefined) return false
    this.#send(reply)
    this.#answeredAt = this.#context.clock.now()
    return true
  }

  /** Never rejects. */
  async #work(): Promise<void> {
    this.#isWorking = true
    try {
      const { turns } = this.#context
      for (let message = this.#queue.shift(); message !== undefined; message = this.#queue.shift()) {
        await turns.turn()
        if (this.#stream.isClosed) return
        await this.#answer(message)
        await this.#writable()
        if (this.#stream.isClosed) return
      }
      this.#account()
    } catch (error) {
      return this.#fail(error)
    } finally {
      this.#isWorking = false
    }
    if (this.#hasEnded) this.#stream.end()
    else this.#stream.resume()
  }

  async #answer(message: Buffer): Promise<void> {
    const { service, peer, clock } = this.#context
    const call = parseCall(message)
    this.#abort = sharedAbort() // each host of a service waits for it
    await service.answer(call, { peer, signal: this.#abort.signal, send: (reply) => this.#send(reply) })
    this.#abort = undefined
    this.#answeredAt = clock.now()
  }

  /** A subscriber that does not keep up is dropped: it cannot be told what it missed. */
  #send(message: Buffer): void {
    const { clock, limits } = this.#context
    if (this.#stream.isClosed) return
    if (message.length > MAX_MESSAGE) return this.drop('reply is too long')
    if (this.#stream.unsent > limits.backlog) return this.drop('reads too slowly')
    if (this.#stream.unsent === 0) this.#readAt = clock.now()
    this.#stream.write(message)
  }

  /** Resolves when the client has taken most of what it was sent, or is gone. */
  #writable(): Promise<void> | undefined {
    if (!this.#stream.isFull || this.#stream.isClosed) return undefined
    return new Promise((resolve) => {
      this.#onWritable = resolve
    })
  }

  /** Brings the shared budget in step with what is held. @throws {ProtocolError} when it is used up. */
  #account(): void {
    if (this.#stream.isClosed) return void (this.#queue.length = 0) // over a reply: all was given back
    const held = this.#queue.reduce((sum, message) => sum + message.length, this.#framer.pending)
    const more = held - this.#held
    if (more > 0 && !this.#context.input.take(more, this.#uid)) throw new ProtocolError('its user sends too much')
    if (more < 0) this.#context.input.giveBack(-more, this.#uid)
    this.#held = held
  }

  #fail(error: unknown): void {
    if (!(error instanceof ProtocolError)) this.#context.log.bug(error)
    this.drop(reasonOf(error))
  }
}
