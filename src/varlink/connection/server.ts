import type { Clock, Log, Millis } from '../../base/index.ts'
import { ClientConnection, type Turns } from './connection.ts'
import type { ListenAt, OpenListener } from './listener.ts'
import { openListener, plainListener } from './listener.ts'
import type { ServerLimits } from './limits.ts'
import { ByteBudget, DEFAULT_LIMITS } from './limits.ts'
import type { PeerProcess } from '../ports.ts'
import type { Service } from './service.ts'
import type { Stream } from './stream.ts'

export interface ServerContext {
  readonly service: Service
  /** How clients come in; by default without knowing who they are. */
  readonly listener?: OpenListener
  readonly clock: Clock
  /** In which calls wait to be begun. */
  readonly turns: Turns
  readonly log: Log
  readonly limits?: Partial<ServerLimits>
}

/** How often clients are looked over; nothing ticks while there are none. */
const CHECK_INTERVAL: Millis = 5_000

/** A varlink service on a Unix socket. Closing it drops all clients and removes the socket it made. */
export class VarlinkServer implements AsyncDisposable {
  readonly #context: ServerContext
  readonly #limits: ServerLimits
  readonly #input: ByteBudget
  readonly #connections = new Set<ClientConnection>()
  readonly #perUid = new Map<number, number>()
  #listener: AsyncDisposable | undefined
  #timer: Disposable | undefined
  #closed: PromiseLike<void> | undefined

  private constructor(context: ServerContext) {
    this.#context = context
    this.#limits = { ...DEFAULT_LIMITS, ...context.limits }
    this.#input = new ByteBudget(this.#limits.input)
  }

  /** @throws when the socket cannot be had; nothing is left open then. */
  static async open(at: ListenAt, context: ServerContext): Promise<VarlinkServer> {
    const server = new VarlinkServer(context)
    try {
      server.#listener = await openListener(
        at,
        (stream, peer) => server.#accept(stream, peer),
        context.listener ?? plainListener,
      )
    } catch (error) {
      await server[Symbol.asyncDispose]()
      throw error
    }
    return server
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#listener?.[Symbol.asyncDispose]() ?? Promise.resolve()
    this.#timer?.[Symbol.dispose]()
    for (const connection of this.#connections) connection.drop('shutting down')
    await this.#closed
  }

  /** A client beyond a limit is disconnected without a word: no reply belongs to a connection without a call. */
  #accept(stream: Stream, peer: PeerProcess | undefined): void {
    const { service, clock, turns, log } = this.#context
    if (this.#closed !== undefined || !this.#hasRoomFor(peer)) {
      log.debug(() => `varlink client (uid ${peer?.uid ?? 'unknown'}) refused: too many connections`)
      stream.destroy()
      return
    }
    const onClose = () => this.#forget(connection, peer)
    const context = { service, peer, limits: this.#limits, input: this.#input, clock, turns, log, onClose }
    const connection = new ClientConnection(stream, context)
    this.#connections.add(connection)
    if (peer !== undefined) this.#perUid.set(peer.uid, this.#countOf(peer) + 1)
    this.#timer ??= clock.after(CHECK_INTERVAL, () => this.#check())
    connection.start()
  }

  /** Clients of unknown uid share only the limit of the server: they may be anybody. */
  #hasRoomFor(peer: PeerProcess | undefined): boolean {
    if (this.#connections.size >= this.#limits.connections) return false
    return peer === undefined || this.#countOf(peer) < this.#limits.connectionsPerUid
  }

  #countOf({ uid }: PeerProcess): number {
    return this.#perUid.get(uid) ?? 0
  }

  #forget(connection: ClientConnection, peer: PeerProcess | undefined): void {
    this.#connections.delete(connection)
    if (peer === undefined) return
    const left = this.#countOf(peer) - 1
    if (left > 0) this.#perUid.set(peer.uid, left)
    else this.#perUid.delete(peer.uid)
  }

  /** One timer for all connections, instead of several for each. */
  #check(): void {
    const now = this.#context.clock.now()
    for (const connection of this.#connections) connection.check(now)
    const isNeeded = this.#connections.size > 0 && this.#closed === undefined
    this.#timer = isNeeded ? this.#context.clock.after(CHECK_INTERVAL, () => this.#check()) : undefined
  }
}
