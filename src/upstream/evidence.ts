import { isStream, type Millis } from '../base/index.ts'
import { SMALL_PAYLOAD } from './abilities.ts'
import type { TransportErrorCode } from './transport.ts'
import type { Try } from './try.ts'
import type { Upstreams } from './upstreams.ts'
import type { Verdict } from './verdict.ts'

/** What a reply says about its server, whatever it is worth for the question, and even when that is long over. */
export function learnFromReply(attempt: Try, wire: Buffer, verdict: Verdict['kind'], now: Millis): void {
  const { course, upstream, channel, payloadSize, sentAt } = attempt
  const { abilities } = upstream
  if (attempt.hedge !== undefined) {
    attempt.hedge.wasVain = true
    upstream.counts.vainHedges++
  }
  if (isStream(channel)) {
    upstream.onStreamMessage(now)
    if (wire.length > SMALL_PAYLOAD && course.largeLosses > 0) abilities.onLargeLost(course.largeLosses, now)
    return
  }
  if (attempt.isLost) upstream.onFound()
  upstream.onDatagram(now - sentAt, wire.length, now)
  if (verdict === 'garbage' || verdict === 'edns-refused') return
  if (payloadSize !== undefined) return abilities.onEdnsAnswered(now)
  abilities.onPlainAnswered(now)
  if (course.hasLostEdns) abilities.onEdnsLost(now)
  else if (course.ednsLosses > 0) abilities.onPlainSign() // nothing was answered then, plain or not
}

/**
 * Silence counts against a server, and what the network says; trouble of our own does not. When the question
 * `isStuck`, it is slow, or gets no answer anywhere, and not the server. A connection says nothing of datagrams.
 */
export function learnFromFailure(
  attempt: Try,
  code: TransportErrorCode,
  upstreams: Upstreams,
  isStuck: boolean,
  now: Millis,
): void {
  if (isStream(attempt.channel)) return
  if (code === 'refused' || code === 'unreachable') upstreams.onUnreachable(attempt.upstream, now)
  else if (code === 'timeout') learnFromSilence(attempt, upstreams, isStuck, now)
}

/** The question was answered, so it can be: what others owe for it, and what was sent to this server before, got lost. */
export function learnFromAnswer(answered: Try, open: readonly Try[]): void {
  for (const attempt of open) {
    const { upstream, isLate, channel, sentAt } = attempt
    const isOlder = upstream !== answered.upstream || sentAt < answered.sentAt
    if (!isLate || !isOlder || isStream(channel) || upstream.liveness.state === 'out') continue
    attempt.isLost = true
    upstream.onLost()
  }
}

/** Its server has used up its patience: counted once, however often that is noticed. */
export function learnFromSilence(attempt: Try, upstreams: Upstreams, isStuck: boolean, now: Millis): void {
  const { course, upstream, sentAt } = attempt
  if (attempt.isLate) return
  attempt.isLate = true
  if (isStream(attempt.channel)) return course.onTcpFailed(now)
  course.onLost(attempt.payloadSize, sentAt)
  upstream.onOverdue()
  if (!isStuck) upstreams.onMiss(upstream, sentAt, now)
}
