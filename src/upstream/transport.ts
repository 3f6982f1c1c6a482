import type { Channel, IfIndex, IpAddress, Millis } from '../base/index.ts'

/** Where one message goes: a server, and the link it must leave by. */
export interface Endpoint {
  readonly address: IpAddress
  readonly port: number
  /** The packet leaves through this link and no other (R-SRV-8); 0 = as the routing table says. Also the zone of fe80::/10. */
  readonly ifindex: IfIndex
  /** For encrypted channels: the name to ask for and, where `isVerified`, the name or address it must prove to have. */
  readonly serverName: string | undefined
  /** Whether nothing may be sent before the server has proven who it is. */
  readonly isVerified?: boolean
  /** For DNS over HTTPS. */
  readonly resource?: HttpResource
}

/** What is asked for over HTTPS (RFC 8484 §4.1). */
export interface HttpResource {
  /** Host, and port where it is not 443. */
  readonly authority: string
  readonly path: string
  readonly method: 'GET' | 'POST'
}

/** What is known of an encrypted connection that carried a message. The same object for all messages on it. */
export interface ConnectionFacts {
  /** `TLSv1.2` or `TLSv1.3`. */
  readonly version: string
  /** The name or address that its certificate was verified against; undefined where nothing is verified. */
  readonly verifiedAs: string | undefined
  /** By a ticket of an earlier connection. */
  readonly isResumed: boolean
  /** When messages could be sent, and how long it took to come to that. */
  readonly readyAt: Millis
  readonly took: Millis
  /** Whether it can still be used. */
  readonly isOpen: boolean
}

/** One message to one server over one channel. */
export interface OutgoingQuery {
  readonly endpoint: Endpoint
  readonly channel: Channel
  /** A complete message; its ID is already drawn. */
  readonly wire: Buffer
  /** Given up with `timeout` after this long. */
  readonly patience: Millis
  /** Messages that went out for the same question before: where there are too many, the first of each come first. */
  readonly earlier: number
  /** Where it has no OPT record, one may be added for the way, and taken out of the reply: a client's message is relayed. */
  readonly addsOpt?: boolean
  /** A probe: no client waits for it. */
  readonly isProbe?: true
  /** Whether these bytes are a reply to this very question (R-SRV-7); others are passed over, as off-path forgeries are. */
  isAnsweredBy(reply: Buffer): boolean
}

/**
 * `timeout` nothing usable came · `refused` ICMP port unreachable or TCP RST · `unreachable` no route, network or host
 * down · `no-port` too few ports are free to leave by one that nobody can guess · `closed` the peer closed a stream without
 * answering · `handshake` it was connected, but could not agree on TLS · `untrusted` it has not proven to be who it should
 * be · `http` it answered with no DNS message · `too-large` the message does not fit a datagram on this path ·
 * `io` anything else; see `cause`.
 */
export type TransportErrorCode =
  | 'timeout'
  | 'refused'
  | 'unreachable'
  | 'no-port'
  | 'closed'
  | 'handshake'
  | 'untrusted'
  | 'http'
  | 'too-large'
  | 'io'

export class TransportError extends Error {
  readonly code: TransportErrorCode

  constructor(code: TransportErrorCode, message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'TransportError'
    this.code = code
  }
}

/** Called with the reply, or with the reason why there is none; and with what carried the reply, if it was encrypted. */
export type Settle = (result: Buffer | TransportError, connection?: ConnectionFacts) => void

/** Carries messages; never retries and never judges an answer. */
export interface Transport {
  /**
   * Sends a message, then calls `settle` once with the first message that `query.isAnsweredBy` accepts, or with what
   * went wrong; never before it returns. The function returned takes the message back: `settle` is not called any more,
   * and whatever was opened for it is closed. A function rather than an AbortSignal, as that is dear for every message.
   */
  exchange(query: OutgoingQuery, settle: Settle): () => void
}

/** One that may have to load something before its first message. */
export interface PreparableTransport extends Transport {
  /** Questions over this channel are to be expected, to verified servers or to others: what they need may be loaded. */
  prepare(channel: Channel, isVerified: boolean): void
}
