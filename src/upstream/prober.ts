import { type Channel, isEncrypted, type Millis, type Random } from '../base/index.ts'
import type { Question } from '../wire/index.ts'
import { CLASS, ROOT, TYPE } from '../wire/index.ts'
import { outgoingMessage } from './outgoing.ts'
import { SUSPEND_GAP } from './retry-schedule.ts'
import { PAYLOAD_SIZE } from './abilities.ts'
import type { ConnectionFacts, TransportErrorCode } from './transport.ts'
import type { Upstream } from './upstream.ts'
import type { Upstreams } from './upstreams.ts'
import { classify } from './reply-class.ts'

/** Nobody is there, or nobody of use. */
const AWAY: ReadonlySet<TransportErrorCode> = new Set(['refused', 'unreachable', 'handshake', 'untrusted', 'http'])
/** How long the answer to a probe is waited for. */
const PATIENCE: Millis = 2000
/** Pause between two pairs of probes, with and without EDNS; and the least time before a probe is overdue. */
const PAIR_PAUSE: Millis = 100
const SHORTEST_WAIT: Millis = 100

/** The probe where no answered question is known: small, and in the cache of every recursive server. */
const ROOT_SOA: Question = { name: ROOT, type: TYPE.SOA, class: CLASS.IN }

/** One probe message, sent or to be sent. */
export interface Probe {
  readonly upstream: Upstream
  readonly channel: Channel
  readonly payloadSize: number | undefined
  readonly wire: Buffer
  readonly sentAt: Millis
  readonly overdueAt: Millis
  readonly patience: Millis
  /** The same question with EDNS, sent at the same moment; undefined unless this is the plain one of a pair. */
  readonly partner: Probe | undefined
  /** It asks which encrypted channels the server designates. */
  readonly isDiscovery: boolean
}

/** Send these; then nothing is due before `wakeAt`, or until `onProbeNeeded`. */
export interface ProbeStep {
  readonly send: readonly Probe[]
  readonly wakeAt: Millis | undefined
}

/** What became of a probe so far. */
interface State {
  isAnswered: boolean
  isOverdue: boolean
}

/**
 * Decides which probes go to servers that owe an answer: ordinary small questions, preferably one the server has answered
 * before. Until a server has answered EDNS, probes go in pairs, with and without EDNS at the same moment, so that a path
 * that drops EDNS is told from one that drops packets. A server that is out is probed without EDNS. With
 * strict encryption probes take its channel and never go in plaintext; where it is opportunistic, they also find out
 * whether TLS works by now. `ProbeLoop` sends and waits.
 */
export class Prober {
  readonly #upstreams: Upstreams
  readonly #random: Random
  readonly #open = new Map<Probe, State>()
  /** When a server's EDNS is tested next. */
  readonly #pairAt = new Map<Upstream, Millis>()

  constructor(upstreams: Upstreams, random: Random) {
    this.#upstreams = upstreams
    this.#random = random
  }

