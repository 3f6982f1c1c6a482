import type { Millis, Random } from '../base/index.ts'
import type { Message } from '../wire/index.ts'
import { SMALL_PAYLOAD } from './abilities.ts'
import { Course } from './course.ts'
import type { Hedge } from './hedge-budget.ts'
import type { Request } from './outgoing.ts'
import { outgoingMessage } from './outgoing.ts'
import type { TransportErrorCode } from './transport.ts'
import type { Upstream } from './upstream.ts'
import type { Upstreams } from './upstreams.ts'
import { judge, verdictText, weight } from './verdict.ts'

/** A question is given up after this long: a stub client's own patience is 5 s, and it is owed a reply before that. */
export const LIFETIME: Millis = 4500
/** When no server has answered anything for a while, a question is there to see if one does, and then fails fast. */
export const OFFLINE_LIFETIME: Millis = 600
/** Messages per question at most (R-SRV-6). */
export const MAX_TRIES = 24
/** Each round of the servers waits so much longer, up to a limit: 17 messages in a lifetime at an ordinary round trip. */
const GROWTH = 1.25
const LONGEST_WAIT: Millis = 350
/** Where the server lives and hardly anything gets lost, the question takes its time: asking often does not help. */
const CALM_GROWTH = 3
const LONGEST_CALM_WAIT: Millis = 1500
const OFFLINE_PATIENCE: Millis = 150
/** TCP needs more round trips; a connection that says nothing for the second time is not worth keeping. */
const TCP_ROUNDS = 4
const SHORTEST_TCP_WAIT: Millis = 400
export const TCP_PATIENCE: Millis = 2000
/** With an error in hand, the other servers get this long for something better. */
const TROUBLE_PATIENCE: Millis = 1000
/** The same when the others have been silent for a while: they are asked, but hardly waited for. */
const HOPELESS_PATIENCE: Millis = 150
/** Without leave to hedge, a server gets its patience once more, times this, before the next is asked anyway. */
const STRETCH = 2

/** One message sent, or to be sent, to one server. */
export interface Try {
  readonly upstream: Upstream
  readonly protocol: 'udp' | 'tcp'
  /** As offered in EDNS; undefined without EDNS. */
  readonly payloadSize: number | undefined
  readonly wire: Buffer
  readonly sentAt: Millis
  /** Beyond this, nobody listens for an answer any more. */
  readonly patience: Millis
}

/** What became of a try, for provenance. */
export interface TryResult {
  readonly server: string
  readonly protocol: 'udp' | 'tcp'
  readonly took: Millis
  readonly result: string
}

export type FailureState = 'timeout' | 'attempts-max-reached' | 'invalid-reply' | 'network-down'

export type Outcome =
  | {
      readonly kind: 'reply'
      readonly wire: Buffer
      readonly message: Message
      readonly upstream: Upstream
      readonly protocol: 'udp' | 'tcp'
      readonly tries: readonly TryResult[]
    }
  | { readonly kind: 'failure'; readonly state: FailureState; readonly tries: readonly TryResult[] }

/** What to do next: send these, then wait for a reply, a failure or the time `until`; or be done. */
export type Step =
  | { readonly kind: 'wait'; readonly send: readonly Try[]; readonly until: Millis }
  | { readonly kind: 'done'; readonly outcome: Outcome }

