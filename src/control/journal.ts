import type { Clock, IfIndex, Millis } from '../base/index.ts'
import type { ClientIdentity, QueryClient, Resolution, Resolver, Source } from '../resolve/index.ts'
import type { Name } from '../wire/index.ts'

/** One question that was worked out, without its answer. */
export interface JournalEntry {
  /** Wall clock, when it was answered. */
  readonly at: Millis
  readonly name: Name
  readonly types: readonly number[]
  readonly state: Resolution['state']
  readonly rcode: number
  /** Records in the answer. */
  readonly records: number
  readonly source: Source
  readonly scope: string | undefined
  readonly ifindex: IfIndex
  readonly server: string | undefined
  readonly protocol: 'udp' | 'tcp' | undefined
  readonly took: Millis
  readonly attempts: number
  readonly client: QueryClient | undefined
  /** Who the client is; found out only while somebody watches. */
  readonly identity: ClientIdentity | undefined
}

export interface JournalServices {
  readonly resolver: Resolver
  readonly clock: Clock
  /** Looks at once who has a client's socket: soon the client may be gone. */
  readonly ownerOf: (client: QueryClient) => ClientIdentity | undefined
}

/** Questions that are remembered. */
const CAPACITY = 512

/**
 * The latest questions. Those that are worked out are always noted, at 0.2 µs where a question takes ten and more;
 * replies replayed from memory are seen only while somebody watches, as then there are none.
 */
export class Journal implements Disposable {
  readonly #services: JournalServices
  readonly #ring: JournalEntry[] = []
  #next = 0
  readonly #watchers = new Set<(entry: JournalEntry) => void>()
  readonly #observation: Disposable

  constructor(services: JournalServices) {
    this.#services = services
    this.#observation = services.resolver.observe((resolution) => this.#note(resolution))
  }

  [Symbol.dispose](): void {
    this.#observation[Symbol.dispose]()
    this.#watchers.clear()
  }

  /** Oldest first. */
  recent(): readonly JournalEntry[] {
    return [...this.#ring.slice(this.#next), ...this.#ring.slice(0, this.#next)]
  }

  /** Every question from now on, and who asked it. The handle ends it. */
  watch(watcher: (entry: JournalEntry) => void): Disposable {
    this.#watchers.add(watcher)
    const everything = this.#services.resolver.watch(() => undefined)
    return {
      [Symbol.dispose]: () => {
        everything[Symbol.dispose]()
        this.#watchers.delete(watcher)
      },
    }
  }

  #note(resolution: Resolution): void {
    const { ownerOf, clock } = this.#services
    const { client } = resolution.query
    const isWatched = this.#watchers.size > 0
    const identity = isWatched && client !== undefined ? (client.identity ?? ownerOf(client)) : client?.identity
    const entry = entryOf(resolution, clock.wall(), identity)
    this.#ring[this.#next] = entry
    this.#next = (this.#next + 1) % CAPACITY
    if (isWatched) void this.#tell(entry)
  }

  /** The bus is asked who its client is. Never rejects. */
  async #tell(entry: JournalEntry): Promise<void> {
    const identity = entry.identity ?? (await entry.client?.identify?.().catch(() => undefined))
    for (const watcher of this.#watchers) watcher({ ...entry, identity })
  }
}

function entryOf(
  { query, state, rcode, answer, provenance }: Resolution,
  at: Millis,
  identity: ClientIdentity | undefined,
): JournalEntry {
  const { source, scope, ifindex, server, protocol, took, attempts } = provenance
  return {
    at,
    name: query.name,
    types: query.types,
    state,
    rcode,
    records: answer.length,
    source,
    scope,
    ifindex,
    server,
    protocol,
    took,
    attempts: attempts.length,
    client: query.client,
    identity,
  }
}
