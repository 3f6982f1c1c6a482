import { connect, type Socket } from 'node:net'
import { reasonOf } from '../base/index.ts'
import type { Codec, IncomingMessage, OutgoingMessage } from './codec.ts'
import { ERROR_REPLY, METHOD_CALL, METHOD_RETURN, SIGNAL } from './codec.ts'
import type { ArgumentsOf, InterfaceDescription, MethodDescription, MethodName, ReplyOf } from './description.ts'
import { signatureOf } from './description.ts'
import { InconsistentReply } from './inconsistent-reply.ts'
import { BUS } from './standard-interfaces.ts'
import { type Frame, FrameReader } from './frames.ts'

/** An object of a peer. */
export interface Target {
  readonly destination: string
  readonly path: string
}

/** The bus itself. */
export const BUS_TARGET = {
  destination: 'org.freedesktop.DBus',
  path: '/org/freedesktop/DBus',
} as const satisfies Target

/** The bus cannot be reached, or went away. */
export class BusLost extends Error {
  override readonly name = 'BusLost'
}

/** A call of ours was answered with an error. */
export class RemoteError extends Error {
  override readonly name = 'RemoteError'
  readonly errorName: string

  constructor(errorName: string, message: string) {
    super(message)
    this.errorName = errorName
  }
}

/** A call of ours by its parts, for what has no description. */
export interface RemoteCall extends Target {
  readonly interface: string
  readonly member: string
  readonly signature?: string
  readonly body?: readonly unknown[]
  readonly flags?: number
  /** Types the answer must have; any will do when absent. */
  readonly expected?: string
}

export interface CallOptions {
  readonly flags?: number
  readonly signal?: AbortSignal | undefined
}

/** What arrives that is not the answer to a call of ours. Must not throw. */
export interface Receiver {
  /** The largest body that is kept, in bytes; undefined for what peers who are not trusted may send. */
  readonly maxBody?: number
  onCall(message: IncomingMessage): void
  onSignal(message: IncomingMessage): void
}

interface PendingCall {
  readonly call: RemoteCall
  resolve(body: unknown[]): void
  reject(reason: Error): void
}

/** The longest line, in bytes, that is waited for while authenticating; the expected one has 36. */
const MAX_AUTH_LINE = 4096

/** Bytes that may wait for a bus that does not read; a bus that falls behind further is given up. */
const MAX_UNSENT = 1 << 26

/** One authenticated connection to a message bus. It never reconnects; `closed` says when and why it ended. */
export class BusConnection implements Disposable {
  /** Resolves once, with what ended the connection. */
  readonly closed: Promise<Error>
  readonly #socket: Socket
  readonly #codec: Codec
  readonly #receiver: Receiver
  /** Calls that wait for an answer, by serial. Bounded by their callers: each waits until answer, abort or close. */
  readonly #pending = new Map<number, PendingCall>()
  readonly #frames: FrameReader
  /** What ended the connection; everything is refused with it from then on. */
  #end: Error | undefined
  #settleClosed: (reason: Error) => void = () => undefined
  #serial = 0
  #uniqueName = ''

