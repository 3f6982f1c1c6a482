import { HookConnection } from './connection.ts'

/** Idle connections that are kept; more are opened while more questions are under way (H-RR-5). */
const MAX_IDLE = 4
/** Questions under way at one hook; others wait their turn, as long as their patience lasts. */
const MAX_BUSY = 64

/** The connections to one hook. Each carries one call at a time. */
export class HookConnections implements Disposable {
  readonly #path: string
  #idle: HookConnection[] = []
  #busy = 0
  readonly #waiting = new Set<() => void>()

  constructor(path: string) {
    this.#path = path
  }

  [Symbol.dispose](): void {
    for (const connection of this.#idle.splice(0)) connection[Symbol.dispose]()
  }

  /** Lends a connection for one call. @throws as the call, the system's error, or the signal's reason */
  async use<T>(signal: AbortSignal, call: (connection: HookConnection) => Promise<T>): Promise<T> {
    await this.#turn(signal)
    let connection: HookConnection | undefined
    try {
      connection = this.#takeIdle() ?? (await HookConnection.open(this.#path, signal))
      return await call(connection)
    } finally {
      this.#busy--
      if (connection !== undefined) this.#putBack(connection)
      for (const next of this.#waiting) {
        this.#waiting.delete(next)
        next()
        break
      }
    }
  }

  /** Counts itself busy. */
  async #turn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    while (this.#busy >= MAX_BUSY) {
      await new Promise<void>((resolve, reject) => {
        const onAbort = () => {
          this.#waiting.delete(next)
          reject(signal.reason as Error)
        }
        const next = () => {
          signal.removeEventListener('abort', onAbort)
          resolve()
        }
        this.#waiting.add(next)
        signal.addEventListener('abort', onAbort, { once: true })
      })
    }
    this.#busy++
  }

  /** The hook may have closed those that were idle. */
  #takeIdle(): HookConnection | undefined {
    this.#idle = this.#idle.filter(({ isOpen }) => isOpen)
    return this.#idle.pop()
  }

  #putBack(connection: HookConnection): void {
    if (connection.isOpen && this.#idle.length < MAX_IDLE) this.#idle.push(connection)
    else connection[Symbol.dispose]()
  }
}
