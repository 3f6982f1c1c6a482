import type { Clock, Random } from '../base/index.ts'
import type { Outgoing } from '../sys/index.ts'
import { type Endpoint, type OutgoingQuery, type Settle, type Transport, TransportError } from '../upstream/index.ts'
import { TcpConnection } from './tcp-connection.ts'
import { timeoutError, transportError } from './transport-errors.ts'

const MAX_CONNECTIONS = 128

/** Exchanges over connections that are kept and shared, one for each endpoint (R-SRV-17). */
export class TcpTransport implements Transport, AsyncDisposable {
  readonly #outgoing: Outgoing
  readonly #clock: Clock
  readonly #random: Random
  /** All that are open; those in use for new questions are also in `#byEndpoint`. */
  readonly #open = new Set<TcpConnection>()
  readonly #byEndpoint = new Map<string, TcpConnection>()
  #isClosed = false

  constructor(outgoing: Outgoing, clock: Clock, random: Random) {
    this.#outgoing = outgoing
    this.#clock = clock
    this.#random = random
  }

  exchange(query: OutgoingQuery, settle: Settle): () => void {
    let takeBack: (() => void) | undefined
    let hasEnded = false
    const end = (result?: Buffer | TransportError) => {
      if (hasEnded) return
      hasEnded = true
      patience[Symbol.dispose]()
      takeBack?.()
      if (result !== undefined) settle(result)
    }
    const connection = this.#connectionFor(query)
    const patience = this.#clock.after(query.patience, () => {
      if (connection instanceof TcpConnection) connection.retire() // a peer that has gone without a word shows in no other way
      end(timeoutError(query))
    })
    if (connection instanceof TransportError) queueMicrotask(() => end(connection))
    else takeBack = connection.ask(query, end)
    return () => end()
  }

  /** Those that are open came about on other ways than those there are now: what waits there may still be answered. */
  renew(): void {
    for (const connection of this.#open) connection.retire()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    for (const connection of this.#open) connection.close(new TransportError('io', 'the transport is closed'))
  }

  /** Why there is none is told as a value. */
  #connectionFor({ wire, endpoint }: OutgoingQuery): TcpConnection | TransportError {
    if (wire.length > 0xffff) return new TransportError('too-large', 'no message may be that long')
    try {
      return this.#connectionTo(endpoint)
    } catch (error) {
      return transportError(error, endpoint)
    }
  }

  /** @throws an error with the system's `code`, or {TransportError} */
  #connectionTo(endpoint: Endpoint): TcpConnection {
    const key = `${endpoint.address.text} ${endpoint.port} ${endpoint.ifindex}`
    const known = this.#byEndpoint.get(key)
    if (known?.isUsable === true) return known
    const connection = this.#connect(endpoint, key)
    this.#open.add(connection)
    this.#byEndpoint.set(key, connection)
    return connection
  }

  #connect(endpoint: Endpoint, key: string): TcpConnection {
    if (this.#isClosed) throw new TransportError('io', 'the transport is closed')
    this.#makeRoom()
    return new TcpConnection(endpoint, this.#outgoing.connectTcp(endpoint), this.#clock, this.#random, (closed) => {
      this.#open.delete(closed)
      if (this.#byEndpoint.get(key) === closed) this.#byEndpoint.delete(key)
    })
  }

  /** The oldest connection that nobody waits for gives way. @throws {TransportError} when all are busy */
  #makeRoom(): void {
    if (this.#open.size < MAX_CONNECTIONS) return
    for (const connection of this.#open) {
      if (connection.isIdle) return connection.close(new TransportError('closed', 'too many connections'))
    }
    throw new TransportError('io', 'too many open connections')
  }
}
