import type { Socket } from 'node:net'
import type { Clock, Log, Millis } from '../base/index.ts'
import { Connection } from './connection.ts'
import type { ListenAt, OpenEntrance } from './entrance.ts'
import { openEntrance, plainEntrance } from './entrance.ts'
import type { ServerLimits } from './limits.ts'
import { Budget, DEFAULT_LIMITS } from './limits.ts'
import type { Peer } from './ports.ts'
import type { Service } from './service.ts'

export interface ServerContext {
  readonly service: Service
  /** How clients come in; by default without knowing who they are. */
  readonly entrance?: OpenEntrance
  readonly clock: Clock
  readonly log: Log
  readonly limits?: Partial<ServerLimits>
}

/** How often clients are looked over; nothing ticks while there are none. */
const CHECK_INTERVAL: Millis = 5_000

/** A varlink service on a Unix socket. Closing it drops all clients and removes the socket it made. */
export class VarlinkServer implements AsyncDisposable {
  readonly #context: ServerContext
  readonly #limits: ServerLimits
  readonly #input: Budget
  readonly #connections = new Map<Connection, number | undefined>()
  #entrance: AsyncDisposable | undefined
  #timer: Disposable | undefined
  #closed: PromiseLike<void> | undefined

  private constructor(context: ServerContext) {
    this.#context = context
    this.#limits = { ...DEFAULT_LIMITS, ...context.limits }
    this.#input = new Budget(this.#limits.input)
  }

  /** @throws when the socket cannot be had; nothing is left open then. */
  static async open(at: ListenAt, context: ServerContext): Promise<VarlinkServer> {
    const server = new VarlinkServer(context)
    try {
      server.#entrance = await openEntrance(
        at,
        (socket, peer) => server.#accept(socket, peer),
        context.entrance ?? plainEntrance,
      )
    } catch (error) {
      await server[Symbol.asyncDispose]()
      throw error
    }
    return server
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#entrance?.[Symbol.asyncDispose]() ?? Promise.resolve()
    this.#timer?.[Symbol.dispose]()
    for (const connection of this.#connections.keys()) connection.drop('shutting down')
    await this.#closed
  }

  #accept(socket: Socket, peer: Peer | undefined): void {
    const { service, clock, log } = this.#context
    if (this.#closed !== undefined || !this.#hasRoomFor(peer)) {
      log.debug(() => `varlink client (uid ${peer?.uid ?? 'unknown'}) refused: too many connections`)
      socket.destroy()
      return
    }
    const context = { service, peer, limits: this.#limits, input: this.#input, clock, log }
    const connection = new Connection(socket, context)
    this.#connections.set(connection, peer?.uid)
    socket.once('close', () => this.#connections.delete(connection))
    this.#timer ??= clock.after(CHECK_INTERVAL, () => this.#check())
  }

  /** Clients of unknown uid share only the limit of the server: they may be anybody. */
  #hasRoomFor(peer: Peer | undefined): boolean {
    if (this.#connections.size >= this.#limits.connections) return false
    if (peer === undefined) return true
    let count = 0
    for (const uid of this.#connections.values()) if (uid === peer.uid) count++
    return count < this.#limits.connectionsPerUid
  }

  #check(): void {
    const now = this.#context.clock.now()
    for (const connection of this.#connections.keys()) connection.check(now)
    const isNeeded = this.#connections.size > 0 && this.#closed === undefined
    this.#timer = isNeeded ? this.#context.clock.after(CHECK_INTERVAL, () => this.#check()) : undefined
  }
}
