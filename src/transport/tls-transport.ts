import type { Endpoint, OutgoingQuery, Settle } from '../upstream/index.ts'
import type { ChannelContext, ChannelTransport } from './channel-transport.ts'
import { type Connection, ConnectionTransport, endpointKey } from './connection-transport.ts'
import { LateTransport } from './late-transport.ts'
import { Reconnects } from './reconnects.ts'
import { RootCertificates, unverifyingContext } from './root-certificates.ts'
import { SessionTickets } from './session-tickets.ts'
import { type SecuredSocket, StreamConnection } from './stream-connection.ts'
import { TlsHandshake } from './tls-handshake.ts'

/** What is spoken on a TLS connection. */
export interface TlsProtocol {
  /** The server has to agree to it; undefined: no protocol is offered (E-NODE-11). */
  readonly alpn: string | undefined
  /** Takes over a connection in the making. */
  open(
    endpoint: Endpoint,
    handshake: SecuredSocket,
    context: Pick<ChannelContext, 'clock' | 'random'>,
    onClosed: (connection: Connection) => void,
  ): Connection
}

/** RFC 7858. */
export const DNS_OVER_TLS: TlsProtocol = {
  alpn: undefined,
  open: (endpoint, security, { clock, random }, onClosed) => {
    const { socket, acknowledge } = security
    return new StreamConnection({ endpoint, socket, acknowledge, security, clock, random, onClosed })
  },
}

/** Exchanges over TLS, on sockets that are bound to their link: Node never opens one itself (E-OURS-1). */
export class TlsTransport implements ChannelTransport {
  readonly #context: ChannelContext
  readonly #protocol: TlsProtocol
  readonly #connections: ConnectionTransport
  /** The same connections, once the system's certificates are loaded. */
  readonly #verified: LateTransport
  readonly #roots: RootCertificates
  readonly #unverifying = unverifyingContext()
  #tickets = new SessionTickets()
  readonly #reconnects = new Reconnects()

  constructor(context: ChannelContext, protocol = DNS_OVER_TLS) {
    this.#context = context
    this.#protocol = protocol
    this.#roots = new RootCertificates(context.roots, () => this.#forget())
    this.#connections = new ConnectionTransport((...how) => this.#connect(...how), context.clock, true)
    this.#verified = new LateTransport(async () => {
      await this.#roots.load()
      return this.#connections
    })
  }

  exchange(query: OutgoingQuery, settle: Settle): () => void {
    return query.endpoint.isVerified === true
      ? this.#verified.exchange(query, settle)
      : this.#connections.exchange(query, settle)
  }

  prepare(isVerified: boolean): void {
    if (isVerified) this.#verified.prepare(true)
  }

  /** What failed on other ways says nothing, and a ticket would tell servers that this is the same client (E-TLS-10). */
  renew(): void {
    this.#forget()
    this.#reconnects.clear()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#verified[Symbol.asyncDispose]()
    await this.#connections[Symbol.asyncDispose]()
  }

  /** Other connections from now on, and no session is resumed; nor one that an old connection is still told of. */
  #forget(): void {
    this.#connections.renew()
    this.#tickets = new SessionTickets()
  }

  #connect(endpoint: Endpoint, onClosed: (connection: Connection) => void): Connection {
    const { outgoing, clock } = this.#context
    const { alpn } = this.#protocol
    const key = endpointKey(endpoint)
    const pause = this.#reconnects.pauseAt(key, clock.now())
    if (pause !== undefined) throw pause
    const secureContext = endpoint.isVerified === true ? this.#roots.context : this.#unverifying
    const tickets = this.#tickets
    const handshake = new TlsHandshake({
      endpoint,
      alpn,
      secureContext,
      raw: outgoing.connectTcp(endpoint),
      ticket: tickets.take(key, clock.wall()),
      now: () => clock.now(),
      onTicket: (given) => tickets.put(key, given),
      onSecure: () => this.#reconnects.onConnected(key),
      onFailed: (error) => this.#reconnects.onFailed(key, error, clock.now()),
    })
    return this.#protocol.open(endpoint, handshake, this.#context, onClosed)
  }
}
