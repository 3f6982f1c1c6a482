import type { Millis } from '../../base/index.ts'
import type { CacheRow } from '../../cache/index.ts'
import type { Name, Question, ResourceRecord } from '../../wire/index.ts'
import { AA, compose, isWithin, lowerCaseNames, matches, nameOf, QR, questionKey, TYPE } from '../../wire/index.ts'
import type { MulticastRecord } from '../message.ts'
import { aged, type KnownRecord, type Teller } from './known-record.ts'
import { deniedTypes } from './denial.ts'

/** How long a record stays that was withdrawn or replaced: it may come again at once (RFC 6762 §10.1, §10.2). */
const LEAVING: Millis = 1000
/** Members of a set that are no older than this belong to the same answer as what flushes the cache (RFC 6762 §10.2). */
const SAME_ANSWER: Millis = 1000
/** More instances of a service, or addresses of a name, than one link has. */
const MAX_IN_SET = 1024
/** Bytes for each set that may be held, on average: what a neighbour can make us keep is this times their number. */
const BYTES_PER_SET = 1024
/** Bytes that one record takes beside its owner and rdata, roughly. */
const OVERHEAD = 256

/** The only domains that neighbours may tell of (MC-SEC-4). */
const DOMAINS: readonly Name[] = [nameOf('local'), nameOf('in-addr.arpa'), nameOf('ip6.arpa')]

/** The records of one name, type and class. */
interface RecordSet {
  readonly question: Question
  /** By rdata, letter case of names aside. */
  readonly records: Map<string, KnownRecord>
  bytes: number
}

/** Shared sets, or unique ones; the set that was told longest ago comes first. */
class Sets {
  readonly byKey = new Map<string, RecordSet>()
  bytes = 0

  delete(key: string): void {
    this.bytes -= this.byKey.get(key)?.bytes ?? 0
    this.byKey.delete(key)
  }

  /** As the youngest. */
  set(key: string, set: RecordSet): void {
    this.byKey.set(key, set)
    this.bytes += set.bytes
  }

  dropOldest(): void {
    const [oldest] = this.byKey.keys()
    if (oldest !== undefined) this.delete(oldest)
  }
}

/** The part of the cache that shared sets may fill while unique ones need it. */
const SHARED_PART = 1 / 4

/**
 * What neighbours on one link have told over one IP version (MD-C). Nothing is told longer than its TTL; expiry is a comparison.
 * When it is full, the set that was told longest ago makes room, shared ones first where they have more than a quarter (MD-C-7):
 * a service has many instances that anybody can invent, a host name has one owner.
 */
export class RecordCache {
  readonly #maxSets: number
  readonly #shared = new Sets()
  readonly #unique = new Sets()

  constructor(maxSets: number) {
    this.#maxSets = maxSets
  }

  /** Record sets held, expired ones that nothing was said of since included. */
  get size(): number {
    return this.#shared.byKey.size + this.#unique.byKey.size
  }

  /**
   * Takes in the records of one response. `isLegacy`: they answer a question from another port, so that their TTLs are capped
   * and cache-flush bits are left out (RFC 6762 §6.7): they end nothing that is known. Returns the names they tell of.
   */
  learn(records: readonly MulticastRecord[], teller: Teller, now: Millis, isLegacy = false): Set<Name> {
    const names = new Set<Name>()
    const told = new Map<string, boolean>()
    for (const record of records) {
      if (!DOMAINS.some((domain) => isWithin(record.name, domain))) continue
      const key = questionKey(record)
      names.add(record.name)
      told.set(key, told.get(key) === true || record.flushesCache === true)
      this.#put(key, record, teller, now, isLegacy)
    }
    for (const [key, flushes] of told) if (flushes) this.#endOlder(key, now)
    return names
  }

  /** The records that answer, or a CNAME at the name; those that leave are no answer any more. */
  find(question: Question, now: Millis, since = Number.NEGATIVE_INFINITY): KnownRecord[] {
    return this.present(question, now).filter(({ isLeaving, storedAt }) => !isLeaving && storedAt >= since)
  }

  /** The records that answer, those that leave included: what somebody who watches the set still sees. */
  present(question: Question, now: Millis): KnownRecord[] {
    if (question.type === TYPE.ANY) return this.#allOf(question, now)
    const records = this.#live(questionKey(question), now)
    return records.length > 0 ? records : this.#live(questionKey({ ...question, type: TYPE.CNAME }), now)
  }

