import { connect, type Socket } from 'node:net'
import { reasonOf } from '../base/index.ts'
import type { Codec, IncomingMessage, OutgoingMessage } from './codec.ts'
import { ERROR_REPLY, METHOD_CALL, METHOD_RETURN, SIGNAL } from './codec.ts'
import { type Frame, FrameReader } from './frames.ts'

export const BUS_NAME = 'org.freedesktop.DBus'
export const BUS_PATH = '/org/freedesktop/DBus'

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

/** A call of ours. */
export interface RemoteCall {
  readonly destination: string
  readonly path: string
  readonly interface: string
  readonly member: string
  readonly signature?: string
  readonly body?: readonly unknown[]
  readonly flags?: number
}

/** What arrives that is not the answer to a call of ours. Must not throw. */
export interface Receiver {
  onCall(message: IncomingMessage): void
  onSignal(message: IncomingMessage): void
}

interface PendingCall {
  readonly destination: string
  resolve(body: unknown[]): void
  reject(reason: Error): void
}

/** The line of the SASL conversation we wait for is short; more than this is not a bus. */
const MAX_AUTH_LINE = 4096

/** Bytes that may wait for a bus that stands still. */
const MAX_UNSENT = 1 << 26

/** One authenticated connection to a message bus. It never reconnects; `closed` says when and why it ended. */
export class BusConnection implements Disposable {
  /** Resolves once, with what ended the connection. */
  readonly closed: Promise<Error>
  readonly #socket: Socket
  readonly #codec: Codec
  readonly #receiver: Receiver
  readonly #pending = new Map<number, PendingCall>()
  readonly #framer = new FrameReader((frame) => this.#onFrame(frame))
  #end: Error | undefined
  #settleClosed: (reason: Error) => void = () => undefined
  #serial = 0
  #uniqueName = ''

  private constructor(socket: Socket, codec: Codec, receiver: Receiver) {
    this.#socket = socket
    this.#codec = codec
    this.#receiver = receiver
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
      const [name] = await connection.callBus('Hello', '', [])
      connection.#uniqueName = name as string
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

  /** Waits for the answer's values. @throws {RemoteError}, {BusLost}, or the signal's reason */
  call(call: RemoteCall, signal?: AbortSignal): Promise<unknown[]> {
    return new Promise((resolve, reject) => {
      if (this.#end !== undefined) return reject(this.#end)
      if (signal?.aborted) return reject(signal.reason as Error)
      const serial = this.#nextSerial()
      const bytes = this.#codec.encode({ type: METHOD_CALL, serial, ...call })
      const onAbort = () => settle(() => reject(signal?.reason as Error))
      const settle = (finish: () => void) => {
        this.#pending.delete(serial)
        signal?.removeEventListener('abort', onAbort)
        finish()
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#pending.set(serial, {
        destination: call.destination,
        resolve: (body) => settle(() => resolve(body)),
        reject: (reason) => settle(() => reject(reason)),
      })
      this.#write(bytes)
    })
  }

  /** A call to the bus itself. */
  callBus(member: string, signature: string, body: readonly unknown[], signal?: AbortSignal): Promise<unknown[]> {
    const target = { destination: BUS_NAME, path: BUS_PATH, interface: BUS_NAME }
    return this.call({ ...target, member, signature, body }, signal)
  }

  /** Sends what expects no answer; nothing happens when the connection has ended. @throws {Error} for a body that does not fit its signature */
  send(message: Omit<OutgoingMessage, 'serial'>): void {
    if (this.#end === undefined) this.#write(this.#codec.encode({ ...message, serial: this.#nextSerial() }))
  }

  [Symbol.dispose](): void {
    this.#close(new BusLost('we closed the connection'))
  }

  #write(bytes: Buffer): void {
    this.#socket.write(bytes)
    if (this.#socket.writableLength > MAX_UNSENT) this.#close(new BusLost('the bus does not read what we send'))
  }

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
    try {
      this.#framer.push(bytes)
    } catch (cause) {
      this.#close(new BusLost(`the bus sends what cannot be read: ${reasonOf(cause)}`, { cause }))
    }
  }

  #onFrame(frame: Frame): void {
    const message = this.#codec.decode(frame)
    if (message.type === METHOD_CALL) this.#receiver.onCall(message)
    else if (message.type === SIGNAL) this.#receiver.onSignal(message)
    else if (message.type === METHOD_RETURN || message.type === ERROR_REPLY) this.#onReply(message)
  }

  #onReply(message: IncomingMessage): void {
    const call = this.#pending.get(message.replySerial)
    // Anybody can send a message that looks like a reply; only the bus may speak for the bus.
    if (call === undefined || (call.destination === BUS_NAME && message.sender !== BUS_NAME)) return
    try {
      const body = message.body()
      if (message.type === METHOD_RETURN) call.resolve(body)
      else call.reject(new RemoteError(message.errorName, typeof body[0] === 'string' ? body[0] : message.errorName))
    } catch (cause) {
      call.reject(
        new RemoteError('org.freedesktop.DBus.Error.InconsistentMessage', `undecodable reply: ${String(cause)}`),
      )
    }
  }

  #close(reason: Error): void {
    if (this.#end !== undefined) return
    this.#end = reason
    this.#socket.destroy()
    for (const call of this.#pending.values()) call.reject(reason)
    this.#settleClosed(reason)
  }
}
