import { connect, type Socket } from 'node:net'
import { MAX_MESSAGE, MessageReader } from '../../varlink-idl/index.ts'

/** Bytes of one read. */
const CHUNK = 65_536

/**
 * One call over a varlink socket and the messages that answer it, for one reader. A slow reader slows the daemon down: nothing is
 * read while a message waits. Neither the socket's stream nor an `AbortSignal` takes part: they are a tenth of a short call.
 */
export class VarlinkConnection implements Disposable {
  readonly #socket: Socket
  readonly #reader = new MessageReader(MAX_MESSAGE)
  readonly #messages: Buffer[] = []
  #isPaused = false
  #isEnded = false
  /** What ended it, where that is worth telling. */
  #problem: Error | undefined
  /** Of the reader that waits for a message. */
  #wake = () => {}

  /** Connects, and sends `call` then. */
  constructor(path: string, call: Buffer) {
    const onread = { buffer: Buffer.allocUnsafe(CHUNK), callback: this.#onBytes }
    this.#socket = connect({ path, onread }, () => this.#socket.write(call))
    this.#socket.on('error', (cause) => this.end(cause))
    this.#socket.on('close', () => this.end())
  }

  /** The next message; undefined when there are no more. @throws {Error} what ended it, {ProtocolError} */
  async receive(): Promise<Buffer | undefined> {
    if (this.#messages.length === 0 && !this.#isEnded) {
      this.#readOn()
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
    const message = this.#messages.shift()
    if (message === undefined && this.#problem !== undefined) throw this.#problem
    return message
  }

  /** From now on nothing more comes, and `problem` is thrown, if it is given; the first call counts. */
  end(problem?: Error): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#problem = problem
    this.#socket.destroy()
    this.#wake()
  }

  [Symbol.dispose](): void {
    this.end()
  }

  #readOn(): void {
    if (this.#isPaused) this.#socket.resume()
    this.#isPaused = false
  }

  /** Whether to read on. The buffer is used again. */
  readonly #onBytes = (length: number, buffer: Uint8Array): boolean => {
    try {
      this.#messages.push(...this.#reader.push(Buffer.from(buffer.subarray(0, length))))
    } catch (problem) {
      this.end(problem as Error)
    }
    this.#isPaused = this.#messages.length > 0
    if (this.#isPaused) this.#wake()
    return !this.#isPaused
  }
}
