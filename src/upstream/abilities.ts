import type { Millis } from '../base/index.ts'

/** What was learnt of a server's abilities is tried anew after this long (R-SRV-16). */
const LIFETIME: Millis = 5 * 60_000
/**
 * Losses in a row that chance does not explain: at 30 % loss each way, one lookup in a million would look like this. A
 * loss alone never counts: each has to come with an answer to the same question asked in the lesser way.
 */
const NO_ACCIDENT = 20
/** So many make it likely enough to ask without EDNS first while probes find out. */
const UNLIKELY = 3
/** After so many failed connections in a row TCP is in doubt. One connection is then tried per pause, to find out. */
const TCP_FAILURES = 3
const TCP_PAUSE: Millis = 4000
/** Payload we say we take over UDP: not fragmented on any ordinary path (DNS Flag Day 2020). */
export const PAYLOAD_SIZE = 1232
/** Bytes that every server and path must carry without EDNS (RFC 1035 §4.2.1). */
export const SMALL_PAYLOAD = 512

/** What was observed of a server's abilities, for people. */
export interface AbilityEvidence {
  /** `refused`: in words, or never answered where plain questions were. */
  readonly edns: 'proven' | 'untried' | 'in doubt' | 'refused'
  /** Questions with EDNS in a row that went unanswered where the same without was answered. */
  readonly ednsLosses: number
  /** Bytes it is offered over UDP; 0 without EDNS. */
  readonly payload: number
  /** Large answers in a row that only came over TCP, though offered over UDP. */
  readonly largeLosses: number
  /** Connections in a row that came to nothing. */
  readonly tcpFailures: number
}

/**
 * What one server, on the path to it, has shown not to be able to do (R-SRV-12). Everything counts as possible until shown
 * otherwise. What was learnt is dropped after `LIFETIME`, as servers and paths get repaired.
 */
export class Abilities {
  /** Set while EDNS counts as refused. */
  #ednsRefusedAt: Millis | undefined
  #ednsProven = false
  #ednsLosses = 0
  #ednsAnsweredAt = Number.NEGATIVE_INFINITY
  #plainAnsweredAt = Number.NEGATIVE_INFINITY
  #largeLostAt: Millis | undefined
  #largeLosses = 0
  #tcpFailures = 0
  #tcpTriedAt: Millis = 0

  /** False for a while once it has refused EDNS in words, or never answered it where it answered plain questions. */
  speaksEdns(now: Millis): boolean {
    if (this.#ednsRefusedAt !== undefined && now - this.#ednsRefusedAt > LIFETIME) {
      this.#ednsRefusedAt = undefined
      this.#ednsLosses = 0
    }
    return this.#ednsRefusedAt === undefined
  }

  /** It has answered a question with EDNS on this network, and nothing since speaks against it. */
  get hasProvenEdns(): boolean {
    return this.#ednsProven && this.#ednsLosses === 0
  }

  /** Plain questions were answered where those with EDNS were not, but not often enough to be sure. */
  get isEdnsInDoubt(): boolean {
    return this.#ednsLosses > 0 && this.#ednsRefusedAt === undefined
  }

  /** Not known, but likely enough to ask without first, while pairs of probes find out: any answer to EDNS ends it. */
  get isEdnsUnlikely(): boolean {
    return this.#ednsLosses >= UNLIKELY
  }

  /** After `time` it has answered only plain questions, so the next message goes without EDNS too. Proves nothing yet. */
  hasAnsweredOnlyPlainSince(time: Millis): boolean {
    return this.#plainAnsweredAt > time && this.#ednsAnsweredAt <= time
  }

  /** UDP payload size to offer, in bytes: the small one while large answers are known to get lost on this path. */
  payloadSize(now: Millis): number {
    if (this.#largeLostAt !== undefined && now - this.#largeLostAt > LIFETIME) {
      this.#largeLostAt = undefined
      this.#largeLosses = 0
    }
    return this.#largeLostAt === undefined ? PAYLOAD_SIZE : SMALL_PAYLOAD
  }

  /** Connections come to nothing, though it answers datagrams. */
  get isTcpInDoubt(): boolean {
    return this.#tcpFailures >= TCP_FAILURES
  }

  /** Whether this question may use TCP; when in doubt, only one per `TCP_PAUSE`. */
  mayTryTcp(now: Millis): boolean {
    if (!this.isTcpInDoubt) return true
    if (now - this.#tcpTriedAt < TCP_PAUSE) return false
    this.#tcpTriedAt = now
    return true
  }

  onTcpAnswered(): void {
    this.#tcpFailures = 0
  }

  /** A connection was refused, closed or silent after a datagram had told us to use one. */
  onTcpFailed(now: Millis): void {
    if (++this.#tcpFailures === TCP_FAILURES) this.#tcpTriedAt = now
  }

  onEdnsAnswered(now: Millis): void {
    this.#ednsProven = true
    this.#ednsLosses = 0
    this.#ednsAnsweredAt = now
  }

  /** Whether or not EDNS would have been answered as well. */
  onPlainAnswered(now: Millis): void {
    this.#plainAnsweredAt = now
  }

  /** FORMERR, NOTIMP or BADVERS to EDNS, and then an answer to the same question without. */
  onEdnsRefused(now: Millis): void {
    this.#ednsRefusedAt = now
    this.#ednsProven = false
  }

  /** Of a pair, the plain question was answered and the one with EDNS was not. */
  onEdnsLost(now: Millis): void {
    if (++this.#ednsLosses < NO_ACCIDENT) return
    this.#ednsRefusedAt = now
    this.#ednsProven = false
  }

  /** A server that was out answered a plain question: whether it answers EDNS is to be tested by pairs of probes. */
  onPlainHeard(): void {
    this.#ednsLosses = Math.max(1, this.#ednsLosses)
  }

  /** `bytes` came over UDP. */
  onDatagram(bytes: number): void {
    if (bytes > SMALL_PAYLOAD) this.#largeLosses = 0
  }

  /** An answer too large for the small payload, which came over TCP after `losses` offers of the large one went unanswered. */
  onLargeLost(losses: number, now: Millis): void {
    this.#largeLosses += losses
    if (this.#largeLosses >= NO_ACCIDENT) this.#largeLostAt = now
  }

  evidence(now: Millis): AbilityEvidence {
    const speaksEdns = this.speaksEdns(now)
    const known = this.hasProvenEdns ? 'proven' : 'untried'
    return {
      edns: speaksEdns ? (this.isEdnsInDoubt ? 'in doubt' : known) : 'refused',
      ednsLosses: this.#ednsLosses,
      payload: speaksEdns ? this.payloadSize(now) : 0,
      largeLosses: this.#largeLosses,
      tcpFailures: this.#tcpFailures,
    }
  }

  reset(): void {
    this.#ednsRefusedAt = undefined
    this.#ednsProven = false
    this.#ednsLosses = 0
    this.#ednsAnsweredAt = Number.NEGATIVE_INFINITY
    this.#plainAnsweredAt = Number.NEGATIVE_INFINITY
    this.#largeLostAt = undefined
    this.#largeLosses = 0
    this.#tcpFailures = 0
  }
}
