import { type Channel, isEncrypted, isStream, type Millis, type Random } from '../base/index.ts'
import { type Guards, NO_GUARDS } from './guards.ts'
import { type Guardable } from './outgoing.ts'
import type { Upstream } from './upstream.ts'
import { PAYLOAD_SIZE, SMALL_PAYLOAD } from './abilities.ts'
import type { GuardEvidence } from './guard-evidence.ts'

/** The largest payload servers commonly send: the last resort where an answer is truncated and TCP does not work. */
const LARGE_PAYLOAD = 4096

/** Messages without an answer after which the question counts as one that this server does not answer (RFC 9520 §3.1). */
export const ENOUGH = 3

/** Connections on which one question may be cut off while its server answers others on each of them. */
const MAX_CUT_OFFS = 32

/** The attempt to get one question answered by one server: what was tried so far, and so how to ask next. */
export class ServerAttempt {
  readonly upstream: Upstream
  /** It is not asked this question any more. */
  isExhausted = false
  /** It gave an error in this transaction, and not only in a remembered one. */
  gaveError = false
  /** It replied to EDNS with FORMERR, NOTIMP or BADVERS. */
  refusedEdns = false
  /** Connections that the server closed with the question on them. */
  #cutOffs = 0
  /** Its UDP answer was truncated and TCP failed, for this question or for many before. */
  lacksTcp = false
  /** TCP was tried for this question and failed. */
  hasTriedTcp = false
  /** Messages with EDNS that went unanswered, and those of them that offered the ordinary payload. */
  ednsLosses = 0
  largeLosses = 0
  /** When the last of those was sent. */
  #ednsLostAt = Number.NEGATIVE_INFINITY
  /** Opportunistic TLS has failed for this question, or takes too long. */
  hasTriedEncrypted = false
  /** Messages over an encrypted channel that may still be answered. */
  openEncrypted = 0
  /** It has asked for another cookie than it was sent. */
  hasRenewedCookie = false
  /** Messages that went unanswered with mixed letters, and with a cookie. */
  hasLostMixed = false
  hasLostCookie = false
  #guarded = 0
  /** As a reply lacked what the server is known to give back. */
  wasAskedByStream = false
  /** Messages that came in its name and were no reply, and whether they were so many that datagrams are not believed. */
  mismatches = 0
  needsStream = false
  /** Messages it may still get over UDP. */
  datagramsLeft = Number.POSITIVE_INFINITY
  #sent = 0
  #startedAt: Millis = 0

  /** The reply is of use only if it came to a question with EDNS, as long as the server is thought to take that. */
  readonly #needsEdns: boolean

  constructor(upstream: Upstream, needsEdns: boolean) {
    this.upstream = upstream
    this.#needsEdns = needsEdns
  }

  /** The server is alive and yet does not answer this question: it takes long, or messages get lost. */
  get isStuck(): boolean {
    return this.#sent > 0 && this.upstream.liveness.wasHeardSince(this.#startedAt)
  }

