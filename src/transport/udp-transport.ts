import type { IntrusiveMember } from '../base/index.ts'
import { IntrusiveSet, NOT_A_MEMBER } from '../base/index.ts'
import type { UdpEvents } from '../sys/index.ts'
import { type OutgoingQuery, type Settle, TransportError } from '../upstream/index.ts'
import type { ChannelContext, ChannelTransport } from './channel-transport.ts'
import { LateReplySockets } from './late-reply-sockets.ts'
import { type ExchangeEnd, PendingExchange } from './pending-exchange.ts'
import type { PooledUdp } from './pooled-udp.ts'
import { transportError } from './transport-errors.ts'
import { UdpPool } from './udp-pool.ts'

/** Open sockets, those kept for late replies included: each is a descriptor and a port that others may need. */
const MAX_SOCKETS = 4096
/**
 * A message that repeats a question leaves so many sockets to others, for each repetition up to the fourth: under a flood
 * of questions that no server answers, first messages still find room.
 */
const LEFT_TO_OTHERS = MAX_SOCKETS / 8

/**
 * Each exchange has a socket of its own while it lasts, and with it a port that nobody can guess and a filter in the
 * kernel that lets only this server and this link through (R-SRV-7, R-SRV-8).
 */
export class UdpTransport implements ChannelTransport {
  readonly #context: ChannelContext
  readonly #pool: UdpPool
  readonly #late: LateReplySockets
  readonly #live = new IntrusiveSet<UdpExchange>()
  #isClosed = false

  constructor(context: ChannelContext) {
    const { outgoing, clock, random } = context
    this.#context = context
    this.#pool = new UdpPool((endpoint, events) => outgoing.connectUdp(endpoint, events), clock, random)
    this.#late = new LateReplySockets(clock)
  }

  exchange(query: OutgoingQuery, settle: Settle): () => void {
    const room = MAX_SOCKETS - LEFT_TO_OTHERS * Math.min(4, query.earlier)
    const isFull = this.#live.size + this.#late.size >= room
    const exchange = new UdpExchange(query, settle, this.#live, this.#pool, this.#late)
    if (this.#isClosed) exchange.failLater(closed())
    else if (isFull) exchange.failLater(new TransportError('io', 'too many open sockets'))
    else exchange.begin(this.#context.clock)
    return () => exchange.cancel()
  }

  renew(): void {
    this.#pool.renew()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    for (const exchange of this.#live) exchange.finish(closed())
    this.#late[Symbol.dispose]()
    this.#pool[Symbol.dispose]()
  }
}

function closed(): TransportError {
  return new TransportError('io', 'the transport is closed')
}

/** One question on a socket of its own, until it ends; then the socket goes back to the pool or waits for a late reply. */
class UdpExchange extends PendingExchange implements UdpEvents, IntrusiveMember {
  readonly #live: IntrusiveSet<UdpExchange>
  readonly #pool: UdpPool
  readonly #late: LateReplySockets
  setIndex = NOT_A_MEMBER
  /** The most exchanges that were under way when it began; `release` looks again. */
  #out: number
  #socket: PooledUdp | undefined

  constructor(
    query: OutgoingQuery,
    settle: Settle,
    live: IntrusiveSet<UdpExchange>,
    pool: UdpPool,
    late: LateReplySockets,
  ) {
    super(query, settle)
    this.#live = live
    this.#pool = pool
    this.#late = late
    live.add(this)
    this.#out = live.size
  }

  protected send(): void {
    const { endpoint, wire } = this.query
    this.#socket = this.#pool.send(endpoint, wire, this)
  }

  protected release(end: ExchangeEnd): void {
    // The larger of both, or the last answers of a burst would close their sockets and the next burst open others.
    const out = Math.max(this.#out, this.#live.size)
    this.#live.delete(this)
    const socket = this.#socket
    if (socket === undefined) return
    if (end === 'answered') this.#pool.giveBack(socket, out)
    else if (end === 'failed') socket.close()
    else this.#late.keep(socket) // the answer may still come
  }

  /** A wrong message may be a forgery, and is passed over; the right one may still come (R-SRV-7). */
  onMessage(bytes: Buffer): void {
    const socket = this.#socket
    if (socket === undefined) return
    if (this.isOver) return void this.#late.close(socket) // what it was kept for has come
    if (!this.query.isAnsweredBy(bytes)) return socket.retire()
    this.finish(bytes)
  }

  onError(error: unknown): void {
    const socket = this.#socket
    if (socket === undefined) return
    if (this.isOver) return void this.#late.close(socket)
    this.finish(transportError(error, this.query.endpoint))
  }
}
