import { writeSync } from 'node:fs'
import { isTerminal, type Libc, terminalColumns } from '../../sys/index.ts'

/**
 * Standard output or error. What is written is out at once, and Node's stream, which loads its sockets, is made only where
 * the other end does not keep up: from then on it keeps the order.
 */
export class StandardStream {
  readonly isTerminal: boolean
  readonly #fd: 1 | 2
  readonly #libc: Libc | undefined
  readonly #onFailure: (error: NodeJS.ErrnoException) => void
  #stream: NodeJS.WriteStream | undefined

  /** `onFailure` hears of what cannot be written. */
  constructor(fd: 1 | 2, libc: Libc | undefined, onFailure: (error: NodeJS.ErrnoException) => void) {
    this.isTerminal = isTerminal(libc, fd)
    this.#fd = fd
    this.#libc = libc
    this.#onFailure = onFailure
  }

  /** Of the terminal, if it is one and tells. */
  get columns(): number | undefined {
    if (!this.isTerminal) return undefined
    return (
      (this.#libc === undefined ? nodeStream(this.#fd).columns : terminalColumns(this.#libc, this.#fd)) || undefined
    )
  }

  write(bytes: Uint8Array): void {
    if (this.#stream !== undefined) {
      this.#stream.write(bytes)
      return
    }
    let at = 0
    try {
      while (at < bytes.length) at += writeSync(this.#fd, bytes, at)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') this.#goOnLater(bytes.subarray(at))
      else this.#onFailure(error as NodeJS.ErrnoException)
    }
  }

  /** For a pipe that is full and that somebody has made non-blocking. */
  #goOnLater(rest: Uint8Array): void {
    this.#stream = nodeStream(this.#fd)
    this.#stream.on('error', this.#onFailure)
    this.#stream.write(rest)
  }
}

function nodeStream(fd: 1 | 2): NodeJS.WriteStream {
  return fd === 1 ? process.stdout : process.stderr
}