  private constructor(socket: Socket, codec: Codec, receiver: Receiver) {
    this.#socket = socket
    this.#codec = codec
    this.#receiver = receiver
    this.#frames = new FrameReader((frame) => this.#onFrame(frame), receiver.maxBody)
    this.closed = new Promise((resolve) => (this.#settleClosed = resolve))
    socket.on('error', (cause) => this.#close(new BusLost(cause.message, { cause })))
    socket.on('close', () => this.#close(new BusLost('the bus closed the connection')))
  }

  /** Connects, proves to be `uid` and says Hello. @throws {BusLost} or the signal's reason */
  static async open(
    path: string,
    uid: number,
    codec: Codec,
    receiver: Receiver,
    signal: AbortSignal,
  ): Promise<BusConnection> {
    signal.throwIfAborted()
    const connection = new BusConnection(connect(path), codec, receiver)
    const onAbort = () => connection.#close(signal.reason as Error)
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      await connection.#authenticate(uid)
      const [name] = await connection.callBus('Hello', [])
      connection.#uniqueName = name
      return connection
    } catch (error) {
      connection.#close(error as Error)
      throw error
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  /** Our own name on the bus, e.g. `:1.7`. */
  get uniqueName(): string {
    return this.#uniqueName
  }

  /**
   * Calls a method of a described interface, and waits for the answer's values.
   * @throws {RemoteError}, {InconsistentReply}, {BusLost}, or the signal's reason
   */
  async invoke<D extends InterfaceDescription, M extends MethodName<D>>(
    target: Target,
    description: D,
    member: M,
    body: ArgumentsOf<D, M>,
    { flags = 0, signal }: CallOptions = {},
  ): Promise<ReplyOf<D, M>> {
    const types = description.methods[member] as MethodDescription
    const [signature, expected] = [signatureOf(types.in), signatureOf(types.out)]
    const call = { ...target, interface: description.name, member, signature, body, flags, expected }
    const values: unknown = await this.call(call, signal)
    return values as ReplyOf<D, M> // their types were compared with the description
  }

  /** A call to the bus itself. */
  callBus<M extends MethodName<typeof BUS>>(
    member: M,
    body: ArgumentsOf<typeof BUS, M>,
    signal?: AbortSignal,
  ): Promise<ReplyOf<typeof BUS, M>> {
    return this.invoke(BUS_TARGET, BUS, member, body, { signal })
  }

  /** Waits for the answer's values. @throws {RemoteError}, {InconsistentReply}, {BusLost}, or the signal's reason */
  call(call: RemoteCall, signal?: AbortSignal): Promise<unknown[]> {
    return new Promise((resolve, reject) => {
      if (this.#end !== undefined) return reject(this.#end)
      if (signal?.aborted) return reject(signal.reason as Error)
      const serial = this.#nextSerial()
      const { expected: _, ...message } = call
      const bytes = this.#codec.encode({ type: METHOD_CALL, serial, ...message })
      const onAbort = () => settle(() => reject(signal?.reason as Error))
      const settle = (finish: () => void) => {
        this.#pending.delete(serial)
        signal?.removeEventListener('abort', onAbort)
        finish()
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#pending.set(serial, {
        call,
        resolve: (body) => settle(() => resolve(body)),
        reject: (reason) => settle(() => reject(reason)),
      })
      this.#write(bytes)
    })
  }

  /** Sends what expects no answer; nothing happens when the connection has ended. @throws {Error} for a body that does not fit its signature */
  send(message: Omit<OutgoingMessage, 'serial'>): void {
    if (this.#end === undefined) this.#write(this.#codec.encode({ ...message, serial: this.#nextSerial() }))
  }

  [Symbol.dispose](): void {
    this.#close(new BusLost('we closed the connection'))
  }

  /** Gives the bytes to the kernel, which may keep them for later. */
  #write(bytes: Buffer): void {
    this.#socket.write(bytes)
    if (this.#socket.writableLength > MAX_UNSENT) this.#close(new BusLost('the bus does not read what we send'))
  }

  /** Serials start at 1 and wrap around after 32 bits. */
  #nextSerial(): number {
    this.#serial = (this.#serial % 0xffffffff) + 1 // 0 is not allowed
    return this.#serial
  }

  /** The EXTERNAL mechanism: the kernel tells the bus who we are (D-Bus specification, "Authentication Protocol"). */
  #authenticate(uid: number): Promise<void> {
    return new Promise((resolve, reject) => {
      let line = Buffer.alloc(0)
      void this.closed.then(reject)
      const onData = (chunk: Buffer) => {
        line = Buffer.concat([line, chunk])
        const end = line.indexOf('\r\n')
        if (end < 0 && line.length <= MAX_AUTH_LINE) return
        const answer = line.subarray(0, Math.max(end, 0)).toString('latin1')
        if (!answer.startsWith('OK ')) return this.#close(new BusLost(`the bus does not let us in: ${answer}`))
        this.#socket.off('data', onData)
        this.#socket.on('data', (bytes: Buffer) => this.#onBytes(bytes))
        this.#socket.write('BEGIN\r\n')
        resolve()
      }
      this.#socket.on('data', onData)
      this.#socket.write(`\0AUTH EXTERNAL ${Buffer.from(String(uid)).toString('hex')}\r\n`)
    })
  }

  #onBytes(bytes: Buffer): void {
    if (this.#end !== undefined) return
    this.#readOnSoon()
    try {
      this.#frames.push(bytes)
    } catch (cause) {
      this.#close(new BusLost(`the bus sends what cannot be read: ${reasonOf(cause)}`, { cause }))
    }
  }

  /** What has come is taken in pieces, one in each turn of the event loop: whoever sends thousands of calls keeps nobody waiting. */
  #readOnSoon(): void {
    this.#socket.pause()
    setImmediate(() => this.#socket.resume())
  }

  /** Other types than the four known ones are ignored, as the specification asks for. */
  #onFrame(frame: Frame): void {
    const message = this.#codec.decode(frame)
    if (message.type === METHOD_CALL) this.#receiver.onCall(message)
    else if (message.type === SIGNAL) this.#receiver.onSignal(message)
    else if (message.type === METHOD_RETURN || message.type === ERROR_REPLY) this.#onReply(message)
  }

  #onReply(message: IncomingMessage): void {
    const pending = this.#pending.get(message.replySerial)
    // Anybody can send a message that looks like a reply; only the bus may speak for the bus.
    const isForBus = pending?.call.destination === BUS_TARGET.destination
    if (pending === undefined || (isForBus && message.sender !== BUS_TARGET.destination)) return
    try {
      if (message.type === METHOD_RETURN) pending.resolve(valuesOf(message, pending.call))
      else pending.reject(remoteError(message))
    } catch (cause) {
      const undecodable = new RemoteError(INCONSISTENT, `undecodable reply: ${String(cause)}`)
      pending.reject(cause instanceof InconsistentReply ? cause : undecodable)
    }
  }

  /** Ends the connection once: every waiting call fails with `reason`, and `closed` resolves with it. */
  #close(reason: Error): void {
    if (this.#end !== undefined) return
    this.#end = reason
    this.#socket.destroy()
    for (const call of this.#pending.values()) call.reject(reason)
    this.#settleClosed(reason)
  }
}

const INCONSISTENT = 'org.freedesktop.DBus.Error.InconsistentMessage'

/** The values of a successful answer. @throws {InconsistentReply} for other types than expected, {Error} when undecodable */
function valuesOf(message: IncomingMessage, { expected, interface: name, member }: RemoteCall): unknown[] {
  const isExpected = expected === undefined || message.signature === expected
  if (!isExpected) throw new InconsistentReply(`${name}.${member}`, expected, message.signature)
  if (message.bodySize === Number.POSITIVE_INFINITY) throw new RangeError('it is too large')
  return message.body()
}

/** By convention the first value of an error is a sentence for people. */
function remoteError(message: IncomingMessage): RemoteError {
  const [text] = message.body()
  return new RemoteError(message.errorName, typeof text === 'string' ? text : message.errorName)
}