  /**
   * The server has closed a connection with the question on it, sent at `sentAt` (E-TLS-5). `idle` the first time: it may
   * have been about to close it anyway (RFC 7766 §6.2.4) · `busy` it has answered something meanwhile: each connection is
   * good for a few questions · `repeated` neither, or too often: that counts against the server.
   */
  onCutOff(sentAt: Millis): 'idle' | 'busy' | 'repeated' {
    if (this.#cutOffs++ === 0) return 'idle'
    return this.#cutOffs <= MAX_CUT_OFFS && this.upstream.hasAnsweredByStreamSince(sentAt) ? 'busy' : 'repeated'
  }

  /** It was not asked over UDP yet. */
  get isUntried(): boolean {
    return this.#sent === 0
  }

  /** It got this question several times without any reply. */
  get isSilent(): boolean {
    return this.#sent >= ENOUGH && !this.gaveError && !this.refusedEdns && !this.lacksTcp
  }

  /** The same while it answered other questions: so it is this question that it does not answer. */
  get isIgnored(): boolean {
    return this.isSilent && this.isStuck && this.upstream.liveness.state === 'up'
  }

  /** The channel of an ordinary message, among those that the server's mode allows. */
  get channel(): Channel {
    const { plain, encrypted } = this.upstream.channels
    if (plain === undefined) return encrypted.channel
    const isOffered = encrypted !== undefined && !this.hasTriedEncrypted && this.upstream.encryption.evidence.isOffered
    return isOffered && this.openEncrypted === 0 ? encrypted.channel : this.plainChannel
  }

  /** The plaintext channel of an ordinary message; not to be used of a server that is only asked encrypted. */
  get plainChannel(): Channel {
    return this.needsStream ? this.largeChannel : 'udp'
  }

  /** The channel for what a datagram cannot carry. */
  get largeChannel(): Channel {
    return 'tcp'
  }

  /** It has the question, and asking again on the same connection would bring nothing. */
  get isBusy(): boolean {
    return this.openEncrypted > 0 && this.upstream.staysEncrypted
  }

  /** The EDNS payload size to offer in the next message over `channel`; undefined: without EDNS. */
  payloadSize(channel: Channel, now: Millis): number | undefined {
    if (!isStream(channel)) return this.#datagramPayload(now)
    if (isEncrypted(channel) && this.#sent++ === 0) this.#startedAt = now
    return this.#streamPayload(now)
  }

  /**
   * What the next datagram carries for a forger to guess. Nothing before the server has answered, and a cookie not before
   * it has answered EDNS: so each thing that it may stumble over comes alone. What it has not answered yet is left out of
   * every second message, as EDNS is, and of those by which EDNS is found out about. `isRelayed`: whoever asked would get
   * an error that only our additions led to, so only what it is known to take.
   */
  guards({ mayBeMixed, mayHaveCookie }: Guardable, isRelayed: boolean, random: Random, now: Millis): Guards {
    const { upstream } = this
    if (upstream.roundTrip === undefined) return NO_GUARDS
    const nth = this.#guarded++
    const may = (evidence: GuardEvidence) =>
      evidence.isOn(now) && (evidence.isTolerated ? nth % 4 !== 3 : nth % 2 === 0 && !evidence.isDoubtful && !isRelayed)
    const hasCookie = mayHaveCookie && upstream.abilities.hasProvenEdns && may(upstream.cookies.evidence)
    return {
      mixesCase: mayBeMixed && may(upstream.letterCase),
      cookie: hasCookie ? upstream.cookies.own(random) : undefined,
    }
  }

  /** Counts the message, and alternates what it asks for with EDNS so that each cause of silence is found out. */
  #datagramPayload(now: Millis): number | undefined {
    const { abilities, liveness } = this.upstream
    const nth = this.#sent++
    if (nth === 0) this.#startedAt = now
    if (--this.datagramsLeft <= 0) this.isExhausted = true
    if (this.refusedEdns || !abilities.speaksEdns(now)) return undefined
    if (!this.#needsEdns && abilities.isEdnsUnlikely) return undefined
    if (this.lacksTcp) return LARGE_PAYLOAD
    if (this.#needsEdns) return nth >= 2 && this.isStuck ? SMALL_PAYLOAD : abilities.payloadSize(now)
    // Out, or answering only plain messages: without EDNS, as probes do, from the second message on.
    if (nth > 0 && (liveness.state === 'out' || abilities.hasAnsweredOnlyPlainSince(this.#startedAt))) return undefined
    // Every second message goes without EDNS until EDNS is proven, then every fourth.
    if (nth % (abilities.hasProvenEdns ? 4 : 2) === (abilities.hasProvenEdns ? 3 : 1)) return undefined
    // Unanswered twice by a live server: the answer may be too large for the path. With a small payload it comes as TC.
    return nth >= 2 && this.isStuck ? SMALL_PAYLOAD : abilities.payloadSize(now)
  }

  /** The size says nothing on a stream. */
  #streamPayload(now: Millis): number | undefined {
    return this.refusedEdns || !this.upstream.abilities.speaksEdns(now) ? undefined : PAYLOAD_SIZE
  }

  onTcpFailed(now: Millis): void {
    this.lacksTcp = true
    this.hasTriedTcp = true
    this.isExhausted ||= this.needsStream
    this.upstream.onStreamFailed(now)
  }

  /** A message with EDNS went unanswered, and not because the server was out at that time. */
  get hasLostEdns(): boolean {
    return this.#ednsLostAt > this.upstream.recoveredAt
  }

  /** A message that offered `payload` went unanswered. */
  onLost(payload: number | undefined, { mixesCase, cookie }: Guards, sentAt: Millis): void {
    this.hasLostMixed ||= mixesCase
    this.hasLostCookie ||= cookie !== undefined
    if (payload === undefined) return
    this.ednsLosses++
    this.#ednsLostAt = Math.max(this.#ednsLostAt, sentAt)
    if (payload >= PAYLOAD_SIZE) this.largeLosses++
  }
}
