import type { Dependency, Millis, Random, SharedDependencies } from '../base/index.ts'
import type { CachedAnswer } from '../cache/index.ts'
import type { RecordView } from '../wire/index.ts'
import { isAddress, isSameSet, scanRecords, TYPE } from '../wire/index.ts'
import { QueryScan } from './query-scan.ts'
import { type FinishedReply, LARGEST_KEPT, NONE, ReplyStore } from './reply-store.ts'
import { TwoGenerations } from './two-generations.ts'

/** What decides where a question goes. `Source` is where an answer comes from: a scope. */
export interface Routes<Source> {
  /** Differs after each change, except when sources only went: their entries are invalid without that. */
  readonly version: number
  /** Whether this query would get what `source` has for it, and nothing else, by the routes as they are now. */
  leadTo(query: Buffer, source: Source): boolean
}

export interface MemoOptions<Source> {
  readonly shared: SharedDependencies
  readonly routes: Routes<Source>
  /** Replies in use that are held at least, while they are of usual size; at most twice as many are. */
  readonly capacity: number
  readonly random: Random
  /** Counts replays: cache hits that no cache saw. */
  readonly replayCounter: { replays: number }
}

/** What a reply that may be replayed was made from, besides the shared dependencies. */
export interface ReplyOrigin<Source> {
  /** The one cache entry that it repeats. */
  readonly entry: CachedAnswer
  readonly source: Source
}

/** All that replies depend on, when an answer began to be worked out. */
export interface MemoSnapshot {
  readonly shared: readonly Dependency[]
  readonly routesVersion: number
}

/**
 * Bytes of one generation for each reply of `capacity`: half of what a usual one takes with room to spare, as there are two of
 * them; and the least for all, which has room for as many replies as systemd-resolved has for records.
 */
const SIZE_PER_REPLY = 96
const LEAST_BYTES = 2 ** 20

/**
 * Replies that were given before, replayed from their bytes. It decides nothing: each depends on one cache entry, on
 * the routes, and on what all replies share (hosts, settings), and is not used once one of them is not current any
 * more. Without the memo the same replies are worked out by the resolver, only slower.
 */
export class AnswerMemo<Source = unknown> {
  readonly #options: MemoOptions<Source>
  readonly #scan = new QueryScan()
  #snapshot: MemoSnapshot
  readonly #stores = new TwoGenerations(() => new ReplyStore<Source>())

  constructor(options: MemoOptions<Source>) {
    this.#options = options
    this.#snapshot = { shared: options.shared.current(), routesVersion: options.routes.version }
  }

  /**
   * Writes the reply to `query` into `target` at `at`, and returns how long it is: 0 when it must be worked out.
   * `limit` overrides the size the client takes: over TCP there is none to speak of.
   */
  replay(query: Buffer, limit: number | undefined, now: Millis, target: Buffer, at: number): number {
    const scan = this.#scan
    if (!scan.read(query) || !this.#isValid(now)) return 0
    const position = this.#find(query, now)
    if (position === NONE) return 0
    const store = this.#stores.recent
    const size = store.size(position)
    if (size > (limit ?? scan.maxSize) || at + size > target.length) return 0
    const addresses = store.addressCount(position)
    if (addresses > 1) store.swapAddresses(position, this.#options.random.below(addresses))
    this.#options.replayCounter.replays++
    store.noteReplay(position, now)
    return store.write(position, query, scan.questionEnd, now, target, at)
  }

  /** To be taken before a reply is worked out, and handed to `remember` with it. */
  snapshot(now: Millis): MemoSnapshot {
    this.#isValid(now)
    const { version } = this.#options.routes
    if (version !== this.#snapshot.routesVersion) {
      this.#snapshot = { shared: this.#snapshot.shared, routesVersion: version }
    }
    return this.#snapshot
  }

  /**
   * Keeps the reply that `query` got, which repeats the bytes of the entry up to the OPT record at its end; unless
   * something changed since the snapshot.
   */
  remember(query: Buffer, reply: Buffer, origin: ReplyOrigin<Source>, snapshot: MemoSnapshot, now: Millis): void {
    if (reply.length > LARGEST_KEPT || snapshot !== this.snapshot(now) || !this.#scan.read(query)) return
    this.#stores.recent.add(this.#scan, query, finished(reply, origin), snapshot.routesVersion)
    this.#makeRoom()
  }

  /** Gives back at once what may not be replayed any more because of what all replies share; else that waits for the next query. */
  forgetInvalid(): void {
    if (this.#snapshot.shared.every(({ isCurrent }) => isCurrent)) return
    const { shared, routes } = this.#options
    this.#snapshot = { shared: shared.current(), routesVersion: routes.version }
    this.#stores.clear()
  }

  /** The position, in the recent store, of a reply that is still valid. */
  #find(query: Buffer, now: Millis): number {
    const { recent, previous } = this.#stores
    const position = recent.find(this.#scan, query)
    if (position !== NONE) return this.#isRight(recent, position, query, now) ? position : NONE
    const older = previous.find(this.#scan, query)
    if (older === NONE || !this.#isRight(previous, older, query, now)) return NONE
    this.#makeRoom()
    return this.#stores.recent.copyFrom(this.#scan, query, previous, older)
  }

  /**
   * Whether a reply may be used. After a change of routes each is checked when it is next asked for, so that a link
   * that goes takes no other link's replies with it, and the change itself costs nothing.
   */
  #isRight(store: ReplyStore<Source>, position: number, query: Buffer, now: Millis): boolean {
    if (!store.isValid(position, now)) return false
    const { routes } = this.#options
    if (store.routesVersion(position) === routes.version) return true
    const isRight = routes.leadTo(query, store.source(position))
    if (isRight) store.setRoutesVersion(position, routes.version)
    else store.drop(position)
    return isRight
  }

  /** Rotates the generations when the recent one is full. */
  #makeRoom(): void {
    const { capacity } = this.#options
    const recent = this.#stores.recent
    if (recent.count < capacity && recent.bytes < Math.max(LEAST_BYTES, capacity * SIZE_PER_REPLY)) return
    this.#stores.rotate()
  }

  /** True while the shared dependencies are known to be current; when one is not, everything is forgotten at once. */
  #isValid(now: Millis): boolean {
    const isKnown = this.#options.shared.revalidate(now)
    for (const dependency of this.#snapshot.shared) {
      if (dependency.isCurrent) continue
      this.forgetInvalid()
      return false
    }
    return isKnown
  }
}

/** The reply with the server's TTLs, and the offsets of what changes: TTLs, and the addresses of the first set. */
function finished<Source>(reply: Buffer, { entry, source }: ReplyOrigin<Source>): FinishedReply<Source> {
  const wire = Buffer.from(reply)
  const learnt = entry.wire
  const ttls: number[] = []
  const addresses: number[] = []
  let first: RecordView | undefined
  scanRecords(reply, (view) => {
    if (view.type === TYPE.OPT) return
    ttls.push(view.fixedAt + 4)
    wire.writeUInt32BE(learnt.readUInt32BE(view.fixedAt + 4), view.fixedAt + 4)
    if (view.section !== 0 || !isAddress(view)) return
    first ??= view
    if (isSameSet(reply, first, view)) addresses.push(view.rdataAt)
  })
  const addressSize = first === undefined ? 0 : first.end - first.rdataAt
  return { wire, entry, source, ttls, addresses, addressSize }
}
