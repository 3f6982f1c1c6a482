import { type Channel, isEncrypted, isStream, type Millis, type Random } from '../base/index.ts'
import type { Message } from '../wire/index.ts'
import { type ServerAttempt, ENOUGH } from './server-attempt.ts'
import { ServerAttempts } from './server-attempts.ts'
import {
  learnFromAnswer,
  learnFromFailure,
  learnFromFlaw,
  learnFromGuards,
  learnFromReply,
  learnFromSilence,
} from './learning.ts'
import type { FailureState, Outcome, ReplyOutcome, Step } from './outcome.ts'
import type { Guards } from './guards.ts'
import type { Request } from './outgoing.ts'
import { NO_GUARDS } from './guards.ts'
import { guardable, outgoingMessage } from './outgoing.ts'
import { RetrySchedule, SUSPEND_GAP } from './retry-schedule.ts'
import type { ConnectionFacts, TransportErrorCode } from './transport.ts'
import { ExchangeLog } from './exchange-log.ts'
import { Exchange } from './exchange.ts'
import { givenBackBy, withoutGuards } from './given-back.ts'
import { FLAW_TEXTS, type ReplyFlaw } from './reply-flaw.ts'
import type { Upstreams } from './upstreams.ts'
import { classify, resultText, errorWeight } from './reply-class.ts'

/**
 * Messages per question at most (R-SRV-6). More than the three to each server of RFC 9520 §3.1, as clients of a stub do not
 * ask again: at 30 % loss each way all three are lost for every eighth question. Servers that were silent before get three.
 */
const MAX_EXCHANGES = 24
/** What these codes stand for is told by the reason. */
const VAGUE: ReadonlySet<TransportErrorCode> = new Set(['handshake', 'untrusted', 'http', 'io'])

/** Messages in a server's name that answer something else: so many for one question are no accident, but guesses. */
const MAX_MISMATCHES = 5
/**
 * Messages to one server that may be answered at a time. A forger needs to hit any of them, and with three, 48 Ki ports and
 * 64 Ki IDs he is right once in 2^30 times (RFC 5452 §7.1).
 */
const MAX_OUT = 3

/**
 * One question in one scope until it is answered or given up: all policy of retry, failover, truncation and EDNS
 * fallback. It never waits; `drive` does. A server whose patience has run out is not forgotten: its late answer still
 * wins if it comes first, while the next server is asked meanwhile. When all is done, what still comes is taken in for
 * what it says about the server.
 */
export class Transaction {
  readonly #request: Request
  readonly #upstreams: Upstreams
  readonly #random: Random
  readonly #attempts: ServerAttempts
  readonly #schedule: RetrySchedule
  readonly #log: ExchangeLog
  /** The most telling error so far: the outcome when no server has an answer. */
  #bestError: ReplyOutcome | undefined
  #sawMalformed = false
  #isKnownSilence = false
  #sawOnlyNoRoute = true
  /** It was there for everybody on the way to read (E-OPP-4). */
  #wasSentInPlaintext = false
  /** Why a server could not be asked over its encrypted channel, when there was no other. */
  #reason: string | undefined
  #waitsUntil: Millis = 0
  #outcome: Outcome | undefined

