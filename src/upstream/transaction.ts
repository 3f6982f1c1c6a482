import { type Channel, isStream, type Millis, type Random } from '../base/index.ts'
import type { Message } from '../wire/index.ts'
import { type Course, ENOUGH } from './course.ts'
import { Courses } from './courses.ts'
import { learnFromAnswer, learnFromFailure, learnFromReply, learnFromSilence } from './evidence.ts'
import type { FailureState, Outcome, ReplyOutcome, Step } from './outcome.ts'
import type { Request } from './outgoing.ts'
import { outgoingMessage } from './outgoing.ts'
import { Pace, SLEPT } from './pace.ts'
import type { TransportErrorCode } from './transport.ts'
import { Tries } from './tries.ts'
import { Try } from './try.ts'
import type { Upstreams } from './upstreams.ts'
import { judge, verdictText, weight } from './verdict.ts'

/**
 * Messages per question at most (R-SRV-6). More than the three to each server of RFC 9520 §3.1, as nobody behind us
 * asks again: at 30 % loss each way three are lost for every eighth question. Who was silent before gets three.
 */
const MAX_TRIES = 24

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
  readonly #courses: Courses
  readonly #pace: Pace
  readonly #tries = new Tries()
  /** The best of the errors, for want of an answer. */
  #trouble: ReplyOutcome | undefined
  #sawGarbage = false
  #isKnownSilence = false
  #sawOnlyNoRoute = true
  #waitsUntil: Millis = 0
  #outcome: Outcome | undefined

  /** `readsMemory` false asks also those servers that failed at this question a moment ago. */
  constructor(request: Request, upstreams: Upstreams, random: Random, now: Millis, readsMemory = true) {
    this.#request = request
    this.#upstreams = upstreams
    this.#random = random
    this.#pace = new Pace(upstreams, now)
    this.#courses = new Courses(upstreams, now)
    if (readsMemory && request.kind === 'question') for (const course of this.#courses.all) this.#recall(course, now)
  }

  begin(now: Millis): Step {
    this.#upstreams.onQuestion(now)
    return this.#askNext(now)
  }

  /** A message that answers this try came. */
  onReply(attempt: Try, wire: Buffer, now: Millis): Step {
    if (now - attempt.sentAt > attempt.patience + SLEPT) return this.#onWake(now) // its TTLs began before we slept
    const verdict = judge(wire, attempt.payloadSize !== undefined)
    learnFromReply(attempt, wire, verdict.kind, now)
    if (verdict.kind === 'answer') attempt.upstream.failures.forget(this.#request.question)
    this.#tries.settle(attempt)
    if (this.#outcome !== undefined) return { kind: 'done', outcome: this.#outcome }
    this.#sawOnlyNoRoute = false
    if (verdict.kind === 'garbage') return this.#onGarbage(attempt, now)
    if (verdict.kind === 'truncated') return this.#onTruncated(attempt, now)
    const { kind, message } = verdict
    if (kind === 'edns-refused') return this.#retryWithoutEdns(attempt, message, now)
    this.#tries.note(attempt, verdictText(message), now)
    const { upstream, channel, course } = attempt
    const outcome = { kind: 'reply', wire, message, upstream, channel, tries: this.#tries.results } as const
    if (kind === 'trouble') return this.#onTrouble(outcome, course, now)
    learnFromAnswer(attempt, this.#tries.open)
    return this.#onAnswer(outcome, course, now)
  }

  /** The transport could not deliver this try, or nothing came for it. */
  onFailure(attempt: Try, code: TransportErrorCode, now: Millis): Step {
    const { course, channel } = attempt
    learnFromFailure(attempt, code, this.#upstreams, this.#courses.isStuck, now)
    this.#tries.settle(attempt)
    if (this.#outcome !== undefined) return { kind: 'done', outcome: this.#outcome }
    if (code !== 'unreachable') this.#sawOnlyNoRoute = false
    if (code === 'too-large' && !isStream(channel)) return this.#send(course, course.largeChannel, now)
    this.#tries.note(attempt, code, now)
    if (isStream(channel)) return this.#onTcpFailure(attempt, code, now)
    if (code !== 'timeout') course.isSpent = true
    return this.#askNext(now)
  }

  /** The time `until` of the last step has come. */
  onTime(now: Millis): Step {
    if (this.#outcome !== undefined) return { kind: 'done', outcome: this.#outcome }
    if (now - this.#waitsUntil > SLEPT) return this.#onWake(now)
    if (now >= this.#pace.deadline) return this.#fail('timeout', now)
    if (now < this.#pace.nextTryAt) return this.#wait([])
    this.#sawOnlyNoRoute = false
    for (const attempt of this.#tries.newlyLate(now)) {
      learnFromSilence(attempt, this.#upstreams, this.#courses.isStuck, now)
    }
    const only = this.#tries.sent === 1 ? this.#tries.oldest : undefined
    return only === undefined || this.#pace.mayHedge(only, now) ? this.#askNext(now) : this.#wait([])
  }

  /** Time went by unheard: nobody is blamed for silence, and the question is asked anew. */
  #onWake(now: Millis): Step {
    this.#tries.forgetOpen()
    if (this.#outcome !== undefined) return { kind: 'done', outcome: this.#outcome }
    this.#pace.restart(now)
    return this.#askNext(now)
  }

  /** A moment ago this server could not answer this question (RFC 9520). */
  #recall(course: Course, now: Millis): void {
    const { upstream } = course
    const { question } = this.#request
    if (upstream.failures.wasSilent(question)) course.allowance = ENOUGH
    const failure = upstream.failures.find(question, now)
    if (failure === undefined) return
    course.isSpent = true
    if (failure.kind === 'silence') this.#isKnownSilence = true
    else this.#takeTrouble({ ...failure, kind: 'reply', upstream, tries: this.#tries.results })
  }

  #onGarbage(attempt: Try, now: Millis): Step {
    attempt.upstream.counts.invalid++
    this.#tries.note(attempt, 'unreadable reply', now)
    return this.#giveUpOn(attempt.course, now)
  }

  #onTruncated(attempt: Try, now: Millis): Step {
    const { course, channel, upstream } = attempt
    this.#tries.note(attempt, 'truncated', now)
    upstream.counts.truncated++
    if (isStream(channel) || course.hasTriedTcp) return this.#giveUpOn(course, now) // R-SRV-10
    const isLastResort = course.lacksTcp // it was doubtful, and a large datagram did not do
    const mayTry = this.#request.kind === 'relay' || isLastResort || upstream.abilities.mayTryTcp(now)
    if (mayTry) return this.#send(course, course.largeChannel, now)
    course.lacksTcp = true
    return this.#askNext(now)
  }

  /** What it says is of no use. */
  #giveUpOn(course: Course, now: Millis): Step {
    this.#sawGarbage = true
    course.isSpent = true
    return this.#askNext(now)
  }

  #retryWithoutEdns(attempt: Try, message: Message, now: Millis): Step {
    this.#tries.note(attempt, `${verdictText(message)} to EDNS`, now)
    attempt.course.refusedEdns = true
    return this.#send(attempt.course, attempt.channel, now)
  }

  #onTrouble(outcome: ReplyOutcome, course: Course, now: Millis): Step {
    const { upstream, channel, wire, message } = outcome
    upstream.onError()
    if (this.#request.kind === 'question')
      upstream.failures.add(this.#request.question, { kind: 'error', wire, message, channel }, now)
    course.isSpent = true
    course.gaveTrouble = true
    this.#takeTrouble(outcome)
    this.#pace.onTrouble(this.#courses.hasHope(now), now)
    return this.#askNext(now)
  }

  #onAnswer(outcome: ReplyOutcome, course: Course, now: Millis): Step {
    const { upstream } = outcome
    if (course.refusedEdns) upstream.abilities.onEdnsRefused(now)
    upstream.onGoodAnswer(this.#request.question)
    this.#courses.onAnswered(now)
    this.#upstreams.onAnswerFrom(upstream)
    return this.#done(outcome)
  }

  /** The more telling error is kept, among equals that of the server asked first. */
  #takeTrouble(outcome: ReplyOutcome): void {
    if (this.#trouble !== undefined && weight(this.#trouble.message) >= weight(outcome.message)) return
    this.#trouble = outcome
  }

  #onTcpFailure({ course, channel, isLate }: Try, code: TransportErrorCode, now: Millis): Step {
    if (code === 'closed' && !course.hasReconnected) {
      // Written just as the server closed an idle connection: a fresh one will do.
      course.hasReconnected = true
      return this.#send(course, channel, now)
    }
    if (code !== 'timeout') course.isSpent ||= course.lacksTcp || this.#request.kind === 'relay'
    if (!isLate) course.onTcpFailed(now)
    return this.#askNext(now)
  }

  /** The next server in turn, or the end when each has said its last word. */
  #askNext(now: Millis): Step {
    const isLast = this.#tries.sent >= MAX_TRIES
    const course = isLast ? undefined : this.#courses.next()
    if (course !== undefined) return this.#send(course, course.channel, now)
    if (this.#tries.oldest !== undefined) return this.#wait([])
    return isLast && this.#courses.areOpen ? this.#fail('attempts-max-reached', now) : this.#conclude(now)
  }

  #send(course: Course, channel: Channel, now: Millis): Step {
    const { upstream } = course
    const payloadSize = this.#request.kind === 'question' ? course.payloadSize(channel, now) : undefined
    const wire = outgoingMessage(this.#request, payloadSize, this.#random)
    const earlier = this.#tries.sent
    const round = Math.floor(earlier / this.#courses.all.length)
    if (isStream(channel)) this.#pace.onSendStream(course, this.#courses.hasUntried(now), now)
    else this.#pace.onSend(course, round, now)
    const patience = this.#pace.patience(channel)
    const overdueAt = isStream(channel) ? this.#pace.nextTryAt : now + this.#upstreams.patience(upstream)
    const attempt = new Try(course, { channel, payloadSize, wire, sentAt: now, overdueAt, patience, earlier })
    upstream.counts.sent++
    this.#tries.add(attempt)
    return this.#wait([attempt])
  }

  #wait(send: readonly Try[]): Step {
    const { deadline, nextTryAt } = this.#pace
    const mayTryAgain = this.#tries.sent < MAX_TRIES && this.#courses.areOpen
    this.#waitsUntil = mayTryAgain ? Math.min(deadline, nextTryAt) : deadline
    return { kind: 'wait', send, until: this.#waitsUntil }
  }

  /** All have said their last word. */
  #conclude(now: Millis): Step {
    if (this.#isKnownSilence) return this.#fail('timeout', now)
    if (this.#sawGarbage) return this.#fail('invalid-reply', now)
    return this.#fail(this.#sawOnlyNoRoute ? 'network-down' : 'attempts-max-reached', now)
  }

  #fail(state: FailureState, now: Millis): Step {
    this.#tries.noteUnanswered(now)
    if (this.#request.kind === 'question') this.#courses.rememberSilences(this.#request.question, now)
    return this.#done(this.#trouble ?? { kind: 'failure', state, tries: this.#tries.results })
  }

  #done(outcome: Outcome): Step {
    this.#outcome = outcome
    return { kind: 'done', outcome }
  }
}
