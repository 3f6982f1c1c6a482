import type { Clock } from '../base/index.ts'
import { type Endpoint, type OutgoingQuery, type Settle, TransportError } from '../upstream/index.ts'
import type { ChannelTransport } from './channel-transport.ts'
import { type ExchangeEnd, PendingExchange } from './pending-exchange.ts'

/** Open connections per channel; each is a descriptor here and at the server. */
const MAX_CONNECTIONS = 128
/** What the length prefix of DNS over a stream can say (RFC 1035 §4.2.2). */
const LARGEST_MESSAGE = 0xffff

/** One connection to one server, shared by many exchanges whose answers come in any order (RFC 7766 §7). */
export interface Connection {
  /** False once it is closed, full, or has left a question unanswered: no new questions then. */
  readonly isUsable: boolean
  /** Nobody waits for anything. */
  readonly isIdle: boolean
  /**
   * Sends the question; `settle` is called once and later, with the answer or why there is none. The function returned
   * takes the question back: nothing is settled then, and an answer that still comes is dropped. `wasSilent`: nobody
   * waits any longer, and a peer that has said nothing meanwhile is taken for gone.
   */
  ask(query: OutgoingQuery, settle: Settle): (wasSilent: boolean) => void
  /** Takes no new questions, and closes when none waits any more. */
  retire(): void
  /** Everything that waits ends with `reason`. */
  close(reason: TransportError): void
}

/** Begins to connect; `onClosed` is called once. @throws {TransportError} or an error with the system's `code` */
export type Connect = (endpoint: Endpoint, onClosed: (connection: Connection) => void) => Connection

/** Exchanges over connections that are kept and shared, one for each endpoint (R-SRV-17). */
export class ConnectionTransport implements ChannelTransport {
  readonly #connect: Connect
  readonly #clock: Clock
  readonly #isCostly: boolean
  /** All that are open; those in use for new questions are also in `#byEndpoint`. */
  readonly #open = new Set<Connection>()
  readonly #byEndpoint = new Map<string, Connection>()
  /** What waits for a turn to connect, by endpoint. */
  readonly #cold = new Map<string, ConnectionExchange[]>()
  #isClosed = false

  /** `isCostly`: to connect takes milliseconds, so each connection is begun in a turn of the loop of its own. */
  constructor(connect: Connect, clock: Clock, isCostly = false) {
    this.#connect = connect
    this.#clock = clock
    this.#isCostly = isCostly
  }

  exchange(query: OutgoingQuery, settle: Settle): () => void {
    const key = endpointKey(query.endpoint)
    const exchange = new ConnectionExchange(query, settle, (endpoint) => this.#connectionTo(endpoint, key))
    if (this.#isCostly && this.#usable(key) === undefined) this.#beginLater(key, exchange)
    else exchange.begin(this.#clock)
    return () => exchange.cancel()
  }

  /** Open connections use the old routes: what waits there may still be answered. */
  renew(): void {
    for (const connection of this.#open) connection.retire()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    for (const connection of this.#open) connection.close(new TransportError('io', 'the transport is closed'))
  }

  #beginLater(key: string, exchange: ConnectionExchange): void {
    const waiting = this.#cold.get(key)
    if (waiting !== undefined) return void waiting.push(exchange)
    this.#cold.set(key, [exchange])
    if (this.#cold.size === 1) setImmediate(() => this.#beginNext())
  }

  /** One connection, and all that wait for it; the next one in another turn. */
  #beginNext(): void {
    const [next] = this.#cold
    if (next === undefined) return
    const [key, exchanges] = next
    this.#cold.delete(key)
    if (this.#cold.size > 0) setImmediate(() => this.#beginNext())
    for (const exchange of exchanges) exchange.begin(this.#clock)
  }

  /** @throws {TransportError} or an error with the system's `code` */
  #connectionTo(endpoint: Endpoint, key: string): Connection {
    const known = this.#usable(key)
    if (known !== undefined) return known
    if (this.#isClosed) throw new TransportError('io', 'the transport is closed')
    this.#makeRoom()
    const connection = this.#connect(endpoint, (closed) => {
      this.#open.delete(closed)
      if (this.#byEndpoint.get(key) === closed) this.#byEndpoint.delete(key)
    })
    this.#open.add(connection)
    this.#byEndpoint.set(key, connection)
    return connection
  }

  #usable(key: string): Connection | undefined {
    const connection = this.#byEndpoint.get(key)
    return connection?.isUsable === true ? connection : undefined
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

/** All that tells two connections apart: a verified question must not ride on an unverified one (E-OURS-3). */
export function endpointKey({ address, port, ifindex, serverName, isVerified, resource }: Endpoint): string {
  const verification = isVerified === true ? 'verified' : 'any'
  return [address.text, port, ifindex, verification, serverName, resource?.authority, resource?.path].join(' ')
}

/** One question on a shared connection. */
class ConnectionExchange extends PendingExchange {
  readonly #connectionTo: (endpoint: Endpoint) => Connection
  #takeBack: ((wasSilent: boolean) => void) | undefined

  constructor(query: OutgoingQuery, settle: Settle, connectionTo: (endpoint: Endpoint) => Connection) {
    super(query, settle)
    this.#connectionTo = connectionTo
  }

  protected send(): void {
    const { wire, endpoint } = this.query
    if (wire.length > LARGEST_MESSAGE) throw new TransportError('too-large', 'no message may be that long')
    this.#takeBack = this.#connectionTo(endpoint).ask(this.query, (...result) => this.finish(...result))
  }

  protected release(end: ExchangeEnd): void {
    this.#takeBack?.(end === 'timeout') // the only sign of a peer that is gone without closing
  }
}