  /** `readsMemory` false: also asks servers that failed at this question a moment ago. */
  constructor(request: Request, upstreams: Upstreams, random: Random, now: Millis, readsMemory = true) {
    this.#request = request
    this.#upstreams = upstreams
    this.#random = random
    this.#log = new ExchangeLog(request.question.type)
    this.#schedule = new RetrySchedule(upstreams, now)
    this.#attempts = new ServerAttempts(upstreams, request, now)
    if (readsMemory && request.kind === 'question') for (const attempt of this.#attempts.all) this.#recall(attempt, now)
  }

  begin(now: Millis): Step {
    this.#upstreams.onQuestion(now)
    return this.#askNext(now)
  }

  /** A message that answers this exchange came, perhaps after the transaction was done; over `connection` if encrypted. */
  onReply(exchange: Exchange, reply: Buffer, now: Millis, connection?: ConnectionFacts): Step {
    if (now - exchange.sentAt > exchange.patience + SUSPEND_GAP) return this.#onWake(now) // its TTLs began before the suspend
    const givenBack = givenBackBy(reply, exchange)
    const wire = withoutGuards(reply, this.#request.question.name, exchange.guards, givenBack)
    const { payloadSize, guards } = exchange
    const replyClass = classify(
      wire,
      payloadSize !== undefined,
      guards.cookie !== undefined,
      isEncrypted(exchange.channel),
    )
    learnFromReply(exchange, wire, replyClass.kind, connection, this.#upstreams, now)
    if (exchange.channel === 'udp') learnFromGuards(exchange, givenBack, replyClass, now)
    if (replyClass.kind === 'answer') exchange.upstream.failures.forget(this.#request.question)
    this.#settle(exchange)
    if (this.#outcome !== undefined) return { kind: 'done', outcome: this.#outcome }
    this.#sawOnlyNoRoute = false
    if (replyClass.kind === 'malformed') return this.#onMalformed(exchange, wire.length, now)
    if (replyClass.kind === 'truncated') return this.#onTruncated(exchange, wire.length, now)
    const { kind, message } = replyClass
    if (kind === 'edns-refused') return this.#retryWithoutEdns(exchange, message, wire.length, now)
    if (kind === 'bad-cookie') return this.#retryWithCookie(exchange, message, wire.length, now)
    this.#log.note(exchange, resultText(message), now, wire.length)
    const { upstream, channel, attempt } = exchange
    const isConfidential = isEncrypted(channel) && !this.#wasSentInPlaintext
    const exchanges = this.#log.results
    const outcome = { kind: 'reply', wire, message, upstream, channel, isConfidential, exchanges } as const
    if (kind === 'server-error') return this.#onServerError(outcome, attempt, now)
    learnFromAnswer(exchange, this.#log.open, this.#upstreams, now)
    return this.#onAnswer(outcome, attempt, now)
  }

  /** The transport could not deliver the message, or nothing came for it in time; `reason` says why, for people. */
  onFailure(exchange: Exchange, code: TransportErrorCode, now: Millis, reason: string = code): Step {
    const { attempt, channel, sentAt } = exchange
    const cutOff = code === 'closed' && isStream(channel) ? attempt.onCutOff(sentAt) : undefined
    const isBlamed = cutOff === undefined || cutOff === 'repeated'
    if (isBlamed) learnFromFailure(exchange, code, reason, this.#upstreams, this.#attempts.isStuck, now)
    this.#settle(exchange)
    if (this.#outcome !== undefined) return { kind: 'done', outcome: this.#outcome }
    if (code !== 'unreachable') this.#sawOnlyNoRoute = false
    if (code === 'no-port') attempt.needsStream = true
    if ((code === 'too-large' || code === 'no-port') && !isStream(channel)) {
      return this.#send(attempt, attempt.largeChannel, now)
    }
    this.#log.note(exchange, VAGUE.has(code) ? reason : code, now)
    if (cutOff === 'idle' || (cutOff === 'busy' && this.#staysWith(exchange, now)))
      return this.#reconnect(exchange, now)
    if (isEncrypted(channel)) return this.#onEncryptedFailure(exchange, code, reason, now)
    if (isStream(channel)) return this.#onTcpFailure(exchange, code, now)
    if (code !== 'timeout') attempt.isExhausted = true
    return this.#askNext(now)
  }

  /**
   * A message came where this exchange is waited for, and is no reply to it. Somebody who guesses needs many; after a
   * handful the server is asked over a connection, where he would have to guess its sequence number too. At once where
   * only letter case or cookie are wrong: the server itself may have changed, and nothing better would come from it.
   */
  onMismatch(exchange: Exchange, flaw: ReplyFlaw, now: Millis): Step {
    const { attempt, upstream, channel } = exchange
    upstream.counts.mismatches++
    learnFromFlaw(exchange, flaw, now)
    if (channel !== 'udp' || attempt.needsStream) return this.#goOn()
    const isGuessed = ++attempt.mismatches >= MAX_MISMATCHES
    if (!isGuessed && (flaw === 'mismatch' || attempt.wasAskedByStream)) return this.#goOn()
    if (isGuessed) this.#onGuesses(attempt)
    return this.#outcome === undefined ? this.#askByStream(attempt, FLAW_TEXTS[flaw], now) : this.#goOn()
  }

  #onGuesses(attempt: ServerAttempt): void {
    attempt.needsStream = true
    attempt.upstream.counts.guesses++
    this.#upstreams.onGuessing(attempt.upstream)
  }

  /** Instead of by all datagrams that are out to this server. */
  #askByStream(attempt: ServerAttempt, reason: string, now: Millis): Step {
    const drop = this.#log.datagramsTo(attempt)
    for (const exchange of drop) {
      this.#log.note(exchange, reason, now)
      this.#settle(exchange)
    }
    attempt.wasAskedByStream = true
    const step = this.#send(attempt, attempt.largeChannel, now)
    return step.kind === 'wait' ? { ...step, drop } : step
  }

  /** The time `until` of the last step has come. */
  onTime(now: Millis): Step {
    if (this.#outcome !== undefined) return { kind: 'done', outcome: this.#outcome }
    if (now - this.#waitsUntil > SUSPEND_GAP) return this.#onWake(now)
    if (now >= this.#schedule.deadline) return this.#fail('timeout', now)
    if (now < this.#schedule.nextSendAt) return this.#wait([])
    this.#sawOnlyNoRoute = false
    const late = this.#log.newlyLate(now)
    const raced = late.find(
      ({ channel, upstream }) => isEncrypted(channel) && upstream.encryption.evidence.state === 'untried',
    )
    for (const exchange of late) learnFromSilence(exchange, this.#upstreams, this.#attempts.isStuck, now)
    if (raced !== undefined && !raced.upstream.isStrict)
      return this.#send(raced.attempt, raced.attempt.plainChannel, now) // E-OPP-1
    const only = this.#log.sent === 1 && this.#attempts.hasFree ? this.#log.oldest : undefined
    return only === undefined || this.#schedule.mayHedge(only, now) ? this.#askNext(now) : this.#wait([])
  }

  /** The machine was suspended: silence is not counted against servers, and the question is asked anew. */
  #onWake(now: Millis): Step {
    this.#log.forgetOpen()
    for (const attempt of this.#attempts.all) attempt.openEncrypted = 0
    if (this.#outcome !== undefined) return { kind: 'done', outcome: this.#outcome }
    this.#schedule.restart(now)
    return this.#askNext(now)
  }

  /** Applies what is remembered of this server's failures at this question (RFC 9520). */
  #recall(attempt: ServerAttempt, now: Millis): void {
    const { upstream } = attempt
    const { question } = this.#request
    if (upstream.failures.wasSilent(question)) attempt.datagramsLeft = ENOUGH
    const failure = upstream.failures.find(question, now)
    if (failure === undefined) return
    attempt.isExhausted = true
    if (failure.kind === 'silence') this.#isKnownSilence = true
    else this.#takeError({ ...failure, kind: 'reply', upstream, isConfidential: false, exchanges: this.#log.results })
  }

  #onMalformed(exchange: Exchange, bytes: number, now: Millis): Step {
    exchange.upstream.counts.invalid++
    this.#log.note(exchange, 'unreadable reply', now, bytes)
    return this.#giveUpOn(exchange.attempt, now)
  }

  #onTruncated(exchange: Exchange, bytes: number, now: Millis): Step {
    const { attempt, channel, upstream } = exchange
    this.#log.note(exchange, 'truncated', now, bytes)
    upstream.counts.truncated++
    if (isStream(channel) || attempt.hasTriedTcp) return this.#giveUpOn(attempt, now) // R-SRV-10
    const isLastResort = attempt.lacksTcp // TCP was in doubt, and a large datagram was truncated too
    const mayTry = this.#request.kind === 'relay' || isLastResort || upstream.abilities.mayTryTcp(now)
    if (mayTry) return this.#send(attempt, attempt.largeChannel, now)
    attempt.lacksTcp = true
    return this.#askNext(now)
  }

  /** The server's reply is unusable. */
  #giveUpOn(attempt: ServerAttempt, now: Millis): Step {
    this.#sawMalformed = true
    attempt.isExhausted = true
    return this.#askNext(now)
  }

  #retryWithoutEdns(exchange: Exchange, message: Message, bytes: number, now: Millis): Step {
    const { attempt, channel, guards, upstream } = exchange
    this.#log.note(exchange, `${resultText(message)} to EDNS`, now, bytes)
    // EDNS had been answered before a cookie came with it.
    if (guards.cookie !== undefined && !upstream.cookies.evidence.isTolerated) upstream.cookies.evidence.turnOff(now)
    else attempt.refusedEdns = true
    return this.#send(attempt, channel, now)
  }

  /** Once more with the cookie that the reply brought, then over a connection, which needs none (RFC 7873 §5.3). */
  #retryWithCookie(exchange: Exchange, message: Message, bytes: number, now: Millis): Step {
    const { attempt, channel } = exchange
    this.#log.note(exchange, resultText(message), now, bytes)
    const isFirst = !attempt.hasRenewedCookie
    attempt.hasRenewedCookie = true
    return this.#send(attempt, isFirst ? channel : attempt.largeChannel, now)
  }

  #onServerError(outcome: ReplyOutcome, attempt: ServerAttempt, now: Millis): Step {
    const { upstream, channel, wire, message } = outcome
    upstream.onError()
    if (this.#request.kind === 'question')
      upstream.failures.add(this.#request.question, { kind: 'error', wire, message, channel }, now)
    attempt.isExhausted = true
    attempt.gaveError = true
    this.#takeError(outcome)
    this.#schedule.onServerError(this.#attempts.hasLikely(now), now)
    return this.#askNext(now)
  }

  #onAnswer(outcome: ReplyOutcome, attempt: ServerAttempt, now: Millis): Step {
    const { upstream } = outcome
    if (attempt.refusedEdns) upstream.abilities.onEdnsRefused(now)
    if (attempt.refusedEdns && this.#request.validation !== undefined) return this.#leave(attempt, now)
    upstream.onGoodAnswer(this.#request.question)
    this.#attempts.onAnswered(now)
    if (this.#request.kind === 'relay' || this.#request.server === undefined)
      this.#upstreams.onAnswerFrom(upstream, now)
    return this.#done(outcome)
  }

  /** What it says without EDNS cannot be validated, nor be compared with what a server says that does DNSSEC (S-MODE-4). */
  #leave(attempt: ServerAttempt, now: Millis): Step {
    attempt.isExhausted = true
    return this.#askNext(now)
  }

  /** The more telling error is kept, among equals that of the server asked first. */
  #takeError(outcome: ReplyOutcome): void {
    if (this.#bestError !== undefined && errorWeight(this.#bestError.message) >= errorWeight(outcome.message)) return
    this.#bestError = outcome
  }

  /** Nobody else could answer it sooner: no server that was not asked yet, and no plaintext. */
  #staysWith({ upstream, channel }: Exchange, now: Millis): boolean {
    return !this.#attempts.hasUntried(now) && (upstream.staysEncrypted || !isEncrypted(channel))
  }

  /** The question goes over another connection at once, as if it had not been sent. */
  #reconnect({ attempt, channel }: Exchange, now: Millis): Step {
    this.#log.discount()
    return this.#send(attempt, channel, now)
  }

  #onTcpFailure({ attempt, isLate }: Exchange, code: TransportErrorCode, now: Millis): Step {
    if (code !== 'timeout') attempt.isExhausted ||= attempt.lacksTcp || this.#request.kind === 'relay'
    if (!isLate) attempt.onTcpFailed(now)
    return this.#askNext(now)
  }

  /** Strict goes on with other servers, or fails (E-LIFE-1); else the question goes in plaintext, and at once. */
  #onEncryptedFailure(exchange: Exchange, code: TransportErrorCode, reason: string, now: Millis): Step {
    const { attempt } = exchange
    if (!attempt.upstream.isStrict) {
      const isFirst = !attempt.hasTriedEncrypted
      attempt.hasTriedEncrypted = true
      return isFirst ? this.#send(attempt, attempt.channel, now) : this.#askNext(now)
    }
    this.#reason ??= reason
    if (code === 'closed') return this.#onCutOffAgain(exchange, now)
    if (code !== 'timeout') attempt.isExhausted = true
    return this.#askNext(now)
  }

  /**
   * Cut off on connections that were good for nothing: that counts against the server. One that was not asked yet is asked
   * at once; else the question goes on at the usual pace, as the next may hold, but never as fast as the server closes.
   */
  #onCutOffAgain({ upstream, sentAt }: Exchange, now: Millis): Step {
    this.#upstreams.onMiss(upstream, sentAt, now)
    return this.#attempts.hasUntried(now) ? this.#askNext(now) : this.#wait([])
  }

  /** Asks the next server in turn; the end when none is left and nothing is under way. */
  #askNext(now: Millis): Step {
    const isLast = this.#log.sent >= MAX_EXCHANGES
    const attempt = isLast ? undefined : this.#attempts.next()
    if (attempt !== undefined) return this.#send(attempt, attempt.channel, now)
    if (this.#log.oldest !== undefined) return this.#wait([])
    return isLast && this.#attempts.hasOpen ? this.#fail('attempts-max-reached', now) : this.#conclude(now)
  }

  #send(attempt: ServerAttempt, wanted: Channel, now: Millis): Step {
    const { upstream } = attempt
    const channel = upstream.allows(wanted) ? wanted : attempt.channel // what was discovered may be gone meanwhile
    const payloadSize = this.#request.kind === 'question' ? attempt.payloadSize(channel, now) : undefined
    const guards = channel === 'udp' ? this.#guards(attempt, payloadSize, now) : NO_GUARDS
    const wire = outgoingMessage(this.#request, payloadSize, this.#random, guards)
    const earlier = this.#log.sent
    const round = Math.floor(earlier / this.#attempts.all.length)
    const isFallback = isStream(channel) && !isEncrypted(channel)
    if (isFallback) this.#schedule.onSendStream(attempt, this.#attempts.hasUntried(now), now)
    else this.#schedule.onSend(attempt, channel, round, now)
    const patience = this.#schedule.patience(channel)
    const overdueAt = isFallback ? this.#schedule.nextSendAt : now + this.#upstreams.patienceOver(upstream, channel)
    if (isEncrypted(channel)) attempt.openEncrypted++
    else this.#wasSentInPlaintext = true
    const addsOpt = this.#request.kind === 'relay' && upstream.speaksEdns(now)
    const exchange = new Exchange(attempt, {
      channel,
      payloadSize,
      wire,
      guards,
      sentAt: now,
      overdueAt,
      patience,
      earlier,
      addsOpt,
    })
    const out = channel === 'udp' ? this.#log.datagramsTo(attempt) : []
    const drop = out.slice(1, Math.max(1, out.length + 2 - MAX_OUT)) // the first one's answer may be slow, but on its way
    for (const each of drop) {
      this.#log.note(each, 'no answer', now)
      this.#settle(each)
    }
    upstream.counts.sent++
    this.#log.add(exchange)
    return this.#wait([exchange], drop)
  }

  #guards(attempt: ServerAttempt, payloadSize: number | undefined, now: Millis): Guards {
    const isRelayed = this.#request.kind === 'relay'
    return attempt.guards(guardable(this.#request, payloadSize), isRelayed, this.#random, now)
  }

  #settle(exchange: Exchange): void {
    const wasOpen = this.#log.settle(exchange)
    if (wasOpen && isEncrypted(exchange.channel)) exchange.attempt.openEncrypted--
  }

  /** Nothing has changed. */
  #goOn(): Step {
    if (this.#outcome !== undefined) return { kind: 'done', outcome: this.#outcome }
    return { kind: 'wait', send: [], drop: [], until: this.#waitsUntil }
  }

  #wait(send: readonly Exchange[], drop: readonly Exchange[] = []): Step {
    const { deadline, nextSendAt } = this.#schedule
    const mayTryAgain = this.#log.sent < MAX_EXCHANGES && this.#attempts.hasFree
    this.#waitsUntil = mayTryAgain ? Math.min(deadline, nextSendAt) : deadline
    return { kind: 'wait', send, drop, until: this.#waitsUntil }
  }

  /** No server is left: names the reason. */
  #conclude(now: Millis): Step {
    if (this.#isKnownSilence) return this.#fail('timeout', now)
    if (this.#sawMalformed) return this.#fail('invalid-reply', now)
    return this.#fail(this.#sawOnlyNoRoute ? 'network-down' : 'attempts-max-reached', now)
  }

  #fail(state: FailureState, now: Millis): Step {
    this.#log.noteUnanswered(now)
    if (this.#request.kind === 'question') this.#attempts.rememberSilences(this.#request.question, now)
    return this.#done(this.#bestError ?? { kind: 'failure', state, reason: this.#reason, exchanges: this.#log.results })
  }

  #done(outcome: Outcome): Step {
    this.#outcome = outcome
    return { kind: 'done', outcome }
  }
}
