import type { Message, Name } from '../wire/index.ts'
import { type Channel, isEncrypted, type Millis } from '../base/index.ts'
import { rejectionText } from './discovery/index.ts'
import type { DnssecNews } from './dnssec-ability.ts'
import type { EncryptionNews } from './encryption-state.ts'
import type { Hedge } from './hedge-budget.ts'
import { HedgeBudget } from './hedge-budget.ts'
import type { Request } from './outgoing.ts'
import type { Tuning } from './tuning.ts'
import { DEFAULT_TUNING } from './tuning.ts'
import type { ConnectionFacts, TransportErrorCode } from './transport.ts'
import type { Upstream } from './upstream.ts'

/** So long after the last question probes keep their usual pace, as another may follow. */
const DEMAND: Millis = 20_000
/** After that the least pause is the quarter of the time since the last question, and no more than five minutes. */
const IDLE_SHARE = 4
const LONGEST_IDLE_PAUSE: Millis = 300_000
/** Round trips of a connection, a handshake of TLS 1.2 and a question. */
const COLD_ROUNDS = 4
/** A first message may still be answered within so many times the server's patience; after that it counts as lost. */
const LOST_AFTER = 4
const LOST_AFTER_AT_LEAST: Millis = 400

/** The servers of one scope: the order of the list is the order of preference. */
export class Upstreams {
  readonly all: readonly Upstream[]
  tuning: Tuning
  /** Called when a server may need a probe. */
  onProbeNeeded: () => void = () => undefined
  /** Told when another server is the current one. */
  onCurrentChanged: () => void = () => undefined
  /** Told once when a server falls silent and when it is heard of again. */
  onHealthChanged: (upstream: Upstream, health: 'silent' | 'unreachable' | 'back') => void = () => undefined
  /** Told when somebody may be guessing at the answers of a server. */
  onGuessing: (upstream: Upstream) => void = () => undefined
  /** Told when a server is asked by another channel than before, or cannot be asked at all. */
  onEncryptionNews: (upstream: Upstream, news: EncryptionNews) => void = () => undefined
  /** Told when a server is found not to do DNSSEC, or to do it again. */
  onDnssecNews: (upstream: Upstream, news: DnssecNews) => void = () => undefined
  readonly #budget = new HedgeBudget()
  /** The server that answered last. */
  #current: Upstream | undefined
  /** When the last question began. */
  #askedAt = Number.NEGATIVE_INFINITY

  constructor(all: readonly Upstream[], tuning = DEFAULT_TUNING) {
    this.all = all
    this.tuning = tuning
    for (const upstream of all) upstream.onRecovered = () => this.onHealthChanged(upstream, 'back')
  }

  /** The one that answered last, else the one that would be asked first; undefined when there is none. */
  get current(): Upstream | undefined {
    return this.#current ?? this.all[0]
  }

  /** All of them silent, for so long that no loss explains it: questions then do not wait long. */
  isOffline(now: Millis): boolean {
    return this.all.length > 0 && this.all.every(({ liveness }) => liveness.isGone(now))
  }

  /** When one that had been out was last heard of again. */
  get recoveredAt(): Millis {
    return this.all.reduce((latest, { recoveredAt }) => Math.max(latest, recoveredAt), Number.NEGATIVE_INFINITY)
  }

  /** Whom to ask for this type, best first: the trusted ones in order of preference, then the others. */
  inOrder(now: Millis, type?: number): readonly Upstream[] {
    const all = this.#byPreference()
    if (all.every((upstream) => upstream.isTrusted(now, type))) return all
    return [...all.filter((each) => each.isTrusted(now, type)), ...all.filter((each) => !each.isTrusted(now, type))]
  }

  /**
   * Whom to ask this. Where the reply is to be validated those that cannot do DNSSEC are left out: always, or while one
   * that can answers at all (S-MODE-4, S-MODE-5).
   */
  candidates(request: Request, now: Millis): readonly Upstream[] {
    if (request.kind === 'question' && request.server !== undefined) return [request.server]
    const all = this.inOrder(now, request.question.type)
    if (request.validation === undefined) return all
    const able = all.filter((upstream) => upstream.lackOfDnssec(now) === undefined)
    if (able.length === all.length || request.validation === 'required') return able
    return able.some(({ liveness }) => liveness.state !== 'out') ? able : [...new Set([...able, ...all])]
  }

  /** How many are known not to do DNSSEC. */
  unableCount(now: Millis): number {
    return this.all.reduce((count, upstream) => count + (upstream.lackOfDnssec(now) === undefined ? 0 : 1), 0)
  }