  /** What is due at this time. */
  next(now: Millis): ProbeStep {
    this.#markOverdue(now)
    const { due, wakeAt } = this.#upstreams.probesDue(now)
    const pairs = this.#pairsDue(now)
    const retries = this.#upstreams.encryptionRetries(now)
    const send = [...new Set([...due, ...pairs])].flatMap((upstream) => this.#probe(upstream, now))
    for (const upstream of retries.due) send.push(this.#retryEncryption(upstream, now))
    for (const upstream of this.#upstreams.discoveriesDue(now)) send.push(this.#discover(upstream, now))
    const times = [wakeAt, retries.wakeAt, ...this.#pairAt.values(), ...this.#overdueTimes()].filter(
      (at) => at !== undefined,
    )
    return { send, wakeAt: times.length > 0 ? Math.min(...times) : undefined }
  }

  onReply(probe: Probe, wire: Buffer, now: Millis, connection?: ConnectionFacts): void {
    const { upstream, channel, payloadSize, sentAt } = probe
    const state = this.#open.get(probe)
    if (state !== undefined) state.isAnswered = true
    if (probe.isDiscovery) return this.#onDesignations(upstream, wire, now)
    if (isEncrypted(channel)) return this.#upstreams.onEncryptedMessage(upstream, connection, sentAt, now)
    if (upstream.liveness.state === 'out' && payloadSize === undefined) upstream.abilities.onPlainHeard()
    upstream.onDatagram(now - sentAt, wire.length, now)
    const replyClass = classify(wire, payloadSize !== undefined)
    if (replyClass.kind === 'malformed' || replyClass.kind === 'edns-refused') return
    if (payloadSize === undefined) return upstream.abilities.onPlainAnswered(now)
    upstream.abilities.onEdnsAnswered(now)
    this.#pairAt.delete(upstream)
  }

  onFailure(probe: Probe, code: TransportErrorCode, now: Millis, reason: string = code): void {
    const { upstream, channel } = probe
    if (probe.isDiscovery) return this.#upstreams.onDesignations(upstream, undefined, undefined, now)
    const isAway = AWAY.has(code)
    if (isEncrypted(channel)) this.#upstreams.onEncryptedFailure(upstream, code, reason, probe.sentAt, now)
    if (isAway && !isRetry(probe)) this.#upstreams.onUnreachable(upstream, now)
    if (isAway || code === 'io') this.#open.delete(probe)
  }

  #probe(upstream: Upstream, now: Millis): Probe[] {
    const { abilities, liveness } = upstream
    const isOut = liveness.state === 'out'
    liveness.onProbe(now)
    if (upstream.isStrict) {
      const payloadSize = abilities.speaksEdns(now) ? PAYLOAD_SIZE : undefined
      return [this.#message(upstream, upstream.probeChannel, payloadSize, undefined, now)]
    }
    const mayTest = !isOut && abilities.speaksEdns(now)
    const withEdns = mayTest ? this.#message(upstream, 'udp', abilities.payloadSize(now), undefined, now) : undefined
    const isEnough = withEdns !== undefined && abilities.hasProvenEdns
    const plain = isEnough ? undefined : this.#message(upstream, 'udp', undefined, withEdns, now)
    return [withEdns, plain].filter((probe) => probe !== undefined)
  }

  /** Opportunistic TLS, which had failed, is tried on nobody's time (E-OPP-2). */
  #retryEncryption(upstream: Upstream, now: Millis): Probe {
    const channel = upstream.channels.encrypted?.channel ?? 'tls'
    upstream.encryption.evidence.onRetry(now)
    return this.#message(upstream, channel, PAYLOAD_SIZE, undefined, now)
  }

  /** What comes is believed only as far as a certificate proves it. It says nothing of liveness. */
  #discover(upstream: Upstream, now: Millis): Probe {
    const verified = upstream.encryption.isProven ? upstream.channels.encrypted?.channel : undefined
    const { question, channel } = upstream.discovery?.ask(verified) ?? { question: ROOT_SOA, channel: 'udp' }
    const payloadSize = upstream.abilities.speaksEdns(now) ? upstream.abilities.payloadSize(now) : undefined
    const wire = outgoingMessage({ kind: 'question', question }, payloadSize, this.#random)
    const times = { sentAt: now, overdueAt: now + PATIENCE, patience: PATIENCE }
    upstream.counts.sent++
    upstream.counts.probes++
    return { upstream, channel, payloadSize, wire, ...times, partner: undefined, isDiscovery: true }
  }

  #onDesignations(upstream: Upstream, wire: Buffer, now: Millis): void {
    const reply = classify(wire, false)
    this.#upstreams.onDesignations(upstream, wire, 'message' in reply ? reply.message : undefined, now)
  }

  #message(
    upstream: Upstream,
    channel: Channel,
    payloadSize: number | undefined,
    partner: Probe | undefined,
    now: Millis,
  ): Probe {
    const question = upstream.provenQuestion ?? ROOT_SOA
    const wire = outgoingMessage({ kind: 'question', question }, payloadSize, this.#random)
    const overdueAt = now + Math.max(SHORTEST_WAIT, this.#upstreams.patienceOver(upstream, channel))
    const probe = {
      upstream,
      channel,
      payloadSize,
      wire,
      sentAt: now,
      overdueAt,
      patience: PATIENCE,
      partner,
      isDiscovery: false,
    }
    upstream.counts.sent++
    upstream.counts.probes++
    this.#open.set(probe, { isAnswered: false, isOverdue: false })
    return probe
  }

  #markOverdue(now: Millis): void {
    for (const [probe, state] of this.#open) {
      if (probe.overdueAt > now) continue
      if (now - probe.overdueAt > SUSPEND_GAP) {
        this.#open.delete(probe) // the machine was suspended: the answer could not be heard
        continue
      }
      if (!state.isAnswered && !state.isOverdue && !isRetry(probe)) {
        probe.upstream.onOverdue()
        this.#upstreams.onMiss(probe.upstream, probe.sentAt, now)
      }
      state.isOverdue = true
      if (probe.partner !== undefined && state.isAnswered) this.#compare(probe, probe.partner, now)
      if (probe.payloadSize === undefined || state.isAnswered || now - probe.sentAt >= PATIENCE) {
        this.#open.delete(probe)
      }
    }
  }

  /** The plain one of a pair was answered. */
  #compare({ upstream }: Probe, withEdns: Probe, now: Millis): void {
    if (this.#open.get(withEdns)?.isAnswered !== false) return
    upstream.abilities.onEdnsLost(now)
  }

  /** Once EDNS is in doubt, pairs follow each other until it is answered or known not to be. */
  #pairsDue(now: Millis): Upstream[] {
    return this.#upstreams.all.filter((upstream) => {
      if (!upstream.abilities.isEdnsInDoubt || upstream.liveness.state === 'out') {
        this.#pairAt.delete(upstream)
        return false
      }
      const at = this.#pairAt.get(upstream) ?? now
      if (at <= now) this.#pairAt.set(upstream, now + PAIR_PAUSE)
      return at <= now
    })
  }

  #overdueTimes(): Millis[] {
    return [...this.#open].flatMap(([{ overdueAt }, { isOverdue }]) => (isOverdue ? [] : [overdueAt]))
  }
}

/** It looks for TLS where plaintext is allowed as well: whether the server is there is found out by others. */
function isRetry({ upstream, channel }: Probe): boolean {
  return isEncrypted(channel) && !upstream.isStrict
}
