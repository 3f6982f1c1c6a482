import type { Channel, Millis } from '../../base/index.ts'
import type { Message, Question } from '../../wire/index.ts'
import { hasFlag, RCODE, TC, TYPE } from '../../wire/index.ts'
import {
  DESIGNATION_QUESTION,
  type DesignatedChannel,
  type Designations,
  designationsIn,
  type Designator,
  withAddresses,
} from './designations.ts'

/** An answer holds for the TTL of its records, within these; what says no without a TTL, for `NOBODY`. */
const SHORTEST: Millis = 60_000
const LONGEST: Millis = 24 * 3_600_000
const NOBODY: Millis = 3_600_000
/** Share of that time after which the server is asked again: what is in use must not lapse for a lost packet. */
const RENEWAL = 0.8
/** Pauses after a question without a usable answer: it doubles each time. */
const FIRST_PAUSE: Millis = 10_000
const LONGEST_PAUSE: Millis = 3_600_000
/** Questions in a row that follow from each other: an alias, and the address of its target. */
const MOST_STEPS = 3

/** What is known, for people. */
export type DiscoveryState =
  | 'not asked yet'
  /** It names no resolver that speaks TLS or HTTPS here. */
  | 'designates nobody'
  | 'no answer'
  /** None of those it names has proven to be meant by it. */
  | 'not verified'
  | 'designated'

/**
 * Finds out which encrypted channels one server designates (RFC 9462), by asking it over the one that is verified, or else,
 * as where that one fails or names nobody, in plaintext. It never waits: it says when a question is due and which, and is
 * told what came of it. A channel counts once its certificate has been verified, which others do with the first message
 * over it; one that fails that is given up for the next, and for as long as the records hold. What was found belongs to
 * this server on this network: `reset` forgets it.
 */
export class Discovery {
  readonly #by: Designator
  #state: DiscoveryState = 'not asked yet'
  /** The question under way, or the next one. */
  #question = DESIGNATION_QUESTION
  #channel: 'udp' | 'tcp' = 'udp'
  /** The question under way went over the verified channel. */
  #isOverVerified = false
  /** The verified channel has failed or named nobody: what follows goes in plaintext, until there is an outcome. */
  #isInPlaintext = false
  #steps = 0
  #isAsking = false
  #dueAt: Millis = Number.NEGATIVE_INFINITY
  #failures = 0
  /** The reply whose records name a resolver without an address, which is being asked for. */
  #records: Message | undefined
  /** What the records of the last reply lead to, best first, and how long they hold. */
  #candidates: readonly DesignatedChannel[] = []
  #expiresAt: Millis = 0
  #rejection: string | undefined
  /** The rejection that was told last. */
  #told: string | undefined

  constructor(by: Designator) {
    this.#by = by
  }

  get state(): DiscoveryState {
    return this.#state
  }

  /** The channel that is to be used, or to be verified first; undefined when there is none. */
  get designated(): DesignatedChannel | undefined {
    return this.#candidates[0]
  }

  /** Why a designated channel is not used, in words. */
  get rejection(): string | undefined {
    return this.#rejection
  }

