import type { Channel, Millis } from '../base/index.ts'
import { TlsEvidence, type TlsFailure, type TlsNews } from './tls-evidence.ts'
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
  readonly mode: 'opportunistic' | 'strict'
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
  readonly evidence = new TlsEvidence()
  readonly #channel: Channel
  readonly #isRequired: boolean
  #connection: ConnectionFacts | undefined
  #failure: string | undefined
  #toldFailure: TransportErrorCode | 'none' | undefined
  readonly counts = { handshakes: 0, resumptions: 0, failures: 0 }

  /** `isRequired`: plaintext is not allowed. */
  constructor(channel: Channel, isRequired: boolean) {
    this.#channel = channel
    this.#isRequired = isRequired
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
    if (!this.#isRequired) return opportunisticNews(this.evidence.onAnswered())
    const wasFailing = this.#toldFailure !== undefined && this.#toldFailure !== 'none'
    this.#toldFailure = 'none'
    return wasFailing ? { isGood: true, text: `is asked over ${this.#words} again` } : undefined
  }

  /** An attempt to ask failed with `code`; `reason` says why, in words. */
  onFailed(code: TransportErrorCode, reason: string, now: Millis): EncryptionNews | undefined {
    if (code === 'io' || code === 'too-large') {
      this.#failure = reason
      return undefined
    }
    this.#failure = reason
    this.counts.failures++
    if (this.#isRequired) return this.#requiredNews(code, reason)
    const failure = FAILURES[code]
    return failure === undefined ? undefined : opportunisticNews(this.evidence.onFailed(failure, now))
  }

  /** Plaintext was answered where the same question over TLS was not. */
  onOutdone(now: Millis): EncryptionNews | undefined {
    return opportunisticNews(this.evidence.onFailed('silent', now))
  }

  report(now: Millis): EncryptionReport {
    const connection = this.#connection
    const worked = connection === undefined ? 'untried' : 'works'
    return {
      channel: this.#channel,
      mode: this.#isRequired ? 'strict' : 'opportunistic',
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
    if (code === this.#toldFailure || code === 'closed') return undefined
    this.#toldFailure = code
    return { isGood: false, text: `cannot be asked over ${this.#words}, and is not asked in plaintext: ${reason}` }
  }
}

function opportunisticNews(news: TlsNews): EncryptionNews | undefined {
  if (news === undefined) return undefined
  if (news === 'on') return { isGood: true, text: 'takes DNS over TLS and is asked so from now on' }
  return { isGood: false, text: `is asked in plaintext, as DNS over TLS does not work: ${FAILURE_TEXT[news]}` }
}
