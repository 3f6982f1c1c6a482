import type { Clock, CrowdMember, Random } from '../base/index.ts'
import { Crowd, NOWHERE } from '../base/index.ts'
import type { Outgoing, UdpEvents } from '../sys/index.ts'
import { type OutgoingQuery, type Settle, type Transport, TransportError } from '../upstream/index.ts'
import { Graveyard } from './graveyard.ts'
import type { PooledUdp } from './pooled-udp.ts'
import { timeoutError, transportError } from './transport-errors.ts'
import { UdpPool } from './udp-pool.ts'

/** Open sockets, resting ones included: each is a descriptor and a port that others may need. */
const MAX_SOCKETS = 4096
/** A question asked again leaves so many to others, for each time up to the fourth: a flood that nobody answers asks often. */
const LEFT_TO_OTHERS = MAX_SOCKETS / 8

/**
 * Each exchange has a socket of its own while it lasts, and with it a port that nobody can guess and a filter in the
 * kernel that lets only this server and this link through (R-SRV-7, R-SRV-8).
 */
export class UdpTransport implements Transport, AsyncDisposable {
  readonly #clock: Clock
  readonly #pool: UdpPool
  readonly #graveyard: Graveyard
  readonly #live = new Crowd<UdpExchange>()
  #isClosed = false

  constructor(outgoing: Outgoing, clock: Clock, random: Random) {
    this.#clock = clock
    this.#pool = new UdpPool((endpoint, events) => outgoing.connectUdp(endpoint, events), clock, random)
    this.#graveyard = new Graveyard(clock)
  }

  exchange(query: OutgoingQuery, settle: Settle): () => void {
    const room = MAX_SOCKETS - LEFT_TO_OTHERS * Math.min(4, query.earlier)
    const isFull = this.#live.size + this.#graveyard.size >= room
    const exchange = new UdpExchange(query, settle, this.#live, this.#pool, this.#graveyard)
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

/** One question on its way: sent once, then among the living until it is settled or taken back. */
class UdpExchange implements UdpEvents, CrowdMember {
  readonly #query: OutgoingQuery
  readonly #settle: Settle
  readonly #live: Crowd<UdpExchange>
  readonly #pool: UdpPool
  readonly #graveyard: Graveyard
  place = NOWHERE
  /** The most questions that were out together when it was one of them, as far as it saw. */
  #out: number
  #socket: PooledUdp | undefined
  #patience: Disposable | undefined

  constructor(query: OutgoingQuery, settle: Settle, live: Crowd<UdpExchange>, pool: UdpPool, graveyard: Graveyard) {
    this.#query = query
    this.#settle = settle
    this.#live = live
    this.#pool = pool
    this.#graveyard = graveyard
    live.add(this)
    this.#out = live.size
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
    queueMicrotask(() => this.#end() && this.#settle(reason))
  }

  /** The answer may still come, so the socket goes to rest. Without a reason nothing is told. */
  giveUp(reason: TransportError | undefined): void {
    if (!this.#end()) return
    if (this.#socket !== undefined) this.#graveyard.bury(this.#socket)
    if (reason !== undefined) this.#settle(reason)
  }

  /** A wrong message may be a forgery, and is passed over; the right one may still come (R-SRV-7). */
  onMessage(bytes: Buffer): void {
    const socket = this.#socket
    if (socket === undefined) return
    if (!this.#live.has(this)) return void this.#graveyard.exhume(socket) // what it was kept for has come
    if (!this.#query.isAnsweredBy(bytes)) return socket.retire()
    // The last answers of a burst would otherwise close their sockets, for the next burst to open others.
    this.#pool.giveBack(socket, Math.max(this.#out, this.#live.size))
    this.#end()
    this.#settle(bytes)
  }

  onError(error: unknown): void {
    const socket = this.#socket
    if (socket === undefined) return
    if (!this.#end()) return void this.#graveyard.exhume(socket)
    socket.close()
    this.#settle(transportError(error, this.#query.endpoint))
  }

  /** False when it was over before. */
  #end(): boolean {
    this.#patience?.[Symbol.dispose]()
    return this.#live.delete(this)
  }
}
