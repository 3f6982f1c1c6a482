import type { Channel, Millis } from '../base/index.ts'
import type { ServerSpec } from '../settings/index.ts'
import { serverKey } from '../settings/index.ts'
import { type Name, type Question, TYPE } from '../wire/index.ts'
import { Abilities } from './abilities.ts'
import { Discovery } from './discovery/index.ts'
import { Cookies } from './cookies.ts'
import { DnssecAbility } from './dnssec-ability.ts'
import { ErrorsByType } from './errors-by-type.ts'
import { GuardEvidence } from './guard-evidence.ts'
import { Liveness } from './liveness.ts'
import { RecentFailures } from './recent-failures.ts'
import type { ProvenGuards } from './reply-flaw.ts'
import { FIRST_PATIENCE, RoundTrips } from './round-trips.ts'
import { EncryptionState } from './encryption-state.ts'
import { endpointOver, mainEndpoint, type ServerChannels } from './server-channels.ts'
import type { ConnectionFacts, Endpoint } from './transport.ts'

/** After so many errors without an answer in between, the errors said nothing of the names: a router without its uplink. */
const NO_UPLINK = 8
/** A path counts as lossy from this share of lost messages among the last `LOSS_WINDOW` (a moving average). */
const LOSS_WINDOW = 16
const LOSSY = 0.1

/** A server of a scope and the way to it. */
export interface PlannedServer {
  readonly spec: ServerSpec
  readonly channels: ServerChannels
  /** For people: `192.0.2.1`, `[2001:db8::1]:5353%eth0`. */
  readonly label: string
  /** Whether it is asked for encrypted channels that it designates (RFC 9462). */
  readonly discovers?: boolean
}

/**
 * One server of one scope, and what was learnt of it: liveness, round trips, abilities, failures. Belongs to the link it is
 * reached through: another link, or the same on another network, gets a new one.
 */
export class Upstream {
  readonly spec: ServerSpec
  /** As configured. */
  readonly #planned: ServerChannels
  #channels: ServerChannels
  #channelSince: Millis = Number.NEGATIVE_INFINITY
  /** Address and link, which are the same on all channels. */
  readonly endpoint: Endpoint
  /** For people; follows the name of the link. */
  label: string
  readonly roundTrips = new RoundTrips()
  readonly liveness = new Liveness()
  readonly abilities = new Abilities()
  /** Whether it repeats the letter case of questions. */
  readonly letterCase = new GuardEvidence()
  readonly cookies = new Cookies()
  readonly dnssec = new DnssecAbility()
  /** Called when it is heard of after having been out. */
  onRecovered: () => void = () => undefined
  /** Of its encrypted channel: another one begins anew. */
  #encryption: EncryptionState
  /** Undefined where it is not asked what it designates. */
  readonly discovery: Discovery | undefined
  /** About names, not about the server: a flush empties it. */
  readonly failures = new RecentFailures()
  /** To questions that another server answered. */
  readonly errors = new ErrorsByType()
  /** A question it has answered, and would be asked now, for probes to ask. */
  #provenQuestion: Question | undefined
  #recoveredAt = Number.NEGATIVE_INFINITY
  /** When the last message came over a connection. */
  #streamHeardAt = Number.NEGATIVE_INFINITY
  /** Errors since its last good answer. */
  #errorsInRow = 0
  #lostShare = 0
  readonly counts = {
    sent: 0,
    answers: 0,
    silences: 0,
    errors: 0,
    truncated: 0,
    invalid: 0,
    mismatches: 0,
    guesses: 0,
    largestUdp: 0,
    failedTcp: 0,
    probes: 0,
    hedges: 0,
    vainHedges: 0,
  }

  constructor({ spec, channels, label, discovers = false }: PlannedServer) {
    this.spec = spec
    this.#planned = channels
    this.#channels = channels
    this.endpoint = mainEndpoint(channels)
    this.#encryption = new EncryptionState(channels.encrypted?.channel ?? 'tls', channels.plain === undefined)
    this.discovery = discovers ? new Discovery(this.endpoint) : undefined
    this.label = label
  }

