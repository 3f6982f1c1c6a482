import type { Duplex } from 'node:stream'
import tls from 'node:tls'
import { IpAddress, type Millis } from '../base/index.ts'
import type { TcpSocket } from '../sys/index.ts'
import { type ConnectionFacts, type Endpoint, TransportError } from '../upstream/index.ts'
import { identityProblem } from './server-identity.ts'
import type { Ticket } from './session-tickets.ts'
import type { SecuredSocket } from './stream-connection.ts'
import { chainProblem, handshakeFailure, untrusted } from './tls-failures.ts'
import { nameOf } from './transport-errors.ts'

/** Connecting and shaking hands; with strict encryption there is nothing else to be done meanwhile (E-LIFE-5). */
const PATIENCE: Millis = 3000
const STRICT_PATIENCE: Millis = 5000

/** What says that the server cannot be reached, other than an end that is our own doing. */
const CONNECT_FAILURES: ReadonlySet<string> = new Set(['refused', 'unreachable', 'timeout', 'handshake', 'untrusted'])

export interface TlsHandshakeParts {
  readonly endpoint: Endpoint
  /** Connecting, bound to its link. */
  readonly raw: Duplex & Pick<TcpSocket, 'acknowledge'>
  readonly secureContext: tls.SecureContext
  /** The protocol on top, where the server has to agree to it: `h2` (E-NODE-11). */
  readonly alpn: string | undefined
  readonly ticket: Ticket | undefined
  readonly now: () => Millis
  readonly onTicket: (ticket: Ticket) => void
  readonly onSecure: () => void
  /** The server cannot be reached. */
  readonly onFailed: (error: TransportError) => void
}

/** One TLS connection in the making: OpenSSL checks the chain, we check whom it is for, before anything is written. */
export class TlsHandshake implements SecuredSocket {
  readonly socket: tls.TLSSocket
  readonly acknowledge: (() => void) | undefined
  readonly patience: Millis
  readonly #parts: TlsHandshakeParts
  readonly #startedAt: Millis
  /** Wall-clock end of what was verified; undefined until then. */
  #validUntil: number | undefined
  /** TLS 1.2 gives it before the handshake is done. */
  #earlySession: Buffer | undefined
  #isAccepted = false
  /** Of a chain that verifies; to have it made once more takes some tenths of a millisecond. */
  #certificate: tls.PeerCertificate | undefined

  constructor(parts: TlsHandshakeParts) {
    const { endpoint, raw, secureContext, ticket } = parts
    const name = endpoint.serverName
    const hasName = name !== undefined && IpAddress.parse(name) === undefined // RFC 6066 §3: no address (E-DOT-3)
    this.#parts = parts
    this.#startedAt = parts.now()
    this.acknowledge = raw.acknowledge
    this.patience = endpoint.isVerified === true ? STRICT_PATIENCE : PATIENCE
    raw.on('error', () => undefined) // told by the socket above it as well (E-NODE-1)
    raw.on('connect', () => (this.#isAccepted = true))
    this.socket = tls.connect({
      socket: raw,
      host: endpoint.address.text,
      ...(hasName && { servername: name.replace(/\.$/, '') }),
      ...(ticket !== undefined && { session: ticket.session }),
      ...(parts.alpn !== undefined && { ALPNProtocols: [parts.alpn] }),
      secureContext,
      rejectUnauthorized: false, // decided in `accept`, which knows more words
      checkServerIdentity: (_name, certificate) => {
        this.#certificate = certificate
        return undefined
      },
    })
    this.socket.on('session', (session) => this.#onSession(session))
  }

  accept(): ConnectionFacts {
    const { endpoint, ticket, now } = this.#parts
    const { socket } = this
    const isResumed = socket.isSessionReused()
    const validTo = endpoint.isVerified === true ? this.#verify(isResumed) : undefined
    this.#checkProtocol()
    this.#validUntil = validTo === undefined ? ticket?.validUntil : Date.parse(validTo)
    this.#validUntil ??= endpoint.isVerified === true ? 0 : Number.POSITIVE_INFINITY
    this.#parts.onSecure()
    if (this.#earlySession !== undefined) this.#onSession(this.#earlySession)
    return {
      version: socket.getProtocol() ?? 'TLS',
      verifiedAs: endpoint.isVerified === true ? (endpoint.serverName ?? endpoint.address.text) : undefined,
      isResumed,
      readyAt: now(),
      took: now() - this.#startedAt,
      get isOpen() {
        return !socket.destroyed
      },
    }
  }

  failure(error: Error | undefined): TransportError {
    return handshakeFailure(error, this.#parts.endpoint, this.#isAccepted)
  }

  onFailed(reason: TransportError): void {
    if (CONNECT_FAILURES.has(reason.code)) this.#parts.onFailed(reason)
  }

  /**
   * A resumed session was given under this very name and verification, see `SessionTickets`; its certificate is looked
   * at again where the session still has it (E-NODE-5). Until when it is valid, where there is one. @throws {TransportError}
   */
  #verify(isResumed: boolean): string | undefined {
    const { endpoint } = this.#parts
    const certificate = this.#certificate ?? this.socket.getPeerCertificate()
    const { authorized, authorizationError } = this.socket
    const shown = { validFrom: certificate.valid_from, validTo: certificate.valid_to }
    if (!authorized) throw untrusted(endpoint, chainProblem(authorizationError, shown))
    if (isResumed && certificate.subjectaltname === undefined) return undefined
    const problem = identityProblem(certificate.subjectaltname, endpoint)
    if (problem !== undefined) throw untrusted(endpoint, problem)
    return certificate.valid_to
  }

  /** @throws {TransportError} when the server speaks another protocol */
  #checkProtocol(): void {
    const { alpn, endpoint } = this.#parts
    if (alpn === undefined || this.socket.alpnProtocol === alpn) return
    throw new TransportError('handshake', `${nameOf(endpoint)}: does not speak ${alpn}`)
  }

  #onSession(session: Buffer): void {
    if (this.#validUntil === undefined) this.#earlySession = session
    else this.#parts.onTicket({ session, validUntil: this.#validUntil })
  }
}
