import { type Clock, type IpAddress, type Millis, TokenBucket } from '../base/index.ts'

/** MC-IN-3. */
const REPLIES_PER_SECOND = 1000
/** A host that asks more than this is no resolver (MC-SEC-3). */
const REPLIES_PER_SECOND_AND_SOURCE = 50
const MOST_SOURCES = 256

interface Limit {
  readonly bucket: TokenBucket
  lastAt: Millis
}

/** How many replies a link gets, in all and for one asker: whoever asks in our name for somebody else gets that one no flood. */
export class ReplyLimits {
  readonly #clock: Pick<Clock, 'now'>
  readonly #all: Limit
  /** The one that asked longest ago first. */
  readonly #bySource = new Map<string, Limit>()

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock
    this.#all = limit(REPLIES_PER_SECOND, clock.now())
  }

  /** Counts a reply; false where it is one too many. */
  take(source: IpAddress): boolean {
    const now = this.#clock.now()
    const own = this.#bySource.get(source.text) ?? limit(REPLIES_PER_SECOND_AND_SOURCE, now)
    this.#bySource.delete(source.text)
    const [oldest] = this.#bySource.keys()
    if (this.#bySource.size >= MOST_SOURCES && oldest !== undefined) this.#bySource.delete(oldest)
    this.#bySource.set(source.text, own)
    earn(own, REPLIES_PER_SECOND_AND_SOURCE, now)
    earn(this.#all, REPLIES_PER_SECOND, now)
    return own.bucket.hasToken && this.#all.bucket.take() && own.bucket.take()
  }
}

function limit(perSecond: number, now: Millis): Limit {
  return { bucket: new TokenBucket(perSecond), lastAt: now }
}

function earn(limited: Limit, perSecond: number, now: Millis): void {
  limited.bucket.earn(((now - limited.lastAt) * perSecond) / 1000)
  limited.lastAt = now
}
