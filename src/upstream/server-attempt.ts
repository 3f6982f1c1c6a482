import { type Channel, isStream, type Millis } from '../base/index.ts'
import type { Upstream } from './upstream.ts'
import { PAYLOAD_SIZE, SMALL_PAYLOAD } from './abilities.ts'

/** As much as servers commonly send: the last resort where an answer is truncated and TCP does not work. */
const LARGE_PAYLOAD = 4096

/** RFC 9520 §3.1: three messages without an answer tell that the question does not get one. */
export const ENOUGH = 3

/** How one question fares with one server: what was tried, and so how to ask next. */
export class ServerAttempt {
  readonly upstream: Upstream
  /** It has said its last word on this question. */
  isExhausted = false
  /** It gave an error of its own account, now and not from memory. */
  gaveError = false
  /** It refused EDNS in words. */
  refusedEdns = false
  /** A connection of ours was closed with the question on it; a fresh one was tried. */
  hasReconnected = false
  /** Its UDP answer was truncated and TCP failed, for this question or for many before. */
  lacksTcp = false
  /** It failed for this question. */
  hasTriedTcp = false
  /** Messages with EDNS that went unanswered, and those of them that offered the ordinary payload. */
  ednsLosses = 0
  largeLosses = 0
  /** When the last of those was sent. */
  #ednsLostAt = Number.NEGATIVE_INFINITY
  /** Messages it may still get over UDP. */
  datagramsLeft = Number.POSITIVE_INFINITY
  #sentUdp = 0
  #startedAt: Millis = 0

  constructor(upstream: Upstream) {
    this.upstream = upstream
  }

  /** The server is alive and yet says nothing to this question: it takes long, or messages get lost. */
  get isStuck(): boolean {
    return this.#sentUdp > 0 && this.upstream.liveness.wasHeardSince(this.#startedAt)
  }

  /** It was not asked yet. */
  get isUntried(): boolean {
    return this.#sentUdp === 0
  }

  /** It got this question more than once or twice and said nothing. */
  get isSilent(): boolean {
    return this.#sentUdp >= ENOUGH && !this.gaveError && !this.refusedEdns && !this.lacksTcp
  }

  /** And that while it spoke to others: so it is the question that gets no answer. */
  get isIgnored(): boolean {
    return this.isSilent && this.isStuck && this.upstream.liveness.state === 'up'
  }

  /** The channel of an ordinary message. With `largeChannel` the only place where a channel is chosen. */
  get channel(): Channel {
    return this.upstream.channels.first
  }

  /** The channel for what `channel` has truncated or cannot carry. */
  get largeChannel(): Channel {
    return this.upstream.channels.large
  }

  /** The EDNS payload size to offer in the next message over `channel`; undefined: without EDNS. */
  payloadSize(channel: Channel, now: Millis): number | undefined {
    return isStream(channel) ? this.#streamPayload(now) : this.#datagramPayload(now)
  }

  #datagramPayload(now: Millis): number | undefined {
    const { abilities, liveness } = this.upstream
    const nth = this.#sentUdp++
    if (nth === 0) this.#startedAt = now
    if (--this.datagramsLeft <= 0) this.isExhausted = true
    if (this.refusedEdns || abilities.isEdnsUnlikely || !abilities.speaksEdns(now)) return undefined
    if (this.lacksTcp) return LARGE_PAYLOAD
    // One that is out, or answers plain messages alone: as plainly as probes ask it, once it had its chance.
    if (nth > 0 && (liveness.state === 'out' || abilities.hasAnsweredOnlyPlainSince(this.#startedAt))) return undefined
    // Unanswered: the other half of a pair. Where EDNS has worked, only when nothing else helps.
    if (nth % (abilities.hasProvenEdns ? 4 : 2) === (abilities.hasProvenEdns ? 3 : 1)) return undefined
    // Unanswered twice, and yet alive: maybe the answer is too large for the path (then TC, then TCP).
    return nth >= 2 && this.isStuck ? SMALL_PAYLOAD : abilities.payloadSize(now)
  }

  /** Where the size says nothing. */
  #streamPayload(now: Millis): number | undefined {
    return this.refusedEdns || !this.upstream.abilities.speaksEdns(now) ? undefined : PAYLOAD_SIZE
  }

  onTcpFailed(now: Millis): void {
    this.lacksTcp = true
    this.hasTriedTcp = true
    this.upstream.onStreamFailed(now)
  }

  /** A message with EDNS went unanswered, and its server had not been silent to everybody until later. */
  get hasLostEdns(): boolean {
    return this.#ednsLostAt > this.upstream.recoveredAt
  }

  /** A message that offered `payload` went unanswered. */
  onLost(payload: number | undefined, sentAt: Millis): void {
    if (payload === undefined) return
    this.ednsLosses++
    this.#ednsLostAt = Math.max(this.#ednsLostAt, sentAt)
    if (payload >= PAYLOAD_SIZE) this.largeLosses++
  }
}
