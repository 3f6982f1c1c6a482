import type { Clock, Dependency, Millis, Random, SharedDependencies } from '../base/index.ts'
import type { CachedAnswer } from '../cache/index.ts'
import { TwoGenerations } from './two-generations.ts'

export interface TextMemoOptions {
  /** The routes included. */
  readonly shared: SharedDependencies
  /** Calls held at most. */
  readonly capacity: number
  readonly random: Random
  readonly clock: Clock
  /** Whether a client that monitors queries must see this one: then it is not replayed. Asked once for each. */
  readonly isWatched: () => boolean
  /** Counts replays, once for each entry: they are cache hits that no cache saw. */
  readonly replayCounter: { replays: number }
}

/** What a reply that may be replayed was made from. */
export interface TextReplyOrigin {
  /** All of them, and nothing else but the shared dependencies. */
  readonly entries: readonly CachedAnswer[]
  /** Items whose order is chance (R-CACHE-15). */
  readonly shuffled: number
}

interface Saved {
  readonly entries: readonly CachedAnswer[]
  /** The same reply in different orders. */
  readonly replies: Buffer[]
  /** Replay begins with so many orders. */
  readonly wanted: number
}

/** Bytes of the longest call that is kept: longer ones are no plain lookups. */
const MAX_CALL = 512
/** Replies kept of one call, in different orders of their items. */
const MAX_ORDERS = 8

/**
 * Replies to calls made of text, such as varlink's: the same words get the same reply while all it depends on is
 * current, as `AnswerMemo` does for messages. Nothing in such a reply may count time. It decides nothing: without it
 * the same replies are worked out by the resolver, at a hundred times the cost.
 */
export class TextMemo {
  readonly #options: TextMemoOptions
  #shared: readonly Dependency[] = []
  readonly #replies = new TwoGenerations(() => new Map<string, Saved>())

  constructor(options: TextMemoOptions) {
    this.#options = options
  }

  /** The reply to this call, not to be changed; undefined when it must be worked out. */
  replay(call: Buffer): Buffer | undefined {
    if (call.length > MAX_CALL || this.#options.isWatched()) return undefined
    const saved = this.#find(call.toString('latin1'))
    const now = this.#options.clock.now()
    if (saved === undefined || saved.replies.length < saved.wanted || !this.#isCurrent(saved, now)) return undefined
    this.#options.replayCounter.replays += saved.entries.length
    for (const entry of saved.entries) entry.noteReplay(now)
    return saved.wanted === 1 ? saved.replies[0] : saved.replies[this.#options.random.below(saved.wanted)]
  }

  /** To be taken before a reply is worked out, and handed to `remember` with it. */
  get snapshot(): readonly Dependency[] {
    this.#isValid()
    return this.#shared
  }

  /** Keeps what these words were answered, unless something changed since the snapshot. */
  remember(call: Buffer, reply: Buffer, { entries, shuffled }: TextReplyOrigin, snapshot: readonly Dependency[]): void {
    if (call.length > MAX_CALL || !this.#isValid() || snapshot !== this.#shared) return
    const words = call.toString('latin1')
    const known = this.#find(words)
    if (known !== undefined && known.replies.length < known.wanted && isSame(known.entries, entries)) {
      known.replies.push(reply)
      return
    }
    this.#keep(words, { entries, replies: [reply], wanted: Math.min(Math.max(1, shuffled), MAX_ORDERS) })
  }

  /** Gives back at once what may not be replayed any more because of what all replies share; else that waits for the next call. */
  forgetInvalid(): void {
    if (this.#shared.every(({ isCurrent }) => isCurrent)) return
    this.#shared = this.#options.shared.current()
    this.#replies.clear()
  }

  #isCurrent({ entries }: Saved, now: Millis): boolean {
    for (const entry of entries) if (!entry.isCurrent || now >= entry.replayableUntil) return false
    return this.#isValid()
  }

  #find(words: string): Saved | undefined {
    const recent = this.#replies.recent.get(words)
    if (recent !== undefined) return recent
    const previous = this.#replies.previous.get(words)
    if (previous !== undefined) this.#keep(words, previous)
    return previous
  }

  #keep(words: string, saved: Saved): void {
    this.#replies.recent.set(words, saved)
    if (this.#replies.recent.size < this.#options.capacity / 2) return
    this.#replies.rotate()
  }

  /** True while the shared dependencies are known to be current; when one is not, everything is forgotten at once. */
  #isValid(): boolean {
    const { shared, clock } = this.#options
    const isKnown = shared.revalidate(clock.now())
    if (this.#shared.length > 0 && this.#shared.every(({ isCurrent }) => isCurrent)) return isKnown
    const isFirst = this.#shared.length === 0
    this.#shared = shared.current()
    this.#replies.clear()
    return isFirst
  }
}

function isSame(some: readonly CachedAnswer[], others: readonly CachedAnswer[]): boolean {
  return some.length === others.length && some.every((entry, i) => entry === others[i])
}
