import type { Clock } from '../base/index.ts'
import type { ConnectedUdp, Outgoing } from '../sys/index.ts'
import { type OutgoingQuery, type Transport, TransportError } from '../upstream/index.ts'
import { Graveyard } from './graveyard.ts'
import { timeoutError, transportError } from './transport-errors.ts'

/** Open sockets, resting ones included: each is a descriptor and a port that others may need. */
const MAX_SOCKETS = 4096

/**
 * Each exchange has a socket of its own, and with it a port that nobody can guess and a filter in the kernel that lets
 * only this server and this link through (R-SRV-7, R-SRV-8).
 */
export class UdpTransport implements Transport, AsyncDisposable {
  readonly #outgoing: Outgoing
  readonly #clock: Clock
  readonly #graveyard: Graveyard
  readonly #live = new Set<UdpExchange>()
  #isClosed = false

  constructor(outgoing: Outgoing, clock: Clock) {
    this.#outgoing = outgoing
    this.#clock = clock
    this.#graveyard = new Graveyard(clock)
  }

  exchange(query: OutgoingQuery, signal: AbortSignal): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted()
      if (this.#isClosed) throw new TransportError('io', 'the transport is closed')
      if (this.#live.size + this.#graveyard.size >= MAX_SOCKETS) throw new TransportError('io', 'too many open sockets')
      const exchange = new UdpExchange(query, signal, this.#graveyard, (result) => {
        this.#live.delete(exchange)
        if (Buffer.isBuffer(result)) resolve(result)
        else reject(result)
      })
      this.#live.add(exchange)
      exchange.begin(this.#outgoing, this.#clock)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    for (const exchange of this.#live) exchange.cancel(new TransportError('io', 'the transport is closed'))
    this.#graveyard[Symbol.dispose]()
  }
}

/** One question on its way: sent once, then waiting until `settle` is called, once. */
class UdpExchange {
  readonly #query: OutgoingQuery
  readonly #signal: AbortSignal
  readonly #graveyard: Graveyard
  readonly #settle: (result: Buffer | Error) => void
  readonly #onAbort = () => this.cancel(this.#signal.reason as Error)
  #socket: ConnectedUdp | undefined
  #patience: Disposable | undefined
  #isSettled = false

  constructor(
    query: OutgoingQuery,
    signal: AbortSignal,
    graveyard: Graveyard,
    settle: (result: Buffer | Error) => void,
  ) {
    this.#query = query
    this.#signal = signal
    this.#graveyard = graveyard
    this.#settle = settle
  }

  begin(outgoing: Outgoing, clock: Clock): void {
    const { endpoint, wire, patience } = this.#query
    try {
      this.#socket = outgoing.connectUdp(endpoint, {
        onMessage: (bytes) => this.#onMessage(bytes),
        onError: (error) => this.#onError(error),
      })
      this.#socket.send(wire)
    } catch (error) {
      return this.#onError(error)
    }
    this.#signal.addEventListener('abort', this.#onAbort)
    this.#patience = clock.after(patience, () => this.cancel(timeoutError(this.#query)))
  }

  /** Gives up; the answer may still come, so the socket goes to rest. */
  cancel(reason: Error): void {
    if (this.#isSettled) return
    const socket = this.#socket
    if (socket !== undefined) this.#graveyard.bury(socket)
    this.#end(reason)
  }

  /** A wrong message may be a forgery, and is passed over; the right one may still come (R-SRV-7). */
  #onMessage(bytes: Buffer): void {
    if (this.#isSettled) this.#rest()
    else if (this.#query.isAnsweredBy(bytes)) this.#close(bytes)
  }

  #onError(error: unknown): void {
    if (this.#isSettled) this.#rest()
    else this.#close(transportError(error, this.#query.endpoint))
  }

  /** What a resting socket was kept for has come. */
  #rest(): void {
    if (this.#socket !== undefined) this.#graveyard.exhume(this.#socket)
  }

  #close(result: Buffer | Error): void {
    this.#socket?.close()
    this.#end(result)
  }

  #end(result: Buffer | Error): void {
    this.#isSettled = true
    this.#patience?.[Symbol.dispose]()
    this.#signal.removeEventListener('abort', this.#onAbort)
    this.#settle(result)
  }
}