  /** Tells, once for each change, which servers do DNSSEC. */
  tellDnssec(now: Millis): void {
    for (const upstream of this.all) {
      const news = upstream.dnssec.newsOf(upstream.lackOfDnssec(now), now)
      if (news !== undefined) this.onDnssecNews(upstream, news)
    }
  }

  /** How long the server is waited for before another is asked as well. */
  patience(upstream: Upstream): Millis {
    return upstream.patienceAfter(this.tuning.firstPatience)
  }

  /**
   * The same for a message over `channel`: a handshake before it takes three more round trips. No longer than for a
   * server of which nothing is known, so that the next is asked in time (E-OPP-1).
   */
  patienceOver(upstream: Upstream, channel: Channel): Millis {
    const patience = this.patience(upstream)
    if (!isEncrypted(channel) || !upstream.encryption.isCold) return patience
    return Math.max(patience, Math.min(this.tuning.firstPatience, COLD_ROUNDS * patience))
  }

  /** A question begins: it earns hedges, and wakes the probes when it is the first for a while. */
  onQuestion(now: Millis): void {
    this.#budget.earn(this.tuning.hedgeShare)
    const wasQuiet = now - this.#askedAt > DEMAND
    this.#askedAt = now
    if (wasQuiet) this.onProbeNeeded()
  }

  onAnswerFrom(upstream: Upstream, now: Millis): void {
    if (upstream.discovery?.isDue(now) === true) this.onProbeNeeded()
    if (upstream === this.#current) return
    const before = this.current
    this.#current = upstream
    if (upstream !== before) this.onCurrentChanged()
  }

  /** A message went unanswered for the whole patience of its server. */
  onMiss(upstream: Upstream, sentAt: Millis, now: Millis): void {
    const { state: before } = upstream.liveness
    upstream.liveness.onMiss(sentAt, now)
    const { state } = upstream.liveness
    if (state === 'out' && before !== 'out') this.onHealthChanged(upstream, 'silent')
    this.onProbeNeeded()
  }

  /** A message came over an encrypted connection. */
  onEncryptedMessage(upstream: Upstream, facts: ConnectionFacts | undefined, sentAt: Millis, now: Millis): void {
    if (sentAt < upstream.channelSince) return upstream.onStreamMessage(now) // it came by another one
    upstream.onEncryptedMessage(facts, sentAt, now)
    upstream.discovery?.onVerified()
    this.#tell(upstream, upstream.encryption.newsOfMessage())
  }

  /** A message could not be carried over an encrypted connection. */
  onEncryptedFailure(upstream: Upstream, code: TransportErrorCode, reason: string, sentAt: Millis, now: Millis): void {
    if (sentAt < upstream.channelSince) return // of another one, that is not in use any more
    // On an open connection silence is the question's, or the server's, and not that of the channel.
    if (code === 'timeout' && !upstream.encryption.isCold) return
    const { discovery, encryption } = upstream
    const isDesignated = discovery?.designated !== undefined
    if (isDesignated && (encryption.isUnproven || code === 'untrusted'))
      return this.#rejectDesignated(upstream, reason, now)
    this.#tell(upstream, upstream.encryption.onFailed(code, reason, now))
    this.onProbeNeeded()
  }

  /** A reply to the question what the server designates came, or none: `wire` is undefined then. */
  onDesignations(upstream: Upstream, wire: Buffer | undefined, message: Message | undefined, now: Millis): void {
    if (wire === undefined) upstream.discovery?.onFailure(now)
    else upstream.discovery?.onReply(wire, message, now)
    upstream.followDiscovery(now)
    this.onProbeNeeded() // for what follows from it: another question, or the proof of the channel
  }

  /** It is not meant by the server, or not to be reached: the next one is tried, else all is as configured (E-DDR-3). */
  #rejectDesignated(upstream: Upstream, reason: string, now: Millis): void {
    const isNews = upstream.discovery?.onRejected(reason) === true
    upstream.followDiscovery(now)
    if (isNews) this.#tell(upstream, { isGood: false, text: rejectionText(reason) })
    this.onProbeNeeded()
  }

