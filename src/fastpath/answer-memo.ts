import type { Millis, Random } from '../base/index.ts'
import type { CachedAnswer, Fact } from '../cache/index.ts'
import type { RecordView } from '../wire/index.ts'
import { isAddress, isSameSet, scanRecords, TYPE } from '../wire/index.ts'
import type { Ground } from './ground.ts'
import { Probe } from './probe.ts'
import { type Finished, LARGEST_KEPT, NONE, ReplyStore } from './reply-store.ts'

/** What decides where a question goes. `Source` is whatever an answer comes from. */
export interface Routes<Source> {
  /** Another number after each change, but where sources only went: what their entries held has fallen with them. */
  readonly generation: number
  /** Whether this query would get what `source` has for it, and nothing else, by the routes as they are now. */
  leadTo(query: Buffer, source: Source): boolean
}

export interface MemoOptions<Source> {
  readonly ground: Ground
  readonly routes: Routes<Source>
  /** Replies in use that are held at least, unless they are large. */
  readonly capacity: number
  readonly random: Random
  /** Counts replays: they are cache hits that no cache saw. */
  readonly tally: { replays: number }
}

/** What a reply that may be replayed rests on, besides the ground. */
export interface AnswerBasis<Source> {
  /** The one cache entry that it repeats. */
  readonly entry: CachedAnswer
  readonly source: Source
}

/** The state of things when an answer began to be worked out. */
export interface Footing {
  readonly facts: readonly Fact[]
  readonly generation: number
}

/** Bytes for each reply of `capacity`: what a usual one takes, with room to spare. */
const USUAL_SIZE = 192
const LEAST_BYTES = 2 ** 20

/**
 * Replies that were given before, replayed from their bytes. It decides nothing: each rests on one cache entry, on the
 * routes, and on the ground all of them share (hosts, settings); when a fact falls, what rests on it is not used any
 * more, and nobody has to be told. Without the memo the same replies take the ordinary road, only slower.
 */
export class AnswerMemo<Source = unknown> {
  readonly #options: MemoOptions<Source>
  readonly #probe = new Probe()
  #footing: Footing
  /** In two generations: what was used lately survives when the older one is dropped. */
  #young = new ReplyStore<Source>()
  #old = new ReplyStore<Source>()

  constructor(options: MemoOptions<Source>) {
    this.#options = options
    this.#footing = { facts: options.ground.facts(), generation: options.routes.generation }
  }

  /**
   * Writes the reply to `query` into `target` at `at`, and returns how long it is: 0 when it must be worked out.
   * `limit` overrides the size the client takes: over TCP there is none to speak of.
   */
  replay(query: Buffer, limit: number | undefined, now: Millis, target: Buffer, at: number): number {
    const probe = this.#probe
    if (!probe.read(query) || !this.#stands(now)) return 0
    const position = this.#find(query, now)
    if (position === NONE) return 0
    const store = this.#young
    const size = store.size(position)
    if (size > (limit ?? probe.maxSize) || at + size > target.length) return 0
    const addresses = store.addressCount(position)
    if (addresses > 1) store.trade(position, this.#options.random.below(addresses))
    this.#options.tally.replays++
    store.noteReplay(position)
    return store.write(position, query, probe.questionEnd, now, target, at)
  }

  /** How things are now: to be taken before a reply is worked out, and handed to `remember` with it. */
  footing(now: Millis): Footing {
    this.#stands(now)
    const { generation } = this.#options.routes
    if (generation !== this.#footing.generation) this.#footing = { facts: this.#footing.facts, generation }
    return this.#footing
  }

  /**
   * Keeps the reply that `query` got, which repeats the bytes of the entry up to the OPT record at its end; unless the
   * footing on which it was worked out has been lost meanwhile.
   */
  remember(query: Buffer, reply: Buffer, basis: AnswerBasis<Source>, footing: Footing, now: Millis): void {
    if (reply.length > LARGEST_KEPT || footing !== this.footing(now) || !this.#probe.read(query)) return
    this.#young.add(this.#probe, query, finished(reply, basis), footing.generation)
    this.#makeRoom()
  }

  /** The position, in the young store, of a reply that is as right as when it was given. */
  #find(query: Buffer, now: Millis): number {
    const young = this.#young.find(this.#probe, query)
    if (young !== NONE) return this.#isRight(this.#young, young, query, now) ? young : NONE
    const source = this.#old
    const old = source.find(this.#probe, query)
    if (old === NONE || !this.#isRight(source, old, query, now)) return NONE
    this.#makeRoom()
    return this.#young.adopt(this.#probe, query, source, old)
  }

  /**
   * After a change of routes, each is looked at again when it is next asked for: a link that goes takes none of the
   * other links' replies with it, and the change itself costs nothing.
   */
  #isRight(store: ReplyStore<Source>, position: number, query: Buffer, now: Millis): boolean {
    if (!store.stands(position, now)) return false
    const { routes } = this.#options
    if (store.generation(position) === routes.generation) return true
    const isRight = routes.leadTo(query, store.source(position))
    if (isRight) store.setGeneration(position, routes.generation)
    else store.drop(position)
    return isRight
  }

  #makeRoom(): void {
    const { capacity } = this.#options
    const young = this.#young
    if (young.count < capacity && young.bytes < Math.max(LEAST_BYTES, capacity * USUAL_SIZE)) return
    this.#old = young
    this.#young = new ReplyStore()
  }

  /** True while the common ground is known to stand; when it fell, everything is forgotten at once. */
  #stands(now: Millis): boolean {
    const { ground, routes } = this.#options
    const isKnown = ground.glance(now)
    for (const fact of this.#footing.facts) {
      if (fact.isCurrent) continue
      this.#footing = { facts: ground.facts(), generation: routes.generation }
      this.#young = new ReplyStore()
      this.#old = new ReplyStore()
      return false
    }
    return isKnown
  }
}

/** The reply with the server's TTLs, and where the parts are that change with time; addresses of one set trade places. */
function finished<Source>(reply: Buffer, { entry, source }: AnswerBasis<Source>): Finished<Source> {
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
