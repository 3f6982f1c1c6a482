import type { Clock, Millis, Random } from '../../base/index.ts'
import type { Question } from '../../wire/index.ts'
import type { KnownRecord } from './known-record.ts'

export type OnChange = (records: readonly KnownRecord[]) => void

/** Before the first question, so that those who were woken by the same event do not ask at once (RFC 6762 §5.2). */
const FIRST_DELAY = { least: 20, spread: 100 } as const
const FIRST_INTERVAL: Millis = 1000
const LONGEST_INTERVAL: Millis = 3_600_000
/** The parts of its TTL after which a record is asked for again, and by how much they are varied (RFC 6762 §5.2). */
const REFRESHES = [0.8, 0.85, 0.9, 0.95] as const
const VARIATION = 0.02
/** Steps of the variation. */
const GRAIN = 1000
/** What comes within this time is told at once, and looked at once: a flood of responses costs no more than so many looks. */
const NEWS_DELAY: Millis = 20
/** Two questions of one subscription are at least this far apart, whatever TTLs neighbours give. */
const SHORTEST_PAUSE: Millis = 1000

export interface SubscriptionParts {
  readonly question: Question
  readonly clock: Clock
  readonly random: Random
  /** What is known now, what leaves included. */
  readonly known: () => readonly KnownRecord[]
  readonly ask: () => void
}

/**
 * A question that goes on being asked while somebody wants to know (RFC 6762 §5.2): after 1 s, then at doubled intervals up to an
 * hour, and when a record comes near its end. Everybody who listens is told all records that there are, whenever that changes.
 */
export class Subscription implements Disposable {
  readonly #parts: SubscriptionParts
  readonly #listeners = new Set<OnChange>()
  #told: readonly KnownRecord[] = []
  /** Part of a TTL that refreshes come later this time. */
  #variation = 0
  #interval: Millis = FIRST_INTERVAL
  #nextAt: Millis
  #askedAt: Millis = Number.NEGATIVE_INFINITY
  #timer: Disposable | undefined
  #news: Disposable | undefined

  constructor(parts: SubscriptionParts) {
    this.#parts = parts
    this.#nextAt = parts.clock.now() + FIRST_DELAY.least + parts.random.below(FIRST_DELAY.spread + 1)
    this.#update()
  }

  get question(): Question {
    return this.#parts.question
  }

  get hasListeners(): boolean {
    return this.#listeners.size > 0
  }

  /** Told at once what there is, where there is something. */
  add(listener: OnChange): void {
    this.#listeners.add(listener)
    if (this.#told.length > 0) listener(this.#told)
  }

  delete(listener: OnChange): void {
    this.#listeners.delete(listener)
  }

  /** What is known of the question may have changed. */
  onNews(): void {
    this.#news ??= this.#parts.clock.after(NEWS_DELAY, () => {
      this.#news = undefined
      this.#update()
    })
  }

  /** Everything was forgotten: asked from the start. */
  restart(): void {
    this.#interval = FIRST_INTERVAL
    this.#nextAt = this.#parts.clock.now() + FIRST_DELAY.least
    this.#update()
  }

  /** Somebody else asked the same and knows no more than we do: as if we had (MD-Q-6). */
  onAskedByOther(): void {
    this.#onAsked()
    this.#schedule()
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
    this.#news?.[Symbol.dispose]()
    this.#listeners.clear()
  }

  #update(): void {
    const known = this.#parts.known()
    const isSame = known.length === this.#told.length && known.every((one, i) => isSameKnown(one, this.#told[i]))
    const isAsBefore = isSame && known.every(({ expiresAt }, i) => expiresAt === this.#told[i]?.expiresAt)
    if (!isAsBefore) this.#variation = (this.#parts.random.below(GRAIN) / GRAIN) * VARIATION
    this.#told = known
    this.#schedule()
    if (!isSame) for (const listener of this.#listeners) listener(known)
  }

  #schedule(): void {
    const now = this.#parts.clock.now()
    const ends = this.#told.map(({ expiresAt }) => expiresAt)
    const due = Math.min(this.#askAt(), ...ends)
    this.#timer?.[Symbol.dispose]()
    this.#timer = this.#parts.clock.after(Math.max(0, due - now), () => this.#onTimer())
  }

  #onTimer(): void {
    this.#timer = undefined
    if (this.#parts.clock.now() >= this.#askAt()) {
      this.#onAsked()
      this.#parts.ask()
    }
    this.#update()
  }

  /** The next question: by its own rhythm, or for the record that ends first. */
  #askAt(): Millis {
    const refreshes = this.#told.flatMap((known) => this.#refreshOf(known) ?? [])
    return Math.max(Math.min(this.#nextAt, ...refreshes), this.#askedAt + SHORTEST_PAUSE)
  }

  /** What leaves is not asked for. */
  #refreshOf({ storedAt, expiresAt, isLeaving }: KnownRecord): Millis | undefined {
    if (isLeaving) return undefined
    const parts = REFRESHES.map((part) => storedAt + (expiresAt - storedAt) * (part + this.#variation))
    return parts.find((at) => at > this.#askedAt)
  }

  #onAsked(): void {
    const now = this.#parts.clock.now()
    this.#askedAt = now
    if (now < this.#nextAt) return
    this.#nextAt = now + this.#interval
    this.#interval = Math.min(2 * this.#interval, LONGEST_INTERVAL)
  }
}

/** Whether those who listen would see no difference: the time that is left is not told. */
function isSameKnown(one: KnownRecord, other: KnownRecord | undefined): boolean {
  return other !== undefined && one.record.rdata.equals(other.record.rdata) && one.record.type === other.record.type
}
