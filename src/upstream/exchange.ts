import type { Channel, Millis } from '../base/index.ts'
import type { ServerAttempt } from './server-attempt.ts'
import type { Hedge } from './hedge-budget.ts'
import type { Guards } from './guards.ts'
import type { Upstream } from './upstream.ts'

/** The fields of an `Exchange` that are known when it is sent. */
export interface ExchangeParts {
  readonly channel: Channel
  readonly payloadSize: number | undefined
  readonly wire: Buffer
  readonly guards: Guards
  readonly sentAt: Millis
  readonly overdueAt: Millis
  readonly patience: Millis
  readonly earlier: number
  readonly addsOpt: boolean
}

/** One message sent, or to be sent, to one server, and what it has come to. */
export class Exchange {
  readonly attempt: ServerAttempt
  readonly channel: Channel
  /** As offered in EDNS; undefined without EDNS. */
  readonly payloadSize: number | undefined
  readonly wire: Buffer
  readonly guards: Guards
  readonly sentAt: Millis
  /** When its server's patience is over and the next server may be asked. */
  readonly overdueAt: Millis
  /** How long the transport listens for an answer. */
  readonly patience: Millis
  /** Messages that went out for the same question before. */
  readonly earlier: number
  /** An OPT record may be added to a client's message for the way. */
  readonly addsOpt: boolean
  /** Set once its lateness has been counted against the server. */
  isLate = false
  /** It was counted as a lost message. */
  isLost = false
  /** The second message that was sent because this one took long. */
  hedge: Hedge | undefined

  constructor(attempt: ServerAttempt, parts: ExchangeParts) {
    this.attempt = attempt
    this.channel = parts.channel
    this.payloadSize = parts.payloadSize
    this.wire = parts.wire
    this.guards = parts.guards
    this.sentAt = parts.sentAt
    this.overdueAt = parts.overdueAt
    this.patience = parts.patience
    this.earlier = parts.earlier
    this.addsOpt = parts.addsOpt
  }

  get upstream(): Upstream {
    return this.attempt.upstream
  }
}

/** What became of an exchange, for provenance. */
export interface ExchangeResult {
  readonly server: string
  /** RR type that was asked for. */
  readonly type: number
  readonly channel: Channel
  /** UDP payload offered in EDNS; undefined without EDNS, and for messages of clients, which are relayed. */
  readonly payloadSize: number | undefined
  /** Size of the reply in bytes; undefined without one. */
  readonly bytes: number | undefined
  readonly took: Millis
  readonly result: string
}