  /** Who said that the name has nothing of the type (RFC 6762 §6.1), if it was said. */
  denial(question: Question, now: Millis, since = Number.NEGATIVE_INFINITY): KnownRecord | undefined {
    return this.#live(questionKey({ ...question, type: TYPE.NSEC }), now).find(({ record, isLeaving, storedAt }) => {
      return !isLeaving && storedAt >= since && deniedTypes(record)?.(question.type) === true
    })
  }

  /** What a question carries so that nobody tells it again: what still has more than half of its TTL (RFC 6762 §7.1). */
  knownAnswers(question: Question, now: Millis, since?: Millis): ResourceRecord[] {
    return this.find(question, now, since)
      .filter(({ storedAt, expiresAt }) => expiresAt - now > (expiresAt - storedAt) / 2)
      .map((known) => aged(known, now))
  }

  *rows(now: Millis): Generator<CacheRow> {
    for (const set of this.#all()) {
      const live = [...set.records.values()].filter(({ expiresAt }) => expiresAt > now)
      if (live.length === 0) continue
      const answer = live.map((known) => aged(known, now))
      const wire = compose({ id: 0, flags: QR | AA, question: set.question, answer })
      yield {
        question: set.question,
        kind: 'positive',
        wire,
        expiresAt: Math.min(...live.map((known) => known.expiresAt)),
      }
    }
  }

  clear(): void {
    for (const sets of [this.#shared, this.#unique]) {
      sets.byKey.clear()
      sets.bytes = 0
    }
  }

  #all(): RecordSet[] {
    return [...this.#unique.byKey.values(), ...this.#shared.byKey.values()]
  }

  #put(key: string, record: MulticastRecord, teller: Teller, now: Millis, isLegacy: boolean): void {
    // Members are named one by one: spread they take four times as long, and floods come here.
    const { owner, name, type, class: recordClass, ttl, rdata, flushesCache: isUnique = false } = record
    const id = (lowerCaseNames(type, rdata) ?? rdata).toString('latin1')
    const plain: ResourceRecord = { owner, name, type, class: recordClass, ttl, rdata }
    const known = this.#get(key)?.records.get(id)
    const isKnown = known !== undefined && known.expiresAt > now
    if (isKnown && isLegacy && known.expiresAt > now + record.ttl * 1000) return
    if (record.ttl === 0 && isKnown) return this.#end(key, id, known, now)
    if (record.ttl <= 1 && !isKnown) return // MD-C-3
    const set = this.#take(key) ?? { question: questionOf(plain), records: new Map(), bytes: 0 }
    if (!set.records.has(id)) makeRoom(set, plain)
    const expiresAt = now + record.ttl * 1000
    const { server, learntAt } = teller
    set.records.set(id, { server, learntAt, record: plain, isUnique, storedAt: now, expiresAt, isLeaving: false })
    const sets = isUnique || (isLegacy && known?.isUnique === true) ? this.#unique : this.#shared
    sets.set(key, set)
    this.#limit()
  }

  #take(key: string): RecordSet | undefined {
    const set = this.#get(key)
    this.#shared.delete(key)
    this.#unique.delete(key)
    return set
  }

  #limit(): void {
    const [maxSets, maxBytes] = [this.#maxSets, this.#maxSets * BYTES_PER_SET]
    const [shared, unique] = [this.#shared, this.#unique]
    while (this.size > maxSets || shared.bytes + unique.bytes > maxBytes) {
      const isSharedLarge = shared.byKey.size > maxSets * SHARED_PART || shared.bytes > maxBytes * SHARED_PART
      if (isSharedLarge || unique.byKey.size === 0) shared.dropOldest()
      else unique.dropOldest()
    }
  }

  /** Members of the set that somebody replaces by others (MD-C-2). */
  #endOlder(key: string, now: Millis): void {
    const records = this.#get(key)?.records ?? []
    for (const [id, known] of records) if (known.storedAt < now - SAME_ANSWER) this.#end(key, id, known, now)
  }

  #end(key: string, id: string, known: KnownRecord, now: Millis): void {
    if (known.isLeaving) return
    const { server, learntAt, record, isUnique, storedAt } = known
    const expiresAt = Math.min(known.expiresAt, now + LEAVING)
    this.#get(key)?.records.set(id, { server, learntAt, record, isUnique, storedAt, expiresAt, isLeaving: true })
  }

  #live(key: string, now: Millis): KnownRecord[] {
    const records = this.#get(key)?.records.values() ?? []
    return [...records].filter(({ expiresAt }) => expiresAt > now)
  }

  #allOf({ name, type, class: recordClass }: Question, now: Millis): KnownRecord[] {
    const sets = this.#all()
    const fitting = sets.filter(
      ({ question }) => matches(question, name, type, recordClass) && question.type !== TYPE.NSEC,
    )
    return fitting.flatMap(({ question }) => this.#live(questionKey(question), now))
  }

  #get(key: string): RecordSet | undefined {
    return this.#unique.byKey.get(key) ?? this.#shared.byKey.get(key)
  }
}

/** Counts the record in; what was told first of the set goes. */
function makeRoom(set: RecordSet, record: ResourceRecord): void {
  const [oldest] = set.records.size >= MAX_IN_SET ? set.records.keys() : []
  if (oldest !== undefined) drop(set, oldest)
  set.bytes += costOf(record)
}

function drop(set: RecordSet, id: string): void {
  const known = set.records.get(id)
  if (known !== undefined) set.bytes -= costOf(known.record)
  set.records.delete(id)
}

function costOf({ owner, rdata }: ResourceRecord): number {
  return OVERHEAD + owner.length + 2 * rdata.length
}

function questionOf({ name, type, class: recordClass }: ResourceRecord): Question {
  return { name, type, class: recordClass }
}
