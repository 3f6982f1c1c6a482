import { isEncrypted, isStream, type Millis } from '../base/index.ts'
import { SMALL_PAYLOAD } from './abilities.ts'
import type { ConnectionFacts, TransportErrorCode } from './transport.ts'
import { RCODE } from '../wire/index.ts'
import type { Exchange } from './exchange.ts'
import type { ReplyFlaw } from './reply-flaw.ts'
import type { Upstreams } from './upstreams.ts'
import type { ReplyClass } from './reply-class.ts'

/** Records what a reply says about its server, whatever it is worth for the question, also when that is long done. */
export function learnFromReply(
  exchange: Exchange,
  wire: Buffer,
  replyClass: ReplyClass['kind'],
  connection: ConnectionFacts | undefined,
  upstreams: Upstreams,
  now: Millis,
): void {
  const { attempt, upstream, channel, payloadSize, sentAt } = exchange
  const { abilities } = upstream
  if (exchange.hedge !== undefined) {
    exchange.hedge.wasUnneeded = true
    upstream.counts.vainHedges++
  }
  if (isEncrypted(channel)) return upstreams.onEncryptedMessage(upstream, connection, sentAt, now)
  if (isStream(channel)) {
    upstream.onStreamMessage(now)
    if (wire.length > SMALL_PAYLOAD && attempt.largeLosses > 0) abilities.onLargeLost(attempt.largeLosses, now)
    return
  }
  if (exchange.isLost) upstream.onFound()
  upstream.onDatagram(now - sentAt, wire.length, now)
  if (replyClass === 'malformed' || replyClass === 'edns-refused') return
  if (payloadSize !== undefined) return abilities.onEdnsAnswered(now)
  abilities.onPlainAnswered(now)
  if (attempt.hasLostEdns) abilities.onEdnsLost(now)
  else if (attempt.ednsLosses > 0) abilities.onPlainHeard() // it was out: nothing was answered then, with EDNS or without
}

/** What a datagram gave back of that by which we know its server's replies. */
export interface GivenBack {
  readonly isSpelledAlike: boolean
  readonly cookie: Buffer | undefined
}

/** Records whether a believed datagram gave back letter case and cookie, or came only where they were left out. */
export function learnFromGuards(
  { attempt, upstream, guards: { mixesCase, cookie } }: Exchange,
  givenBack: GivenBack,
  replyClass: ReplyClass,
  now: Millis,
): void {
  const { letterCase, cookies } = upstream
  const isGood = replyClass.kind === 'answer' || replyClass.kind === 'bad-cookie'
  const exists = replyClass.kind === 'answer' && replyClass.message.rcode === RCODE.NOERROR
  if (mixesCase) letterCase.onReply(givenBack.isSpelledAlike, exists)
  else letterCase.onReplyWithout(attempt.hasLostMixed, exists, now)
  if (cookie !== undefined) cookies.onReply(givenBack.cookie, cookie.client, isGood)
  else cookies.evidence.onReplyWithout(attempt.hasLostCookie, isGood, now)
}

/** Records that a reply was not believed for what it did not give back. */
export function learnFromFlaw({ upstream }: Exchange, flaw: ReplyFlaw, now: Millis): void {
  if (flaw === 'letter case') upstream.letterCase.onMissing()
  else if (flaw !== 'mismatch') upstream.cookies.onDisbelieved(flaw === 'foreign cookie', now)
}

/**
 * Records a failed exchange. Silence and what the network says count against the server; errors of this machine do not.
 * `isStuck`: some live server does not answer this question, so silence is the question's fault. A stream says nothing of datagrams.
 */
export function learnFromFailure(
  exchange: Exchange,
  code: TransportErrorCode,
  reason: string,
  upstreams: Upstreams,
  isStuck: boolean,
  now: Millis,
): void {
  if (isEncrypted(exchange.channel)) return learnFromEncryptedFailure(exchange, code, reason, upstreams, isStuck, now)
  if (isStream(exchange.channel)) return
  if (code === 'refused' || code === 'unreachable') upstreams.onUnreachable(exchange.upstream, now)
  else if (code === 'timeout') learnFromSilence(exchange, upstreams, isStuck, now)
}

/**
 * With strict encryption it is the server that failed, and it is asked last until it works; else only TLS to it did, and
 * silence may be the question's: it counts where plaintext had an answer, see `learnFromAnswer`, or TLS never worked.
 */
function learnFromEncryptedFailure(
  exchange: Exchange,
  code: TransportErrorCode,
  reason: string,
  upstreams: Upstreams,
  isStuck: boolean,
  now: Millis,
): void {
  const { upstream } = exchange
  const isSilence = code === 'timeout'
  if (code === 'unreachable' || (upstream.isStrict && AWAY.has(code))) upstreams.onUnreachable(upstream, now)
  if (isSilence && upstream.staysEncrypted) learnFromSilence(exchange, upstreams, isStuck, now)
  const isTelling = !isSilence || (upstream.isStrict ? !isStuck : upstream.encryption.evidence.state !== 'works')
  if (isSilence && !isStuck && !upstream.isStrict && upstream.staysEncrypted) upstreams.onOutdone(upstream, now)
  if (isTelling) upstreams.onEncryptedFailure(upstream, code, reason, exchange.sentAt, now)
}

/** The server was there, or is known not to be, and no question could be put to it. */
const AWAY: ReadonlySet<TransportErrorCode> = new Set(['refused', 'handshake', 'untrusted', 'http'])

/** The question was answered, so overdue messages to other servers, and earlier ones to this server, count as lost. */
export function learnFromAnswer(
  answered: Exchange,
  open: readonly Exchange[],
  upstreams: Upstreams,
  now: Millis,
): void {
  for (const exchange of open) {
    const { upstream, isLate, channel, sentAt } = exchange
    const isOlder = upstream !== answered.upstream || sentAt < answered.sentAt
    if (!isLate || !isOlder || upstream.liveness.state === 'out') continue
    if (isEncrypted(channel) && upstream === answered.upstream) upstreams.onOutdone(upstream, now)
    if (isStream(channel)) continue
    exchange.isLost = true
    upstream.onLost()
  }
}

/** The exchange is overdue: counted once, however often that is noticed. */
export function learnFromSilence(exchange: Exchange, upstreams: Upstreams, isStuck: boolean, now: Millis): void {
  const { attempt, upstream, sentAt } = exchange
  if (exchange.isLate) return
  exchange.isLate = true
  if (isStream(exchange.channel) && !isEncrypted(exchange.channel)) return attempt.onTcpFailed(now)
  if (isEncrypted(exchange.channel) && !upstream.staysEncrypted) {
    attempt.hasTriedEncrypted = true
    // A handshake with a server that was never seen to take one says nothing of the server.
    if (upstream.encryption.evidence.state !== 'works') return upstreams.onOutdone(upstream, now)
  } else attempt.onLost(exchange.payloadSize, exchange.guards, sentAt)
  upstream.onOverdue()
  if (!isStuck) upstreams.onMiss(upstream, sentAt, now)
}
