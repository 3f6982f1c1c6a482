import type { Channel, Millis } from '../base/index.ts'
import { TlsEvidence, type TlsFailure, type TlsNews } from './tls-evidence.ts'
import type { EncryptedChannel } from './server-channels.ts'
import type { ConnectionFacts, TransportErrorCode } from './transport.ts'

/** What a change means to the administrator: one line for the log (E-LIFE-6). */
export interface EncryptionNews {
  readonly isGood: boolean
  readonly text: string
}

/** What the end of a connection attempt says of opportunistic TLS; undefined: nothing. */
const FAILURES: Partial<Record<TransportErrorCode, TlsFailure>> = {
  refused: 'refused',
  timeout: 'silent',
  handshake: 'broken',
  untrusted: 'broken',
  closed: 'broken',
}

/** All that is known of the encrypted channel to one server, for people. */
export interface EncryptionReport {
  readonly channel: Channel
  readonly mode: 'opportunistic' | 'strict' | 'discovered'
  /** Address and port of a designated resolver; undefined where the configured server is asked itself. */
  readonly at: string | undefined
  readonly state: 'untried' | 'works' | 'failing' | TlsFailure
  /** Of the connection that carried the last answer; undefined before the first. */
  readonly version: string | undefined
  /** The name or address its certificate was verified against. */
  readonly verifiedAs: string | undefined
  readonly isOpen: boolean
  /** Since its handshake. */
  readonly age: Millis | undefined
  readonly handshakes: number
  /** Of these, by a ticket. */
  readonly resumptions: number
  readonly failures: number
  /** Of the last attempt, in words; undefined when it did not fail. */
  readonly failure: string | undefined
}

const FAILURE_TEXT: Readonly<Record<TlsFailure, string>> = {
  refused: 'the port is closed',
  silent: 'nothing answers on its port',
  broken: 'the handshake fails',
}

/** What was learnt of the encrypted channel to one server. */
export class EncryptionState {
  /** Whether it is worth trying, where plaintext is allowed as well. */
  readonly evidence: TlsEvidence
  readonly #channel: Channel
  readonly #isRequired: boolean
  #connection: ConnectionFacts | undefined
  #hasWorked = false
  #failure: string | undefined
  /** Of the failures since the last message, those that were told. */
  readonly #toldFailures = new Set<TransportErrorCode>()
  readonly counts = { handshakes: 0, resumptions: 0, failures: 0 }

  /** What the server itself designates, and where that is; undefined where it was configured. */
  readonly #designated: EncryptedChannel | undefined

  /** `isRequired`: plaintext is not allowed. What is `designated` must be proven before a question goes there. */
  constructor(channel: Channel, isRequired: boolean, designated?: EncryptedChannel) {
    this.#channel = channel
    this.#isRequired = isRequired
    this.#designated = designated
    this.evidence = new TlsEvidence(designated !== undefined)
  }

  /** It is a designated channel, verified, that works. */
  get isProven(): boolean {
    return this.#designated !== undefined && this.evidence.state === 'works'
  }

  /** It is a designated channel over which nothing has come yet. */
  get isUnproven(): boolean {
    return this.#designated !== undefined && !this.#hasWorked
  }

  /** The connection that carried the last answer; it may be closed by now. */
  get connection(): ConnectionFacts | undefined {
    return this.#connection
  }

  /** Why the last attempt failed, in words; undefined when it did not. */
  get failure(): string | undefined {
    return this.#failure
  }

  /** No connection is open: the next question waits for a handshake. */
  get isCold(): boolean {
    return this.#connection?.isOpen !== true
  }

  /** A message came. Returns how long the server took, where no handshake was waited for. */
  onMessage(facts: ConnectionFacts | undefined, sentAt: Millis, now: Millis): Millis | undefined {
    this.#failure = undefined
    this.#hasWorked = true
    if (facts === undefined) return undefined
    if (facts !== this.#connection) {
      this.counts.handshakes++
      if (facts.isResumed) this.counts.resumptions++
    }
    this.#connection = facts
    return facts.readyAt <= sentAt ? now - sentAt : undefined
  }

  /** News of it, told once: how questions are asked from now on. */
  newsOfMessage(): EncryptionNews | undefined {
    if (!this.#isRequired) return this.#opportunisticNews(this.evidence.onAnswered())
    const wasFailing = this.#toldFailures.size > 0
    this.#toldFailures.clear()
    return wasFailing ? { isGood: true, text: `is asked over ${this.#words} again` } : undefined
  }

  /** An attempt to ask failed with `code`; `cause` says why, in words. A timeout counts while there is no connection. */
  onFailed(code: TransportErrorCode, cause: string, now: Millis): EncryptionNews | undefined {
    const reason = code === 'timeout' ? `no connection comes about: ${cause}` : cause
    if (code === 'io' || code === 'too-large') {
      this.#failure = reason
      return undefined
    }
    this.#failure = reason
    this.counts.failures++
    if (this.#isRequired) return this.#requiredNews(code, reason)
    const failure = FAILURES[code]
    return failure === undefined ? undefined : this.#opportunisticNews(this.evidence.onFailed(failure, now))
  }

  /** Plaintext was answered where the same question over TLS was not. */
  onOutdone(now: Millis): EncryptionNews | undefined {
    return this.#opportunisticNews(this.evidence.onFailed('silent', now))
  }

  report(now: Millis): EncryptionReport {
    const connection = this.#connection
    const worked = connection === undefined ? 'untried' : 'works'
    return {
      channel: this.#channel,
      mode: this.#isRequired ? 'strict' : this.#designated === undefined ? 'opportunistic' : 'discovered',
      at: this.#designated && `${this.#designated.endpoint.address.text} port ${this.#designated.endpoint.port}`,
      state: this.#isRequired ? (this.#failure === undefined ? worked : 'failing') : this.evidence.state,
      version: connection?.version,
      verifiedAs: connection?.verifiedAs,
      isOpen: connection?.isOpen === true,
      age: connection && now - connection.readyAt,
      ...this.counts,
      failure: this.#failure,
    }
  }

  /** What speaks against it, in words; undefined when nothing does. */
  get doubt(): string | undefined {
    if (this.#isRequired) return this.#failure && `cannot be asked over ${this.#words}: ${this.#failure}`
    const { state } = this.evidence
    return state === 'untried' || state === 'works' ? undefined : `asked in plaintext: ${FAILURE_TEXT[state]}`
  }

  reset(): void {
    this.evidence.reset()
    this.#connection = undefined
    this.#failure = undefined
  }

  get #words(): string {
    return this.#channel === 'https' ? 'HTTPS' : 'TLS'
  }

  #requiredNews(code: TransportErrorCode, reason: string): EncryptionNews | undefined {
    if (this.#toldFailures.has(code) || code === 'closed') return undefined
    this.#toldFailures.add(code)
    return { isGood: false, text: `cannot be asked over ${this.#words}, and is not asked in plaintext: ${reason}` }
  }

  #opportunisticNews(news: TlsNews): EncryptionNews | undefined {
    if (news === undefined) return undefined
    const what = `DNS over ${this.#words}`
    const { endpoint } = this.#designated ?? {}
    if (news !== 'on') {
      return { isGood: false, text: `is asked in plaintext, as ${what} does not work: ${FAILURE_TEXT[news]}` }
    }
    if (endpoint === undefined) return { isGood: true, text: `takes ${what} and is asked so from now on` }
    return {
      isGood: true,
      text: `designates ${endpoint.address.text} for ${what}, which is verified and asked from now on`,
    }
  }
}
