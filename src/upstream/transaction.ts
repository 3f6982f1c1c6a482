import type { Millis, Random } from '../base/index.ts'
import type { Message } from '../wire/index.ts'
import { FormError, hasFlag, parseMessage, RCODE, rcodeText, TC } from '../wire/index.ts'
import type { Request } from './outgoing.ts'
import { outgoingMessage } from './outgoing.ts'
import type { TransportErrorCode } from './transport.ts'
import type { Upstream, Upstreams } from './upstream.ts'

/** A question is given up after this long: a stub client's own patience is 5 s, and it is owed a reply before that. */
export const LIFETIME: Millis = 4500
/** Messages per question at most (R-SRV-6). */
export const MAX_TRIES = 24
const LONGEST_WAIT: Millis = 1000
const TCP_PATIENCE: Millis = 2000

/** One message sent, or to be sent, to one server. */
export interface Try {
  readonly upstream: Upstream
  readonly protocol: 'udp' | 'tcp'
  readonly withEdns: boolean
  readonly wire: Buffer
  readonly sentAt: Millis
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

/** DNSSEC reasons of RFC 8914: the resolver upstream looked and found it bogus, so another server is no better (R-SRV-14). */
const DNSSEC_ERRORS: ReadonlySet<number> = new Set([1, 2, 5, 6, 7, 8, 9, 10, 11, 12])
/** Rcodes by which a server says it cannot read EDNS (RFC 6891 §7). */
const EDNS_REFUSALS: ReadonlySet<number> = new Set([RCODE.FORMERR, RCODE.NOTIMP, RCODE.BADVERS])
/** Rcodes that say something about the server rather than the name. */
const SERVER_TROUBLE: ReadonlySet<number> = new Set([RCODE.SERVFAIL, RCODE.REFUSED, RCODE.FORMERR, RCODE.NOTIMP])

/**
 * One question in one scope until it is answered or given up: all policy of retry, failover, truncation and EDNS
 * fallback. It never waits; `drive` does. A server whose patience has run out is not forgotten: its late answer still
 * wins if it comes first, while the next server is asked meanwhile.
 */
export class Transaction {
  readonly #request: Request
  readonly #upstreams: Upstreams
  readonly #random: Random
  readonly #order: Upstream[]
  readonly #startedAt: Millis
  readonly #open = new Set<Try>()
  /** Open tries whose server has used up its patience. */
  readonly #late = new Set<Try>()
  /** Servers that gave a final "no" here: an error rcode, or the network refused the way to them. */
  readonly #spent = new Set<Upstream>()
  readonly #withoutEdns = new Set<Upstream>()
  readonly #tries: TryResult[] = []
  #turn = 0
  #sent = 0
  #nextTryAt: Millis
  #lastTrouble: Extract<Outcome, { kind: 'reply' }> | undefined
  #sawGarbage = false
  #sawOnlyNoRoute = true

  constructor(request: Request, upstreams: Upstreams, random: Random, now: Millis) {
    this.#request = request
    this.#upstreams = upstreams
    this.#random = random
    this.#order = upstreams.inOrder(now)
    this.#startedAt = now
    this.#nextTryAt = now
  }

  begin(now: Millis): Step {
    return this.#askNext(now)
  }

