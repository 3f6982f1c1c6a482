import type { Channel, Clock, Millis } from '../../src/base/index.ts'
import type {
  HttpResource,
  OutgoingQuery,
  PreparableTransport,
  Settle,
  TransportErrorCode,
} from '../../src/upstream/index.ts'
import { TransportError } from '../../src/upstream/index.ts'
import type { Question } from '../../src/wire/index.ts'
import { readQuestion } from '../../src/wire/index.ts'

/** One message that the resolver sent to a server, and the handle to answer it. */
export interface Exchange {
  /** Address of the server, e.g. `192.0.2.1`. */
  readonly server: string
  readonly port: number
  /** The link it left by; 0 for none in particular. */
  readonly ifindex: number
  readonly channel: Channel
  /** Whom it must prove to be, and what is asked for over HTTPS. */
  readonly serverName: string | undefined
  readonly isVerified: boolean
  readonly resource: HttpResource | undefined
  readonly question: Question
  /** The whole message, ID included. */
  readonly wire: Buffer
  readonly sentAt: Millis
  /** How long the resolver says it listens for the answer; here nothing times out by itself. */
  readonly patience: Millis
  /** Sent to see whether the server is there, not for anybody's question. */
  readonly isProbe: boolean
  /** False once it was answered, failed or cancelled. */
  readonly isOpen: boolean
  /** Delivers a message; false when the resolver does not take it for an answer (it goes on waiting). */
  reply(message: Buffer): boolean
  fail(code: TransportErrorCode): void
}

/** What a server does with an exchange; whatever it leaves open stays unanswered. */
export type ServerScript = (exchange: Exchange) => void

/** A network that exists in memory: every exchange is recorded, and answered by the script or by the test. */
export class ScriptedTransport implements PreparableTransport {
  readonly exchanges: Exchange[] = []
  /** What it was told to get ready for. */
  readonly prepared: string[] = []
  script: ServerScript = () => undefined
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  prepare(channel: Channel, isVerified: boolean): void {
    this.prepared.push(`${channel}${isVerified ? ', verified' : ''}`)
  }

  exchange(query: OutgoingQuery, settle: Settle): () => void {
    let isOpen = true
    const close = (result?: Buffer | TransportError) => {
      if (!isOpen) return
      isOpen = false
      if (result !== undefined) queueMicrotask(() => isTakenBack || settle(result))
    }
    let isTakenBack = false
    const exchange: Exchange = {
      server: query.endpoint.address.text,
      port: query.endpoint.port,
      ifindex: query.endpoint.ifindex,
      serverName: query.endpoint.serverName,
      isVerified: query.endpoint.isVerified === true,
      resource: query.endpoint.resource,
      channel: query.channel,
      question: readQuestion(query.wire).question,
      wire: query.wire,
      sentAt: this.#clock.now(),
      patience: query.patience,
      isProbe: query.isProbe === true,
      get isOpen() {
        return isOpen
      },
      reply(message) {
        if (!isOpen || !query.isAnsweredBy(message)) return false
        close(message)
        return true
      },
      fail(code) {
        close(new TransportError(code, `scripted: ${code}`))
      },
    }
    this.exchanges.push(exchange)
    this.script(exchange)
    return () => {
      isTakenBack = true
      close()
    }
  }
}
