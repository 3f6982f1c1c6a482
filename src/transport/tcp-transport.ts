import type { Clock, Random } from '../base/index.ts'
import type { Outgoing } from '../sys/index.ts'
import { type Endpoint, type OutgoingQuery, type Transport, TransportError } from '../upstream/index.ts'
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

  exchange(query: OutgoingQuery, signal: AbortSignal): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted()
      if (query.wire.length > 0xffff) throw new TransportError('too-large', 'no message may be that long')
      const connection = this.#connectionTo(query.endpoint)
      const onAbort = () => {
        end()
        takeBack()
        reject(signal.reason as Error)
      }
      const patience = this.#clock.after(query.patience, () => {
        end()
        connection.retire() // a peer that has gone without a word shows in no other way
        takeBack()
        reject(timeoutError(query))
      })
      const end = () => {
        patience[Symbol.dispose]()
        signal.removeEventListener('abort', onAbort)
      }
      signal.addEventListener('abort', onAbort)
      const takeBack = connection.ask(query, (result) => {
        end()
        if (Buffer.isBuffer(result)) resolve(result)
        else reject(result)
      })
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    for (const connection of this.#open) connection.close(new TransportError('io', 'the transport is closed'))
  }

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
    try {
      return new TcpConnection(endpoint, this.#outgoing.connectTcp(endpoint), this.#clock, this.#random, (closed) => {
        this.#open.delete(closed)
        if (this.#byEndpoint.get(key) === closed) this.#byEndpoint.delete(key)
      })
    } catch (error) {
      throw transportError(error, endpoint)
    }
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