  /** A message that answers this try came. */
  onReply(attempt: Try, wire: Buffer, now: Millis): Step {
    this.#open.delete(attempt)
    this.#sawOnlyNoRoute = false
    attempt.upstream.onAnswer(now - attempt.sentAt)
    if (attempt.protocol === 'udp') attempt.upstream.noteSize(wire.length)
    const message = readable(wire)
    if (message === undefined) {
      this.#sawGarbage = true
      attempt.upstream.counts.invalid++
      return this.#giveUpOn(attempt, 'unreadable reply', now)
    }
    if (hasFlag(wire, TC)) return this.#onTruncated(attempt, now)
    if (attempt.withEdns && EDNS_REFUSALS.has(message.rcode)) return this.#retryWithoutEdns(attempt, message, now)
    this.#note(attempt, resultText(message), now)
    const { upstream, protocol } = attempt
    const outcome = { kind: 'reply', wire, message, upstream, protocol, tries: this.#tries } as const
    if (SERVER_TROUBLE.has(message.rcode) && !isBogus(message)) {
      upstream.counts.errors++
      this.#lastTrouble = outcome
      this.#spent.add(upstream)
      return this.#askNext(now)
    }
    if (this.#withoutEdns.has(upstream)) upstream.onEdnsRefused(now)
    this.#upstreams.onAnswerFrom(upstream)
    return { kind: 'done', outcome }
  }

  /** The transport could not deliver this try, or nothing came for it. */
  onFailure(attempt: Try, code: TransportErrorCode, now: Millis): Step {
    this.#open.delete(attempt)
    if (code !== 'unreachable') this.#sawOnlyNoRoute = false
    if (code === 'too-large' && attempt.protocol === 'udp') return this.#send(attempt.upstream, 'tcp', now)
    attempt.upstream.onSilence(now)
    return this.#giveUpOn(attempt, code, now, code !== 'timeout')
  }

  /** The time `until` of the last step has come. */
  onTime(now: Millis): Step {
    if (now - this.#startedAt >= LIFETIME) return this.#fail('timeout')
    if (now < this.#nextTryAt) return this.#wait([])
    this.#sawOnlyNoRoute = false
    for (const late of this.#open) this.#markLate(late, now)
    return this.#askNext(now)
  }

  /** Counts one silence per try, however often its lateness is noticed. */
  #markLate(attempt: Try, now: Millis): void {
    if (this.#late.has(attempt) || now - attempt.sentAt < attempt.upstream.patience) return
    this.#late.add(attempt)
    attempt.upstream.onSilence(now)
  }

  #onTruncated(attempt: Try, now: Millis): Step {
    this.#note(attempt, 'truncated', now)
    attempt.upstream.counts.truncated++
    if (attempt.protocol === 'tcp') {
      this.#sawGarbage = true // R-SRV-10
      this.#spent.add(attempt.upstream)
      return this.#askNext(now)
    }
    return this.#send(attempt.upstream, 'tcp', now)
  }

  #retryWithoutEdns(attempt: Try, message: Message, now: Millis): Step {
    this.#note(attempt, `${resultText(message)} to EDNS`, now)
    this.#withoutEdns.add(attempt.upstream)
    return this.#send(attempt.upstream, attempt.protocol, now)
  }

  #giveUpOn(attempt: Try, result: string, now: Millis, isFinal = true): Step {
    this.#note(attempt, result, now)
    if (isFinal) this.#spent.add(attempt.upstream)
    return this.#askNext(now)
  }

  /** The next server in turn, or the end when each has said its last word. */
  #askNext(now: Millis): Step {
    const left = this.#order.filter((upstream) => !this.#spent.has(upstream))
    if (left.length === 0) return this.#open.size > 0 ? this.#wait([]) : this.#conclude()
    if (this.#sent >= MAX_TRIES) return this.#open.size > 0 ? this.#wait([]) : this.#fail('attempts-max-reached')
    const upstream = left[this.#turn++ % left.length] as Upstream
    return this.#send(upstream, 'udp', now)
  }

  #send(upstream: Upstream, protocol: 'udp' | 'tcp', now: Millis): Step {
    const withEdns = this.#request.kind === 'question' && !this.#withoutEdns.has(upstream) && upstream.speaksEdns(now)
    const wire = outgoingMessage(this.#request, withEdns, this.#random)
    const attempt: Try = { upstream, protocol, withEdns, wire, sentAt: now }
    const round = Math.floor(this.#sent / Math.max(1, this.#order.length))
    const patience = Math.min(LONGEST_WAIT, upstream.patience * 1.5 ** round)
    this.#nextTryAt = now + (protocol === 'tcp' ? TCP_PATIENCE : patience)
    this.#sent++
    upstream.onSent()
    this.#open.add(attempt)
    return this.#wait([attempt])
  }

  #wait(send: readonly Try[]): Step {
    const deadline = this.#startedAt + LIFETIME
    const mayTryAgain = this.#sent < MAX_TRIES && this.#spent.size < this.#order.length
    return { kind: 'wait', send, until: mayTryAgain ? Math.min(deadline, this.#nextTryAt) : deadline }
  }

  #conclude(): Step {
    if (this.#lastTrouble !== undefined) return { kind: 'done', outcome: { ...this.#lastTrouble, tries: this.#tries } }
    if (this.#sawGarbage) return this.#fail('invalid-reply')
    return this.#fail(this.#sawOnlyNoRoute ? 'network-down' : 'attempts-max-reached')
  }

  #fail(state: FailureState): Step {
    if (this.#lastTrouble !== undefined) return { kind: 'done', outcome: { ...this.#lastTrouble, tries: this.#tries } }
    for (const { upstream, protocol, sentAt } of this.#open) {
      const took = this.#startedAt + LIFETIME - sentAt
      this.#tries.push({ server: upstream.label, protocol, took, result: 'no answer' })
    }
    return { kind: 'done', outcome: { kind: 'failure', state, tries: this.#tries } }
  }

  #note({ upstream, protocol, sentAt }: Try, result: string, now: Millis): void {
    this.#tries.push({ server: upstream.label, protocol, took: now - sentAt, result })
  }
}

function readable(wire: Buffer): Message | undefined {
  try {
    return parseMessage(wire)
  } catch (error) {
    if (error instanceof FormError) return undefined
    throw error
  }
}

function isBogus(message: Message): boolean {
  return message.rcode === RCODE.SERVFAIL && DNSSEC_ERRORS.has(message.extendedError?.code ?? -1)
}

function resultText(message: Message): string {
  return message.rcode === RCODE.NOERROR && message.answer.length === 0 ? 'NODATA' : rcodeText(message.rcode)
}