  /** Whether this is the server planned, reached the same way: what was learnt in one mode says nothing in another. */
  is({ spec, channels, discovers = false }: PlannedServer): boolean {
    const isSameServer = serverKey(spec) === serverKey(this.spec)
    const isFoundAlike = discovers === (this.discovery !== undefined)
    return isSameServer && isFoundAlike && wayOf(channels) === wayOf(this.#planned)
  }

  /** By which it may be asked now: as configured, or with the encrypted channel that it designates. */
  get channels(): ServerChannels {
    return this.#channels
  }

  /** What was sent before that went by another encrypted channel, or by none. */
  get channelSince(): Millis {
    return this.#channelSince
  }

  /** Messages may go over this channel now. */
  allows(channel: Channel): boolean {
    return endpointOver(this.#channels, channel) !== undefined
  }

  get encryption(): EncryptionState {
    return this.#encryption
  }

  /** Takes over what was discovered, or what was configured where that is nothing. The channel is proven by others first. */
  followDiscovery(now: Millis): void {
    const { plain, encrypted } = this.#planned
    const designated = this.discovery?.designated
    const wanted = designated ?? encrypted
    if (plain === undefined || wanted === this.#channels.encrypted) return
    this.#channels = { plain, encrypted: wanted }
    this.#channelSince = now
    this.#encryption = new EncryptionState(wanted?.channel ?? 'tls', false, designated)
  }

  /** Nothing may be sent to it in plaintext. */
  get isStrict(): boolean {
    return this.channels.plain === undefined
  }

  /**
   * A question that takes long is not asked in plaintext as well: that is forbidden, or the channel was discovered and
   * verified, and is left only when it fails (E-DDR-6).
   */
  get staysEncrypted(): boolean {
    return this.isStrict || this.#encryption.isProven
  }

  /** Of probes, which find out whether it is there. */
  get probeChannel(): Channel {
    return this.channels.plain === undefined ? this.channels.encrypted.channel : 'udp'
  }

  /** Where a message over `channel` goes. @throws where this server must not be asked so, which nothing may try */
  endpointOver(channel: Channel): Endpoint {
    const endpoint = endpointOver(this.channels, channel)
    if (endpoint === undefined) throw new Error(`${this.label} must not be asked over ${channel}`)
    return endpoint
  }

  get roundTrip(): Millis | undefined {
    return this.roundTrips.typical
  }

  /** How long it usually needs, with some margin; a guess before its first answer. */
  get patience(): Millis {
    return this.patienceAfter(FIRST_PATIENCE)
  }

  /** The same where the first guess is `first`. */
  patienceAfter(first: Millis): Millis {
    return this.roundTrips.patience(first, this.isLossy)
  }

  speaksEdns(now: Millis): boolean {
    return this.abilities.speaksEdns(now)
  }

  /** What has to come with its replies to be believed. */
  get provenGuards(): ProvenGuards {
    return { repeatsCase: this.letterCase.isProven, sendsCookies: this.cookies.evidence.isProven }
  }

  /** What it does instead of DNSSEC; undefined while it counts as able. */
  lackOfDnssec(now: Millis): string | undefined {
    return this.speaksEdns(now) ? this.dnssec.lack(now) : 'does not take EDNS'
  }

  /** When it was last heard of after having been out. */
  get recoveredAt(): Millis {
    return this.#recoveredAt
  }

  /** A question it has answered before; undefined when it has answered none. */
  get provenQuestion(): Question | undefined {
    return this.#provenQuestion
  }

  /** False while it is silent, or answers questions of this type with nothing but errors: it is asked last then. */
  isTrusted(now: Millis, type: number = TYPE.A): boolean {
    return this.liveness.isTrusted(now) && !this.errors.isUselessFor(type, now)
  }

  /** A datagram came from it, `took` after the message it answers; also when nobody waits for it any more. */
  onDatagram(took: Millis, bytes: number, now: Millis): void {
    this.counts.answers++
    this.counts.largestUdp = Math.max(this.counts.largestUdp, bytes)
    if (took <= this.patience) this.#lostShare -= this.#lostShare / LOSS_WINDOW
    this.roundTrips.add(took)
    this.abilities.onDatagram(bytes)
    this.#onHeard(now)
  }

  /** A message came over a connection. Its time is no round trip: handshakes may be part of it. */
  onStreamMessage(now: Millis): void {
    this.counts.answers++
    this.abilities.onTcpAnswered()
    this.#streamHeardAt = now
    this.#onHeard(now)
  }

  /** A message came over an encrypted connection. */
  onEncryptedMessage(facts: ConnectionFacts | undefined, sentAt: Millis, now: Millis): void {
    this.counts.answers++
    const took = this.encryption.onMessage(facts, sentAt, now)
    if (took !== undefined) this.roundTrips.add(took)
    this.#streamHeardAt = now
    this.#onHeard(now)
  }

  /** Whether a message came over a connection after `time`. */
  hasAnsweredByStreamSince(time: Millis): boolean {
    return this.#streamHeardAt > time
  }

  /** A connection failed. */
  onStreamFailed(now: Millis): void {
    this.counts.failedTcp++
    this.abilities.onTcpFailed(now)
  }

  /** A message went unanswered for its whole patience. */
  onOverdue(): void {
    this.counts.silences++
  }

  /** A message got no answer though another server, or a later message, did: it was lost on the way. */
  onLost(): void {
    this.#lostShare += (1 - this.#lostShare) / LOSS_WINDOW
  }

  /** A message that `onLost` counted was answered after all. */
  onFound(): void {
    this.#lostShare = Math.max(0, (this.#lostShare * LOSS_WINDOW - 1) / (LOSS_WINDOW - 1))
  }

  /** More messages get lost on the way to it than slow questions, which look the same, explain. */
  get isLossy(): boolean {
    return this.#lostShare > LOSSY
  }

  /** It gave an answer, NXDOMAIN or NODATA. */
  onGoodAnswer(question: Question): void {
    this.#provenQuestion = question
    this.errors.onAnswer(question.type)
    if (this.#errorsInRow >= NO_UPLINK) this.failures.forgetAll('error')
    this.#errorsInRow = 0
  }

  /** Errors since its last good answer. */
  get errorsInRow(): number {
    return this.#errorsInRow
  }

  onError(): void {
    this.counts.errors++
    this.#errorsInRow++
  }

  /** Others are asked for such names now, or they are to be forgotten: no probe may still ask for one of them here. */
  forgetNames(isMovedElsewhere: (name: Name) => boolean): void {
    this.failures.forgetNames(isMovedElsewhere)
    const proven = this.#provenQuestion
    if (proven !== undefined && isMovedElsewhere(proven.name)) this.#provenQuestion = undefined
  }

  /** Forgets what was learnt (R-SRV-16). */
  reset(): void {
    this.roundTrips.reset()
    this.liveness.reset()
    this.abilities.reset()
    this.discovery?.reset()
    this.followDiscovery(Number.NEGATIVE_INFINITY)
    this.letterCase.reset()
    this.cookies.reset()
    this.dnssec.reset()
    this.encryption.reset()
    this.failures.clear()
    this.errors.reset()
    this.#errorsInRow = 0
    this.#lostShare = 0
    this.counts.mismatches = 0
    this.counts.guesses = 0
  }

  #onHeard(now: Millis): void {
    if (this.liveness.state === 'out') {
      this.failures.forgetAll('silence') // of the server, not of the names
      this.#recoveredAt = now
      this.liveness.onHeard(now)
      this.onRecovered()
    } else this.liveness.onHeard(now)
  }
}

/** All that decides how a server is reached. */
function wayOf({ plain, encrypted }: ServerChannels): string {
  const { ifindex } = mainEndpoint({ plain, encrypted } as ServerChannels)
  return [ifindex, plain !== undefined, encrypted?.channel, encrypted?.endpoint.isVerified].join(' ')
}
