import type { Clock, IfIndex, Millis } from '../base/index.ts'
import type { QueryWatchers, Resolution, Source } from '../resolve/index.ts'

/** Upper bounds of the buckets of every histogram, in milliseconds; the last bucket has none. */
export const BUCKETS: readonly Millis[] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000]

/** How long something took, counted in buckets. */
export class Histogram {
  /** One more than there are bounds. */
  readonly counts: number[] = Array.from({ length: BUCKETS.length + 1 }, () => 0)
  sum: Millis = 0

  note(took: Millis): void {
    let bucket = 0
    while (bucket < BUCKETS.length && took > (BUCKETS[bucket] as number)) bucket++
    this.counts[bucket] = (this.counts[bucket] as number) + 1
    this.sum += took
  }

  get count(): number {
    return this.counts.reduce((sum, count) => sum + count, 0)
  }
}

/** What one scope was asked for and how it did. */
export interface ScopeCounts {
  readonly scope: string
  readonly ifindex: IfIndex
  questions: number
  cacheHits: number
  failures: number
  /** Of the questions that went to the network. */
  readonly took: Histogram
}

/** Messages to one server. */
export interface ServerCounts {
  readonly server: string
  sent: number
  failures: number
  readonly roundTrip: Histogram
}

/** What others count or start over, with the statistics. */
export interface SharedCounts {
  /** Replies replayed from memory, which no scope saw. */
  readonly replays: number
  readonly refusals: number
  readonly refusedAt: Millis | undefined
  noteRefusal(at: Millis): void
}

/** Links and servers come and go; what is counted of those longest unheard of is dropped beyond this. */
const MAX_COUNTED = 256
/** Results of a message that brought an answer, good or bad (RFC 1035 §4.1.1). */
const ANSWERS: ReadonlySet<string> = new Set(['NOERROR', 'NODATA', 'NXDOMAIN'])

/** Counts, per source, scope and server, every question that is worked out. */
export class Meter implements Disposable {
  readonly #scopes = new Map<string, ScopeCounts>()
  readonly #servers = new Map<string, ServerCounts>()
  readonly #sources = new Map<Source, number>()
  #failures = 0
  readonly #counts: SharedCounts
  readonly #clock: Pick<Clock, 'wall'>
  readonly #observation: Disposable

  constructor(watchers: Pick<QueryWatchers, 'observe'>, counts: SharedCounts, clock: Pick<Clock, 'wall'>) {
    this.#counts = counts
    this.#clock = clock
    this.#observation = watchers.observe((resolution) => this.note(resolution))
  }

  [Symbol.dispose](): void {
    this.#observation[Symbol.dispose]()
  }

  get replays(): number {
    return this.#counts.replays
  }

  get scopes(): readonly ScopeCounts[] {
    return [...this.#scopes.values()]
  }

  get servers(): readonly ServerCounts[] {
    return [...this.#servers.values()]
  }

  /** Questions by where their answer came from. */
  get sources(): ReadonlyMap<Source, number> {
    return this.#sources
  }

  /** Questions that ended without an answer: neither records, nor NODATA, nor NXDOMAIN. */
  get failures(): number {
    return this.#failures
  }

  /** Questions refused as too many were under way; `latestAt`: wall clock. */
  get refusals(): { readonly count: number; readonly latestAt: Millis | undefined } {
    return { count: this.#counts.refusals, latestAt: this.#counts.refusedAt }
  }

  note({ answer, took }: Resolution): void {
    const { state, rcode, errno, source, scope, attempts } = answer
    const isFailure = state !== 'success' && !(state === 'rcode-failure' && rcode === NXDOMAIN)
    this.#sources.set(source, (this.#sources.get(source) ?? 0) + 1)
    if (isFailure) this.#failures++
    if (state === 'errno' && errno === EBUSY) this.#counts.noteRefusal(this.#clock.wall())
    if (scope !== undefined) {
      const counts = this.#scope(scope.label, scope.ifindex)
      counts.questions++
      if (source === 'cache') counts.cacheHits++
      if (isFailure) counts.failures++
      if (attempts.length > 0) counts.took.note(took)
    }
    for (const { server, took: time, result } of attempts) {
      const counts = this.#server(server)
      counts.sent++
      if (ANSWERS.has(result)) counts.roundTrip.note(time)
      else counts.failures++
    }
  }

  #scope(scope: string, ifindex: IfIndex): ScopeCounts {
    const known = this.#scopes.get(scope)
    if (known !== undefined) return known
    const counts = { scope, ifindex, questions: 0, cacheHits: 0, failures: 0, took: new Histogram() }
    return keep(this.#scopes, scope, counts)
  }

  #server(server: string): ServerCounts {
    const known = this.#servers.get(server)
    return known ?? keep(this.#servers, server, { server, sent: 0, failures: 0, roundTrip: new Histogram() })
  }
}

const NXDOMAIN = 3
const EBUSY = 16

/** The first that came goes when there are too many. */
function keep<T>(counted: Map<string, T>, key: string, counts: T): T {
  const [oldest] = counted.keys()
  if (counted.size >= MAX_COUNTED && oldest !== undefined) counted.delete(oldest)
  counted.set(key, counts)
  return counts
}
