import type { Socket } from 'node:net'
import type { Stream, StreamEvents } from './stream.ts'

const NOTHING = Buffer.alloc(0)

/** A connection by plain Node; the socket must allow to be half open. */
export class PlainStream implements Stream {
  readonly #socket: Socket
  #events: StreamEvents | undefined

  constructor(socket: Socket) {
    this.#socket = socket
  }

  get isClosed(): boolean {
    return this.#socket.destroyed
  }

  get unsent(): number {
    return this.#socket.writableLength
  }

  get isFull(): boolean {
    return this.#socket.writableNeedDrain
  }

  start(events: StreamEvents): void {
    this.#events = events
    let failure: Error | undefined
    this.#socket.on('data', (chunk: Buffer) => events.onData(chunk))
    this.#socket.on('end', () => events.onEnd())
    this.#socket.on('error', (error) => {
      failure = error
    })
    this.#socket.on('close', () => events.onClose(failure))
  }

  write(bytes: Buffer): void {
    if (!this.isClosed) this.#socket.write(bytes, () => !this.isClosed && this.#events?.onTaken())
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  /** What is written is with the client already, unless some of it still waits here. */
  end(): void {
    if (this.unsent === 0) this.#socket.destroy()
    else this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  /** Writing nothing fails with EPIPE when nobody is there to read. */
  probe(): void {
    if (!this.isClosed && this.unsent === 0) this.#socket.write(NOTHING)
  }
}
