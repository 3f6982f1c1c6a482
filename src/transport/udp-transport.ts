import type { Clock, Random } from '../base/index.ts'
import type { Outgoing, UdpEvents } from '../sys/index.ts'
import { type OutgoingQuery, type Settle, type Transport, TransportError } from '../upstream/index.ts'
import { Graveyard } from './graveyard.ts'
import { timeoutError, transportError } from './transport-errors.ts'
import { type PooledUdp, UdpPool } from './udp-pool.ts'

/** Open sockets, resting ones included: each is a descriptor and a port that others may need. */
const MAX_SOCKETS = 4096

/**
 * Each exchange has a socket of its own while it lasts, and with it a port that nobody can guess and a filter in the
 * kernel that lets only this server and this link through (R-SRV-7, R-SRV-8).
 */
export class UdpTransport implements Transport, AsyncDisposable {
  readonly #clock: Clock
  readonly #pool: UdpPool
  readonly #graveyard: Graveyard
  readonly #live = new Set<UdpExchange>()
  #isClosed = false

  constructor(outgoing: Outgoing, clock: Clock, random: Random) {
    this.#clock = clock
    this.#pool = new UdpPool((endpoint, events) => outgoing.connectUdp(endpoint, events), clock, random)
    this.#graveyard = new Graveyard(clock)
  }

  exchange(query: OutgoingQuery, settle: Settle): () => void {
    const exchange = new UdpExchange(query, this.#pool, this.#graveyard, (result) => {
      this.#live.delete(exchange)
      if (result !== undefined) settle(result)
    })
    const isFull = this.#live.size + this.#graveyard.size >= MAX_SOCKETS
    this.#live.add(exchange)
    if (this.#isClosed) exchange.fail(closed())
    else if (isFull) exchange.fail(new TransportError('io', 'too many open sockets'))
    else exchange.begin(this.#clock)
    return () => exchange.giveUp(undefined)
  }

  /** Addresses or routes have changed. */
  renew(): void {
    this.#pool.renew()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    for (const exchange of this.#live) exchange.giveUp(closed())
    this.#graveyard[Symbol.dispose]()
    this.#pool[Symbol.dispose]()
  }
}

function closed(): TransportError {
  return new TransportError('io', 'the transport is closed')
}

/** One question on its way: sent once, then waiting until `end` is called, once; with nothing when it is taken back. */
class UdpExchange implements UdpEvents {
  readonly #query: OutgoingQuery
  readonly #pool: UdpPool
  readonly #graveyard: Graveyard
  readonly #end: (result: Buffer | TransportError | undefined) => void
  #socket: PooledUdp | undefined
  #patience: Disposable | undefined
  #hasEnded = false

  constructor(
    query: OutgoingQuery,
    pool: UdpPool,
    graveyard: Graveyard,
    end: (result: Buffer | TransportError | undefined) => void,
  ) {
    this.#query = query
    this.#pool = pool
    this.#graveyard = graveyard
    this.#end = end
  }

  begin(clock: Clock): void {
    const { endpoint, wire, patience } = this.#query
    try {
      this.#socket = this.#pool.send(endpoint, wire, this)
    } catch (error) {
      return this.fail(transportError(error, endpoint))
    }
    this.#patience = clock.after(patience, () => this.giveUp(timeoutError(this.#query)))
  }

  /** It could not even be sent, which is told when the caller is ready to hear it. */
  fail(reason: TransportError): void {
    queueMicrotask(() => this.#finish(reason))
  }

  /** The answer may still come, so the socket goes to rest. */
  giveUp(reason: TransportError | undefined): void {
    if (this.#hasEnded) return
    if (this.#socket !== undefined) this.#graveyard.bury(this.#socket)
    this.#finish(reason)
  }

  /** A wrong message may be a forgery, and is passed over; the right one may still come (R-SRV-7). */
  onMessage(bytes: Buffer): void {
    const socket = this.#socket
    if (socket === undefined) return
    if (this.#hasEnded)
      this.#graveyard.exhume(socket) // what it was kept for has come
    else if (this.#query.isAnsweredBy(bytes)) {
      this.#pool.giveBack(socket)
      this.#finish(bytes)
    } else socket.retire()
  }

  onError(error: unknown): void {
    const socket = this.#socket
    if (socket === undefined) return
    if (this.#hasEnded) this.#graveyard.exhume(socket)
    else {
      socket.close()
      this.#finish(transportError(error, this.#query.endpoint))
    }
  }

  #finish(result: Buffer | TransportError | undefined): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#patience?.[Symbol.dispose]()
    this.#end(result)
  }
}
