import type { Channel, Clock, IfIndex, Millis } from '../base/index.ts'
import type { AnswerState, ClientIdentity, QueryClient, QueryWatchers, Resolution, Source } from '../resolve/index.ts'
import type { Name, Spelling } from '../wire/index.ts'
import { RateLimit } from './rate-limit.ts'

/** One question that was worked out, without its answer. */
export interface JournalEntry {
  /** Wall clock, when it was answered. */
  readonly at: Millis
  readonly name: Name
  /** How the client wrote the name, where not in lower case. */
  readonly spelling: Spelling | undefined
  readonly types: readonly number[]
  readonly state: AnswerState
  readonly rcode: number
  /** Records in the answer. */
  readonly records: number
  readonly source: Source
  readonly scope: string | undefined
  readonly ifindex: IfIndex
  readonly server: string | undefined
  readonly channel: Channel | undefined
  readonly took: Millis
  readonly attempts: number
  readonly client: QueryClient | undefined
  /** Who the client is; found out only while somebody watches. */
  readonly identity: ClientIdentity | undefined
}

export interface JournalServices {
  readonly watchers: QueryWatchers
  readonly clock: Clock
  /** Looks at once who has a client's socket: soon the client may be gone. */
  readonly ownerOf: (client: QueryClient) => ClientIdentity | undefined
  /** Counts replies replayed from memory. */
  readonly replayCounter: { readonly replays: number }
  /** What a process calls itself, where that may be seen. Never rejects. */
  readonly processName: (pid: number) => Promise<string | undefined>
}

/** `leftOut` questions were answered since the one before without being told, as there were too many. */
export type QuestionWatcher = (entry: JournalEntry, leftOut: number) => void

/** Questions that are remembered. */
const CAPACITY = 512
/**
 * To work a question out that could have been replayed, to look who asked it and to tell it takes 100 µs, and as much
 * again in the watcher: so many in a second are 1 % of the time, and more than anybody can read. A page being loaded
 * asks for a hundred at once, and is seen whole.
 */
const TOLD_PER_SECOND = 50
const TOLD_IN_A_ROW = 200

/**
 * The latest questions. Those that are worked out are always noted, at 0.2 µs where a question takes ten and more.
 * While somebody watches, queries are claimed so that replies are seen that would be replayed from memory; but of a flood
 * only as many as are told, and not a whole batch whenever there is room for one: watchers learn how many they did not see.
 */
export class Journal implements Disposable {
  readonly #services: JournalServices
  readonly #ring: JournalEntry[] = []
  #next = 0
  readonly #watchers = new Set<QuestionWatcher>()
  readonly #observation: Disposable
  /** While somebody watches. */
  #attention: Attention | undefined

  constructor(services: JournalServices) {
    this.#services = services
    this.#observation = services.watchers.observe((resolution) => this.#note(resolution))
  }

  [Symbol.dispose](): void {
    this.#observation[Symbol.dispose]()
    this.#watchers.clear()
    this.#relax()
  }

  /** Oldest first. */
  recent(): readonly JournalEntry[] {
    return [...this.#ring.slice(this.#next), ...this.#ring.slice(0, this.#next)]
  }

  /** Questions from now on, and who asked them. The handle ends it. */
  watch(watcher: QuestionWatcher): Disposable {
    this.#watchers.add(watcher)
    this.#attention ??= new Attention(this.#services)
    return {
      [Symbol.dispose]: () => {
        this.#watchers.delete(watcher)
        if (this.#watchers.size === 0) this.#relax()
      },
    }
  }

  #relax(): void {
    this.#attention?.[Symbol.dispose]()
    this.#attention = undefined
  }

  #note(resolution: Resolution): void {
    const { ownerOf, clock } = this.#services
    const { client } = resolution.query
    const leftOut = this.#attention?.admit()
    const isTold = leftOut !== undefined
    const identity = isTold && client !== undefined ? (client.identity ?? ownerOf(client)) : client?.identity
    const entry = entryOf(resolution, clock.wall(), identity)
    this.#ring[this.#next] = entry
    this.#next = (this.#next + 1) % CAPACITY
    if (isTold) void this.#tell(entry, leftOut)
  }

  /**
   * The bus is asked who its client is, and the name looked up where the interface knows the process alone. Never
   * rejects.
   */
  async #tell(entry: JournalEntry, leftOut: number): Promise<void> {
    const known = entry.identity ?? (await entry.client?.identify?.().catch(() => undefined))
    const isNameless = known?.pid !== undefined && known.process === undefined
    const identity = isNameless ? { ...known, process: await this.#services.processName(known.pid) } : known
    for (const watcher of this.#watchers) watcher({ ...entry, identity }, leftOut)
  }
}

/** Which questions watchers are told. */
class Attention implements Disposable {
  readonly #limit: RateLimit
  readonly #claims: Disposable
  readonly #replayCounter: { readonly replays: number }
  /** Replies replayed until the last question that was told, and questions worked out since. */
  #replays: number
  #untold = 0
  /** Queries that are worked out to be told, and have not come here yet: what room they need is taken. */
  #claimed = 0

  constructor({ watchers, clock, replayCounter }: JournalServices) {
    this.#limit = new RateLimit(clock, TOLD_PER_SECOND, TOLD_IN_A_ROW)
    this.#claims = watchers.claimSome(() => this.#claim())
    this.#replayCounter = replayCounter
    this.#replays = replayCounter.replays
  }

  [Symbol.dispose](): void {
    this.#claims[Symbol.dispose]()
    this.#limit[Symbol.dispose]()
  }

  /** How many were left out before this one; undefined when it is left out as well. */
  admit(): number | undefined {
    if (this.#claimed > 0) this.#claimed--
    else if (!this.#limit.take()) {
      this.#untold++
      return undefined
    }
    const { replays } = this.#replayCounter
    const leftOut = Math.max(0, replays - this.#replays) + this.#untold // it is set to 0 with the statistics
    this.#replays = replays
    this.#untold = 0
    return leftOut
  }

  /** Whether a query whose reply could be replayed is to be worked out, so that it comes here. */
  #claim(): boolean {
    if (!this.#limit.take()) return false
    this.#claimed = Math.min(this.#claimed + 1, TOLD_IN_A_ROW) // those that are dropped never come here
    return true
  }
}

function entryOf({ query, answer, took }: Resolution, at: Millis, identity: ClientIdentity | undefined): JournalEntry {
  const { state, rcode, records, source, scope, origin, attempts } = answer
  return {
    at,
    name: query.name,
    spelling: query.spelling,
    types: query.types,
    state,
    rcode,
    records: records.length,
    source,
    scope: scope?.label,
    ifindex: scope?.ifindex ?? 0,
    server: origin?.server,
    channel: origin?.channel,
    took,
    attempts: attempts.length,
    client: query.client,
    identity,
  }
}
