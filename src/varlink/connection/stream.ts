/** What a connection tells its owner. Nothing is told after `onClose`, which comes once. */
export interface StreamEvents {
  /** The bytes are the receiver's to keep. */
  onData(bytes: Buffer): void
  /** The client sends no more; it may still read. */
  onEnd(): void
  /** The client has taken some of what waited for it. */
  onTaken(): void
  /** With the error, if that is why. */
  onClose(error: Error | undefined): void
}

/**
 * A connection, whoever speaks the system calls: the sys room where the C library can be called, as a call then costs a
 * fraction (see there), else `node:net`.
 */
export interface Stream {
  readonly isClosed: boolean
  /** Bytes written that still wait here. */
  readonly unsent: number
  /** True while it is better not to write more; `onTaken` tells when that is over. */
  readonly isFull: boolean
  /** Begins to read. To be called once; an unwanted stream is destroyed instead. */
  start(events: StreamEvents): void
  /** Keeps the bytes until they are sent: they must not change. */
  write(bytes: Buffer): void
  pause(): void
  resume(): void
  /** Closes when all that was written is sent. */
  end(): void
  /** Closes at once. */
  destroy(): void
  /** Finds out whether the client is gone altogether, and not only done with sending: then it closes. */
  probe(): void
}
