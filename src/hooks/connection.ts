import { connect, type Socket } from 'node:net'
import {
  encodeCall,
  HOOK_INTERFACE,
  type JsonObject,
  MessageReader,
  parseReply,
  ProtocolError,
  type ReplyMessage,
} from '../varlink-idl/index.ts'

/** Bytes of one message of a hook: an answer fits into a DNS message, a filter may list thousands of names. */
const MAX_HOOK_MESSAGE = 1 << 20

/** An error reply of a hook. */
export class HookError extends Error {
  override readonly name = 'HookError'
}

/** One connection to a hook's socket, for one call at a time; reused while both sides like (H-RR-5). */
export class HookConnection implements Disposable {
  readonly #socket: Socket
  readonly #reader = new MessageReader(MAX_HOOK_MESSAGE)
  #onReply: ((reply: ReplyMessage) => void) | undefined
  #onEnd: ((reason: Error) => void) | undefined
  #isOpen = true

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.on('error', (error) => this.#close(error))
    socket.on('close', () => this.#close(new ProtocolError('it closed the connection')))
    socket.unref() // an idle connection does not keep the process
  }

  /** @throws the system's error, or the signal's reason */
  static open(path: string, signal: AbortSignal): Promise<HookConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ path, signal })
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.off('error', reject)
        resolve(new HookConnection(socket))
      })
    })
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
    this.#close(new ProtocolError('the call was given up'))
  }

  /** Parameters of the one reply. @throws {HookError} for an error reply, what ended the connection, the signal's reason */
  async call(
    method: keyof typeof HOOK_INTERFACE.methods,
    parameters: JsonObject,
    signal: AbortSignal,
  ): Promise<JsonObject> {
    let found: JsonObject = {}
    await this.#exchange(method, parameters, false, signal, (reply) => (found = reply))
    return found
  }

  /** Calls back for each reply that another one follows; resolves with the parameters of the last. @throws as `call` */
  async follow(
    method: keyof typeof HOOK_INTERFACE.methods,
    signal: AbortSignal,
    onReply: (parameters: JsonObject) => void,
  ): Promise<void> {
    await this.#exchange(method, {}, true, signal, onReply)
  }

  #exchange(
    method: string,
    parameters: JsonObject,
    more: boolean,
    signal: AbortSignal,
    onReply: (parameters: JsonObject) => void,
  ): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const onAbort = () => {
        reject(signal.reason as Error)
        this[Symbol.dispose]() // a late reply must not be taken for one to the next call
      }
      const settle = (error?: Error) => {
        signal.removeEventListener('abort', onAbort)
        this.#onReply = undefined
        this.#onEnd = undefined
        if (error === undefined) resolve()
        else reject(error)
      }
      this.#onReply = (reply) => {
        if (reply.error !== undefined) return settle(new HookError(reply.error))
        onReply(reply.parameters)
        if (!reply.continues || !more) settle()
      }
      this.#onEnd = settle
      signal.addEventListener('abort', onAbort, { once: true })
      if (signal.aborted) return onAbort()
      if (!this.#isOpen) return settle(new ProtocolError('it closed the connection'))
      this.#socket.write(encodeCall(`${HOOK_INTERFACE.name}.${method}`, parameters, more))
    })
  }

  /** A message nobody asked for, or one that cannot be read, ends the connection. */
  #read(chunk: Buffer): void {
    try {
      for (const message of this.#reader.push(chunk)) {
        const reply = parseReply(message)
        if (this.#onReply === undefined) throw new ProtocolError('it sent a reply to no call')
        this.#onReply(reply)
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.#socket.destroy()
      this.#close(error)
    }
  }

  #close(reason: Error): void {
    this.#isOpen = false
    this.#onEnd?.(reason)
  }
}