  /** Servers that are to be asked what they designate: only those that answer, and while somebody asks. */
  discoveriesDue(now: Millis): readonly Upstream[] {
    if (now - this.#askedAt > DEMAND) return []
    return this.all.filter(({ discovery, counts }) => discovery?.isDue(now) === true && counts.answers > 0)
  }

  /** Plaintext was answered where TLS, which had worked, was not. */
  onOutdone(upstream: Upstream, now: Millis): void {
    this.#tell(upstream, upstream.encryption.onOutdone(now))
    this.onProbeNeeded()
  }

  /** The network says that the server cannot be reached. */
  onUnreachable(upstream: Upstream, now: Millis): void {
    upstream.counts.silences++
    const wasOut = upstream.liveness.state === 'out'
    upstream.liveness.onUnreachable(now)
    if (!wasOut) this.onHealthChanged(upstream, 'unreachable')
    this.onProbeNeeded()
  }

  /** Leave to ask again while this server's answer may still come; undefined when the budget is used up. */
  hedge(upstream: Upstream, now: Millis): Hedge | undefined {
    const settledAt = now + Math.max(LOST_AFTER_AT_LEAST, LOST_AFTER * this.patience(upstream))
    const hedge = this.#budget.spend(settledAt, now)
    if (hedge !== undefined) upstream.counts.hedges++
    return hedge
  }

  /** Servers to be probed now, or later; only those that would be preferred to the one in use. */
  probesDue(now: Millis): { readonly due: readonly Upstream[]; readonly wakeAt: Millis | undefined } {
    const isOffline = this.isOffline(now)
    const idlePause = this.#idlePause(now)
    const due: Upstream[] = []
    let wakeAt: Millis | undefined
    for (const upstream of this.#worthProbing(now)) {
      const at = upstream.liveness.probeAt(isOffline, idlePause)
      if (at === undefined) continue
      if (at <= now) due.push(upstream)
      else wakeAt = Math.min(wakeAt ?? at, at)
    }
    return { due, wakeAt }
  }

  /** Servers whose opportunistic TLS is to be tried again, and when the next is. */
  encryptionRetries(now: Millis): { readonly due: readonly Upstream[]; readonly wakeAt: Millis | undefined } {
    if (now - this.#askedAt > DEMAND) return { due: [], wakeAt: undefined }
    const due: Upstream[] = []
    let wakeAt: Millis | undefined
    for (const upstream of this.all) {
      const at =
        upstream.isStrict || upstream.channels.encrypted === undefined
          ? undefined
          : upstream.encryption.evidence.retryAt
      if (at === undefined) continue
      if (at <= now) due.push(upstream)
      else wakeAt = Math.min(wakeAt ?? at, at)
    }
    return { due, wakeAt }
  }

  /** Drops what is remembered of such names, or of all: failures, and what probes would ask. */
  forgetNames(isMovedElsewhere: (name: Name) => boolean = () => true): void {
    for (const upstream of this.all) upstream.forgetNames(isMovedElsewhere)
  }

  /** This machine has other addresses by now. */
  renewCookies(): void {
    for (const { cookies } of this.all) cookies.renew()
  }

  /** Forgets all that was learnt. */
  reset(): void {
    for (const upstream of this.all) upstream.reset()
  }

  /** After a suspend, perhaps on another network: forgets what was learnt, and probes all servers as after a question. */
  wake(now: Millis): void {
    this.reset()
    this.#askedAt = now
    for (const { liveness } of this.all) liveness.suspect(now)
    this.onProbeNeeded()
  }

  /** Least pause between probes while nobody asks: the longer, the longer nobody has asked. 0 while somebody does. */
  #idlePause(now: Millis): Millis {
    const idle = now - this.#askedAt
    return idle <= DEMAND ? 0 : Math.min(LONGEST_IDLE_PAUSE, idle / IDLE_SHARE)
  }

  #tell(upstream: Upstream, news: EncryptionNews | undefined): void {
    if (news !== undefined) this.onEncryptionNews(upstream, news)
  }

  /** All before the best that is trusted, and that one too when it is in doubt. */
  #worthProbing(now: Millis): readonly Upstream[] {
    const all = this.#byPreference()
    const best = all.findIndex((upstream) => upstream.isTrusted(now))
    return best === -1 ? all : all.slice(0, best + 1)
  }

  #byPreference(): readonly Upstream[] {
    const { tiers } = this.tuning
    if (tiers.length === 0) return this.all
    let from = 0
    const groups = tiers.map((size) => this.all.slice(from, (from += size)).toSorted(byRoundTrip))
    return [...groups.flat(), ...this.all.slice(from)]
  }
}

/** Servers without a known round trip come first, so that theirs gets known. */
function byRoundTrip(a: Upstream, b: Upstream): number {
  return (a.roundTrip ?? 0) - (b.roundTrip ?? 0)
}