/** What a try that is under way has come to. */
interface Pending {
  readonly overdueAt: Millis
  /** Its server has used up its patience. */
  isLate: boolean
  /** The message that was sent because this one took long. */
  hedge: Hedge | undefined
}

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
  readonly #order: readonly Course[]
  readonly #isOffline: boolean
  readonly #open = new Map<Try, Pending>()
  readonly #tries: TryResult[] = []
  #deadline: Millis
  #turn = 0
  #sent = 0
  #nextTryAt: Millis
  #hasStretched = false
  #trouble: Extract<Outcome, { kind: 'reply' }> | undefined
  #sawGarbage = false
  #sawOnlyNoRoute = true
  #outcome: Outcome | undefined

  /** `readsMemory` false asks also those servers that failed at this question a moment ago. */
  constructor(request: Request, upstreams: Upstreams, random: Random, now: Millis, readsMemory = true) {
    this.#request = request
    this.#upstreams = upstreams
    this.#random = random
    this.#nextTryAt = now
    this.#isOffline = upstreams.isOffline(now)
    this.#deadline = now + (this.#isOffline ? OFFLINE_LIFETIME : LIFETIME)
    this.#order = upstreams.inOrder(now).map((upstream) => new Course(upstream))
    if (readsMemory && request.kind === 'question') for (const course of this.#order) this.#recall(course, now)
  }

  begin(now: Millis): Step {
    this.#upstreams.onQuestion(now)
    return this.#askNext(now)
  }

  /** A message that answers this try came. */
  onReply(attempt: Try, wire: Buffer, now: Millis): Step {
    const { upstream, protocol } = attempt
    const course = this.#courseOf(upstream)
    const verdict = judge(wire, attempt.payloadSize !== undefined)
    this.#learn(attempt, wire, verdict.kind, course, now)
    if (this.#outcome !== undefined) return { kind: 'done', outcome: this.#outcome }
    this.#sawOnlyNoRoute = false
    if (verdict.kind === 'garbage') return this.#onGarbage(attempt, course, now)
    const { message } = verdict
    if (verdict.kind === 'truncated') return this.#onTruncated(attempt, course, now)
    if (verdict.kind === 'edns-refused') return this.#retryWithoutEdns(attempt, message, course, now)
    this.#note(attempt, verdictText(message), now)
    const outcome = { kind: 'reply', wire, message, upstream, protocol, tries: this.#tries } as const
    return verdict.kind === 'trouble' ? this.#onTrouble(outcome, course, now) : this.#onAnswer(outcome, course, now)
  }

  /** The transport could not deliver this try, or nothing came for it. */
  onFailure(attempt: Try, code: TransportErrorCode, now: Millis): Step {
    const { upstream, protocol } = attempt
    const course = this.#courseOf(upstream)
    this.#blame(attempt, code, course, now)
    this.#open.delete(attempt)
    if (this.#outcome !== undefined) return { kind: 'done', outcome: this.#outcome }
    if (code !== 'unreachable') this.#sawOnlyNoRoute = false
    if (code === 'too-large' && protocol === 'udp') return this.#send(course, 'tcp', now)
    this.#note(attempt, code, now)
    if (protocol === 'tcp') return this.#onTcpFailure(code, course, now)
    if (code !== 'timeout') course.isSpent = true
    return this.#askNext(now)
  }

  /** The time `until` of the last step has come. */
  onTime(now: Millis): Step {
    if (this.#outcome !== undefined) return { kind: 'done', outcome: this.#outcome }
    if (now >= this.#deadline) return this.#fail('timeout', now)
    if (now < this.#nextTryAt) return this.#wait([])
    this.#sawOnlyNoRoute = false
    this.#markLate(now)
    return this.#mayHedge(now) ? this.#askNext(now) : this.#wait([])
  }

  /** A moment ago this server could not answer this question (RFC 9520). */
  #recall(course: Course, now: Millis): void {
    const { upstream } = course
    const failure = upstream.failures.find(this.#request.question, now)
    if (failure === undefined) return
    course.isSpent = true
    this.#takeTrouble({ kind: 'reply', ...failure, upstream, protocol: 'udp', tries: this.#tries })
  }

  /** What any reply says about its server, whatever it is worth for the question. */
  #learn(attempt: Try, wire: Buffer, verdict: string, course: Course, now: Millis): void {
    const { upstream, protocol, payloadSize, sentAt } = attempt
    const pending = this.#open.get(attempt)
    if (pending?.hedge !== undefined) pending.hedge.wasVain = true
    this.#open.delete(attempt)
    const { abilities } = upstream
    if (protocol === 'tcp') {
      upstream.onStreamMessage(now)
      if (wire.length > SMALL_PAYLOAD && course.largeLosses > 0) abilities.onLargeLost(course.largeLosses, now)
      return
    }
    upstream.onDatagram(now - sentAt, wire.length, now)
    if (verdict === 'garbage' || verdict === 'edns-refused') return
    if (payloadSize !== undefined) abilities.onEdnsAnswered()
    else if (course.ednsLosses > 0) abilities.onEdnsLost(now)
  }

  #onGarbage(attempt: Try, course: Course, now: Millis): Step {
    attempt.upstream.counts.invalid++
    this.#sawGarbage = true
    this.#note(attempt, 'unreadable reply', now)
    course.isSpent = true
    return this.#askNext(now)
  }

  #onTruncated(attempt: Try, course: Course, now: Millis): Step {
    this.#note(attempt, 'truncated', now)
    attempt.upstream.counts.truncated++
    if (attempt.protocol === 'udp' && !course.lacksTcp) return this.#send(course, 'tcp', now)
    this.#sawGarbage = true // R-SRV-10
    course.isSpent = true
    return this.#askNext(now)
  }

  #retryWithoutEdns(attempt: Try, message: Message, course: Course, now: Millis): Step {
    this.#note(attempt, `${verdictText(message)} to EDNS`, now)
    course.refusedEdns = true
    return this.#send(course, attempt.protocol, now)
  }

  #onTrouble(outcome: Extract<Outcome, { kind: 'reply' }>, course: Course, now: Millis): Step {
    const { upstream, wire, message } = outcome
    upstream.counts.errors++
    if (this.#request.kind === 'question') upstream.failures.add(this.#request.question, wire, message, now)
    course.isSpent = true
    course.gaveTrouble = true
    this.#takeTrouble(outcome)
    const hasHope = this.#order.some((other) => !other.isSpent && other.upstream.isTrusted(now))
    this.#deadline = Math.min(this.#deadline, now + (hasHope ? TROUBLE_PATIENCE : HOPELESS_PATIENCE))
    return this.#askNext(now)
  }

  #onAnswer(outcome: Extract<Outcome, { kind: 'reply' }>, course: Course, now: Millis): Step {
    const { upstream } = outcome
    if (course.refusedEdns) upstream.abilities.onEdnsRefused(now)
    upstream.onGoodAnswer(this.#request.question)
    for (const other of this.#order) if (other.gaveTrouble) other.upstream.onOutdone(now)
    this.#upstreams.onAnswerFrom(upstream)
    return this.#done(outcome)
  }

  /** The more telling error is kept, among equals that of the server asked first. */
  #takeTrouble(outcome: Extract<Outcome, { kind: 'reply' }>): void {
    if (this.#trouble !== undefined && weight(this.#trouble.message) >= weight(outcome.message)) return
    this.#trouble = outcome
  }

  #onTcpFailure(code: TransportErrorCode, course: Course, now: Millis): Step {
    if (code === 'closed' && !course.hasReconnected) {
      // Written just as the server closed an idle connection: a fresh one will do.
      course.hasReconnected = true
      return this.#send(course, 'tcp', now)
    }
    course.upstream.counts.failedTcp++
    if (code === 'timeout') return this.#askNext(now)
    const isStuck = course.lacksTcp || this.#request.kind === 'relay'
    course.lacksTcp = true
    course.isSpent = isStuck
    return this.#askNext(now)
  }

  /** Silence counts against a server, and what the network says; trouble of our own does not, nor does TCP. */
  #blame(attempt: Try, code: TransportErrorCode, course: Course, now: Millis): void {
    if (attempt.protocol === 'tcp') return
    if (code === 'refused' || code === 'unreachable') this.#upstreams.onUnreachable(attempt.upstream, now)
    else if (code === 'timeout') this.#miss(attempt, course, now)
  }

  #markLate(now: Millis): void {
    for (const [attempt, { overdueAt }] of this.#open) {
      if (overdueAt <= now) this.#miss(attempt, this.#courseOf(attempt.upstream), now)
    }
  }

  /** Counts one silence per try, however often its lateness is noticed. */
  #miss(attempt: Try, course: Course, now: Millis): void {
    const pending = this.#open.get(attempt)
    if (pending === undefined || pending.isLate || attempt.protocol === 'tcp') return
    pending.isLate = true
    course.onLost(attempt.payloadSize)
    if (course.isStuck)
      attempt.upstream.onOverdue() // the question is slow, not the server
    else this.#upstreams.onMiss(attempt.upstream, attempt.sentAt, now)
  }

  /** Asking again while the first server may still answer costs budget; without, it gets more time first. */
  #mayHedge(now: Millis): boolean {
    const [first, pending] = this.#open.entries().next().value ?? []
    if (this.#sent !== 1 || first === undefined || pending === undefined || this.#hasStretched) return true
    if (first.upstream.liveness.state === 'out') return true
    pending.hedge = this.#upstreams.hedge(first.upstream, now)
    if (pending.hedge !== undefined) return true
    this.#hasStretched = true
    this.#nextTryAt = now + STRETCH * this.#upstreams.patience(first.upstream)
    return false
  }

  /** The next server in turn, or the end when each has said its last word. */
  #askNext(now: Millis): Step {
    const left = this.#order.filter(({ isSpent }) => !isSpent)
    if (left.length === 0) return this.#open.size > 0 ? this.#wait([]) : this.#conclude(now)
    if (this.#sent >= MAX_TRIES) return this.#open.size > 0 ? this.#wait([]) : this.#fail('attempts-max-reached', now)
    return this.#send(left[this.#turn++ % left.length] as Course, 'udp', now)
  }

  #send(course: Course, protocol: 'udp' | 'tcp', now: Millis): Step {
    const { upstream } = course
    const isOwn = this.#request.kind === 'question'
    const payloadSize = isOwn ? (protocol === 'udp' ? course.nextPayload(now) : course.streamPayload(now)) : undefined
    const wire = outgoingMessage(this.#request, payloadSize, this.#random)
    const wait = this.#waitFor(course, protocol)
    const patience = protocol === 'tcp' ? TCP_PATIENCE : LIFETIME
    const attempt: Try = { upstream, protocol, payloadSize, wire, sentAt: now, patience }
    this.#nextTryAt = now + wait
    this.#sent++
    upstream.counts.sent++
    this.#open.set(attempt, { overdueAt: now + this.#upstreams.patience(upstream), isLate: false, hedge: undefined })
    return this.#wait([attempt])
  }

  #waitFor({ upstream, isStuck }: Course, protocol: 'udp' | 'tcp'): Millis {
    const patience = this.#upstreams.patience(upstream)
    if (protocol === 'tcp') return Math.min(TCP_PATIENCE, Math.max(SHORTEST_TCP_WAIT, TCP_ROUNDS * patience))
    if (this.#isOffline) return Math.min(OFFLINE_PATIENCE, patience)
    const round = Math.floor(this.#sent / Math.max(1, this.#order.length))
    if (isStuck && !upstream.isLossy) return Math.min(LONGEST_CALM_WAIT, patience * CALM_GROWTH ** round)
    return Math.min(Math.max(LONGEST_WAIT, patience), patience * GROWTH ** round)
  }

  #wait(send: readonly Try[]): Step {
    const mayTryAgain = this.#sent < MAX_TRIES && this.#order.some(({ isSpent }) => !isSpent)
    return { kind: 'wait', send, until: mayTryAgain ? Math.min(this.#deadline, this.#nextTryAt) : this.#deadline }
  }

  #conclude(now: Millis): Step {
    if (this.#sawGarbage) return this.#fail('invalid-reply', now)
    return this.#fail(this.#sawOnlyNoRoute ? 'network-down' : 'attempts-max-reached', now)
  }

  #fail(state: FailureState, now: Millis): Step {
    for (const { upstream, protocol, sentAt } of this.#open.keys()) {
      this.#tries.push({ server: upstream.label, protocol, took: now - sentAt, result: 'no answer' })
    }
    const failure = { kind: 'failure', state, tries: this.#tries } as const
    return this.#done(this.#trouble === undefined ? failure : { ...this.#trouble, tries: this.#tries })
  }

  #done(outcome: Outcome): Step {
    this.#outcome = outcome
    return { kind: 'done', outcome }
  }

  #note({ upstream, protocol, sentAt }: Try, result: string, now: Millis): void {
    this.#tries.push({ server: upstream.label, protocol, took: now - sentAt, result })
  }

  #courseOf(upstream: Upstream): Course {
    return this.#order.find((course) => course.upstream === upstream) as Course
  }
}
