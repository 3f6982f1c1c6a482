import type { IfIndex, Millis } from '../base/index.ts'
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
export interface ScopeTally {
  readonly scope: string
  readonly ifindex: IfIndex
  questions: number
  cacheHits: number
  failures: number
  /** Of the questions that went to the network. */
  readonly took: Histogram
}

/** Messages to one server. */
export interface ServerTally {
  readonly server: string
  sent: number
  failures: number
  readonly roundTrip: Histogram
}

/** Links and servers come and go; what is counted of those longest unheard of is dropped beyond this. */
const MAX_TALLIES = 256
/** Results of a message that brought an answer, good or bad (RFC 1035 §4.1.1). */
const ANSWERS: ReadonlySet<string> = new Set(['NOERROR', 'NODATA', 'NXDOMAIN'])

/** Counts, per source, scope and server, every question that is worked out. */
export class Meter implements Disposable {
  readonly #scopes = new Map<string, ScopeTally>()
  readonly #servers = new Map<string, ServerTally>()
  readonly #sources = new Map<Source, number>()
  #failures = 0
  readonly #tally: { readonly replays: number }
  readonly #observation: Disposable

  /** `tally` counts the replies replayed from memory, which no scope saw. */
  constructor(watchers: Pick<QueryWatchers, 'observe'>, tally: { readonly replays: number }) {
    this.#tally = tally
    this.#observation = watchers.observe((resolution) => this.note(resolution))
  }

  [Symbol.dispose](): void {
    this.#observation[Symbol.dispose]()
  }

  get replays(): number {
    return this.#tally.replays
  }

  get scopes(): readonly ScopeTally[] {
    return [...this.#scopes.values()]
  }

  get servers(): readonly ServerTally[] {
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

  reset(): void {
    this.#scopes.clear()
    this.#servers.clear()
    this.#sources.clear()
    this.#failures = 0
  }

  note({ answer, took }: Resolution): void {
    const { state, rcode, source, scope, attempts } = answer
    const isFailure = state !== 'success' && !(state === 'rcode-failure' && rcode === NXDOMAIN)
    this.#sources.set(source, (this.#sources.get(source) ?? 0) + 1)
    if (isFailure) this.#failures++
    if (scope !== undefined) {
      const tally = this.#scope(scope.label, scope.ifindex)
      tally.questions++
      if (source === 'cache') tally.cacheHits++
      if (isFailure) tally.failures++
      if (attempts.length > 0) tally.took.note(took)
    }
    for (const { server, took: time, result } of attempts) {
      const tally = this.#server(server)
      tally.sent++
      if (ANSWERS.has(result)) tally.roundTrip.note(time)
      else tally.failures++
    }
  }

  #scope(scope: string, ifindex: IfIndex): ScopeTally {
    const known = this.#scopes.get(scope)
    if (known !== undefined) return known
    const tally = { scope, ifindex, questions: 0, cacheHits: 0, failures: 0, took: new Histogram() }
    return keep(this.#scopes, scope, tally)
  }

  #server(server: string): ServerTally {
    const known = this.#servers.get(server)
    return known ?? keep(this.#servers, server, { server, sent: 0, failures: 0, roundTrip: new Histogram() })
  }
}

const NXDOMAIN = 3

/** The first that came goes when there are too many. */
function keep<T>(tallies: Map<string, T>, key: string, tally: T): T {
  const [oldest] = tallies.keys()
  if (tallies.size >= MAX_TALLIES && oldest !== undefined) tallies.delete(oldest)
  tallies.set(key, tally)
  return tally
}