  /** For people. */
  get description(): string {
    const [channel] = this.#candidates
    if (this.#state === 'designated' && channel !== undefined) {
      const { target, endpoint } = channel
      const over = channel.channel === 'https' ? 'HTTPS' : 'TLS'
      return `designates ${target} at ${endpoint.address.text} port ${endpoint.port} for DNS over ${over}`
    }
    if (this.#state !== 'not verified') return this.#state
    return rejectionText(this.#rejection ?? '')
  }

  /** When the server is asked again. */
  get dueAt(): Millis {
    return this.#dueAt
  }

  isDue(now: Millis): boolean {
    return !this.#isAsking && now >= this.#dueAt
  }

  /**
   * The question to be sent now, and over which channel; its outcome must be told. `verified`: the encrypted channel that
   * was designated before and works; undefined while there is none.
   */
  ask(verified?: Channel): { readonly question: Question; readonly channel: Channel } {
    this.#isAsking = true
    const over = this.#isInPlaintext ? undefined : verified
    this.#isOverVerified = over !== undefined
    return { question: this.#question, channel: over ?? this.#channel }
  }

  /** A reply to the question came; undefined where it could not be read. */
  onReply(wire: Buffer, message: Message | undefined, now: Millis): void {
    this.#isAsking = false
    if (hasFlag(wire, TC) && this.#channel === 'udp' && !this.#isOverVerified) {
      this.#channel = 'tcp'
      return
    }
    const isClear = message !== undefined && (message.rcode === RCODE.NOERROR || message.rcode === RCODE.NXDOMAIN)
    if (!isClear) return this.onFailure(now)
    const found = this.#read(message)
    if (found.kind === 'ask' && ++this.#steps < MOST_STEPS) return this.#goOnWith(found.question, message)
    if (found.kind !== 'channels' && this.#isOverVerified) return this.#askInPlaintext(now)
    this.#conclude(found, message, now)
  }

  /** No answer came that says yes or no: what was found before is not relied on any more once its time is over. */
  onFailure(now: Millis): void {
    this.#isAsking = false
    if (this.#isOverVerified) return this.#askInPlaintext(now)
    const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** this.#failures)
    this.#failures = Math.min(16, this.#failures + 1)
    if (now >= this.#expiresAt) this.#candidates = []
    this.#state = this.#candidates.length > 0 ? 'designated' : 'no answer'
    this.#begin(now + pause)
  }

  /**
   * The channel has not proven to be meant by the server, or cannot be reached: the next one, or none for this time.
   * True when that is news: not of the same reason again.
   */
  onRejected(reason: string): boolean {
    const isNews = reason !== this.#told
    this.#told = reason
    this.#rejection = reason
    this.#candidates = this.#candidates.slice(1)
    if (this.#candidates.length === 0) this.#state = 'not verified'
    return isNews
  }

  /** The channel was verified. */
  onVerified(): void {
    this.#rejection = undefined
    this.#told = undefined
  }

  /** Another network, or told to forget. */
  reset(): void {
    this.#state = 'not asked yet'
    this.#candidates = []
    this.#rejection = undefined
    this.#failures = 0
    this.#isAsking = false
    this.#begin(Number.NEGATIVE_INFINITY)
  }

  #read(message: Message): Designations {
    const records = this.#records
    return records === undefined || this.#question.type === TYPE.SVCB
      ? designationsIn(message, this.#question, this.#by)
      : withAddresses(records, message, this.#by)
  }

  #goOnWith(question: Question, message: Message): void {
    this.#question = question
    this.#channel = 'udp'
    this.#records = message
  }

  /** At once, from the first question on. */
  #askInPlaintext(now: Millis): void {
    this.#begin(now)
    this.#isInPlaintext = true
  }

  #conclude(found: Designations, message: Message, now: Millis): void {
    const channels = found.kind === 'channels' ? found.channels : []
    const holdsFor = channels.length > 0 ? leastTtl(this.#records ?? message) : NOBODY
    const time = Math.min(LONGEST, Math.max(SHORTEST, holdsFor))
    this.#expiresAt = now + time
    this.#failures = 0
    this.#candidates = inOrderOfUse(channels, this.#candidates[0])
    this.#rejection = undefined
    this.#state = channels.length > 0 ? 'designated' : 'designates nobody'
    this.#begin(now + RENEWAL * time)
  }

  #begin(at: Millis): void {
    this.#dueAt = at
    this.#question = DESIGNATION_QUESTION
    this.#channel = 'udp'
    this.#isOverVerified = false
    this.#isInPlaintext = false
    this.#steps = 0
    this.#records = undefined
  }
}

/** In words. */
export function rejectionText(reason: string): string {
  return `designates a resolver for encrypted DNS that is not used: ${reason}`
}

/** One in use that is named again stays in use, as the same object: its connection goes on. */
function inOrderOfUse(found: readonly DesignatedChannel[], used: DesignatedChannel | undefined) {
  const isUsed = (each: DesignatedChannel) => used !== undefined && keyOf(each) === keyOf(used)
  if (used === undefined || !found.some(isUsed)) return found
  return [used, ...found.filter((each) => !isUsed(each))]
}

function keyOf({ channel, endpoint }: DesignatedChannel): string {
  return [channel, endpoint.address.text, endpoint.port, endpoint.resource?.path].join(' ')
}

function leastTtl({ answer }: Message): Millis {
  return answer.reduce((least, { ttl }) => Math.min(least, ttl), Number.POSITIVE_INFINITY) * 1000
}
