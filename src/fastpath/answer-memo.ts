import type { Millis, Random } from '../base/index.ts'
import type { CachedAnswer, Fact } from '../cache/index.ts'
import { HEADER_SIZE, scanRecords, TYPE } from '../wire/index.ts'
import { lower, Probe } from './probe.ts'

/** A finished reply and the cache entry it repeats. */
interface Saved {
  readonly shape: number
  /** The reply; ID, letter case, TTLs and the order of addresses are patched in place at each replay. */
  readonly wire: Buffer
  /** Question section in lower case. */
  readonly question: Buffer
  readonly entry: CachedAnswer
  /** Where TTLs stand, and what the server gave there. */
  readonly ttlOffsets: Uint16Array
  readonly ttls: Uint32Array
  /** Where the addresses of the answer stand that may trade places; their size is the same. */
  readonly addresses: Uint16Array
  readonly addressSize: number
  /** The time for which `wire` tells TTLs: whole seconds since and until. */
  age: number
  remaining: number
}

export interface MemoOptions {
  /** What every reply rests on besides its entry. */
  readonly ground: () => readonly Fact[]
  /** Replies held at most. */
  readonly capacity: number
  readonly random: Random
  /** Counts replays: they are cache hits that no cache saw. */
  readonly tally: { replays: number }
}

/**
 * Replies that were given before, replayed from their bytes. It decides nothing: each rests on one cache entry and on
 * the ground all of them share (routing, hosts); when a fact falls, what rests on it is not used any more, and nobody
 * has to be told. Without the memo the same replies take the ordinary road, only slower.
 */
export class AnswerMemo {
  readonly #probe = new Probe()
  readonly #random: Random
  readonly #ground: () => readonly Fact[]
  readonly #capacity: number
  #facts: readonly Fact[] = []
  /** By hash, in two generations: what was used lately survives when the older one is dropped. */
  #young = new Map<number, Saved>()
  #old = new Map<number, Saved>()
  readonly #tally: { replays: number }

  constructor({ ground, capacity, random, tally }: MemoOptions) {
    this.#ground = ground
    this.#capacity = Math.max(2, capacity)
    this.#random = random
    this.#tally = tally
  }

  get size(): number {
    return this.#young.size + this.#old.size
  }

  /**
   * The reply to `query`, ready to be sent, or undefined when it must be worked out. The bytes are lent until the next
   * call. `limit` overrides the size the client takes: over TCP there is none to speak of.
   */
  replay(query: Buffer, limit: number | undefined, now: Millis): Buffer | undefined {
    const probe = this.#probe
    if (!probe.read(query)) return undefined
    const saved = this.#find(probe.hash ^ probe.shape)
    if (saved === undefined || saved.shape !== probe.shape || !isSameQuestion(saved.question, query)) return undefined
    if (!saved.entry.isCurrent || now >= saved.entry.replayableUntil) return undefined
    if (saved.wire.length > (limit ?? probe.maxSize) || !this.#stands()) return undefined
    const { wire } = saved
    // By hand: copy() takes 135 ns to check its four arguments.
    wire[0] = query[0] as number
    wire[1] = query[1] as number
    const end = probe.questionEnd
    for (let at = HEADER_SIZE; at < end; at++) wire[at] = query[at] as number // the client's letter case (RFC 4343 §4.1)
    this.#setTime(saved, now)
    if (saved.addresses.length > 1) this.#shuffle(saved)
    this.#tally.replays++
    return wire
  }

  /** The ground as it is now: to be taken before a reply is worked out, and handed to `remember` with it. */
  get ground(): readonly Fact[] {
    this.#stands()
    return this.#facts
  }

  /**
   * Keeps the reply that `query` got, which repeats the bytes of `entry` up to the OPT record at its end; unless the
   * ground on which it was worked out has fallen meanwhile.
   */
  remember(query: Buffer, reply: Buffer, entry: CachedAnswer, ground: readonly Fact[]): void {
    const probe = this.#probe
    if (!this.#stands() || ground !== this.#facts || !probe.read(query)) return
    const question = Buffer.from(query.subarray(HEADER_SIZE, probe.questionEnd).map(lower))
    const saved = { shape: probe.shape, wire: Buffer.from(reply), question, entry, ...layoutOf(reply, entry) }
    this.#keep(probe.hash ^ probe.shape, { ...saved, age: -1, remaining: -1 })
  }

  #find(key: number): Saved | undefined {
    const young = this.#young.get(key)
    if (young !== undefined) return young
    const old = this.#old.get(key)
    if (old !== undefined) this.#keep(key, old)
    return old
  }

  #keep(key: number, saved: Saved): void {
    this.#young.set(key, saved)
    if (this.#young.size < this.#capacity / 2) return
    this.#old = this.#young
    this.#young = new Map()
  }

  /** True while the common ground stands; when it fell, everything is forgotten at once. */
  #stands(): boolean {
    if (this.#facts.length > 0 && this.#facts.every((fact) => fact.isCurrent)) return true
    const isFirst = this.#facts.length === 0
    this.#facts = this.#ground()
    this.#young = new Map()
    this.#old = new Map()
    return isFirst
  }

  /** TTLs as `age` of the wire room counts them; they change once a second, not at every replay. */
  #setTime(saved: Saved, now: Millis): void {
    const age = Math.floor((now - saved.entry.storedAt) / 1000)
    const remaining = Math.floor((saved.entry.expiresAt - now) / 1000)
    if (age === saved.age && remaining === saved.remaining) return
    saved.age = age
    saved.remaining = remaining
    for (let i = 0; i < saved.ttls.length; i++) {
      const ttl = Math.max(1, Math.min((saved.ttls[i] as number) - age, remaining))
      saved.wire.writeUInt32BE(ttl, saved.ttlOffsets[i])
    }
  }

  /** Puts a random address first (R-CACHE-15); over time all orders come up. */
  #shuffle({ wire, addresses, addressSize }: Saved): void {
    const first = addresses[0] as number
    const other = addresses[this.#random.below(addresses.length)] as number
    if (first === other) return
    for (let i = 0; i < addressSize; i++) {
      const byte = wire[first + i] as number
      wire[first + i] = wire[other + i] as number
      wire[other + i] = byte
    }
  }
}

/** Letter case in `query` makes no difference. */
function isSameQuestion(question: Buffer, query: Buffer): boolean {
  for (let i = 0; i < question.length; i++) {
    if (lower(query[HEADER_SIZE + i] as number) !== question[i]) return false
  }
  return true
}

/** The parts of a reply that change with time; those of one address type only trade places. */
function layoutOf(
  reply: Buffer,
  entry: CachedAnswer,
): Pick<Saved, 'ttlOffsets' | 'ttls' | 'addresses' | 'addressSize'> {
  const ttlOffsets: number[] = []
  const addresses: number[] = []
  let addressSize = 0
  scanRecords(reply, ({ section, type, fixedAt, rdataAt, end }) => {
    if (type === TYPE.OPT) return
    ttlOffsets.push(fixedAt + 4)
    const isAddress = (type === TYPE.A && end - rdataAt === 4) || (type === TYPE.AAAA && end - rdataAt === 16)
    if (section !== 0 || !isAddress || (addressSize !== 0 && addressSize !== end - rdataAt)) return
    addresses.push(rdataAt)
    addressSize = end - rdataAt
  })
  const { wire } = entry
  const ttls = ttlOffsets.map((at) => wire.readUInt32BE(at))
  return {
    ttlOffsets: Uint16Array.from(ttlOffsets),
    ttls: Uint32Array.from(ttls),
    addresses: Uint16Array.from(addresses),
    addressSize,
  }
}
