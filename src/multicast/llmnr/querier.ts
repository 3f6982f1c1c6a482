import { AbortableWaits, type IpAddress, type Millis } from '../../base/index.ts'
import { type AnswerOrigin, CacheBudget, type CacheRow, ScopeCache } from '../../cache/index.ts'
import {
  addressOfReverseName,
  compose,
  parseMessage,
  QR,
  type Question,
  questionKey,
  type ResourceRecord,
} from '../../wire/index.ts'
import { isOnLink } from '../intake.ts'
import type { Querier, QuerierOptions, QuerierParts, QuerierResult } from '../querier.ts'
import { type GroupAnswer, GroupLookup } from './group-lookup.ts'
import type { Told } from './replies.ts'
import { StreamQuestion } from './stream-question.ts'
import { UnansweredAddresses } from './unanswered-addresses.ts'
import { inUtf8, ownedAs } from '../utf8-names.ts'

/** Questions under way at once; each has a socket. What comes beyond has no answer. */
const MOST_UNDER_WAY = 128
/** Bytes of memory for what is remembered, whatever the number of record sets. */
const CACHE_BYTES = 1024 * 1024
const NOT_FOUND: QuerierResult = { kind: 'not-found' }

/** LLMNR on one link over one IP version (RFC 4795): names of one label by multicast, addresses by TCP to whoever has them. */
export class LlmnrQuerier implements Querier {
  readonly #parts: QuerierParts
  readonly #cache: ScopeCache
  readonly #unanswered: UnansweredAddresses
  readonly #waits = new AbortableWaits()
  readonly #asked = new Map<string, Promise<Told | undefined>>()
  readonly #open = new Set<{ close(): void }>()
  #isClosed = false

  constructor(parts: QuerierParts) {
    this.#parts = parts
    const budget = new CacheBudget(CACHE_BYTES)
    this.#cache = new ScopeCache({ maxEntries: parts.maxEntries, mode: 'yes', budget })
    this.#unanswered = new UnansweredAddresses(parts.clock)
  }

  get size(): number {
    return this.#cache.size
  }

  get hits(): number {
    return this.#cache.hits
  }

  get misses(): number {
    return this.#cache.misses
  }

  async lookUp(question: Question, options: QuerierOptions, signal: AbortSignal): Promise<QuerierResult> {
    signal.throwIfAborted()
    const asked = inUtf8(question)
    const result = await this.#lookUp(asked, options, signal)
    if (asked === question || result.kind !== 'found') return result
    return { ...result, records: result.records.map((record) => ownedAs(question.name, record)) }
  }

  /** Replies go to the port of their question and not to the group. */
  onDatagram(): void {}

  rows(now: Millis): Iterable<CacheRow> {
    return this.#cache.rows(now)
  }

  flush(): void {
    this.#cache.flush()
    this.#unanswered.clear()
  }

  close(): void {
    this.#isClosed = true
    for (const open of this.#open) open.close()
    this.flush()
  }

  async #lookUp(question: Question, options: QuerierOptions, signal: AbortSignal): Promise<QuerierResult> {
    const remembered = options.readsCache ? this.#remembered(question) : undefined
    if (remembered !== undefined) return remembered
    if (!options.mayAskNetwork || this.#isClosed) return NOT_FOUND
    const told = await this.#waits.until(this.#ask(question), signal)
    if (told === undefined) {
      const address = addressOfReverseName(question.name)
      if (options.fillsCache && address !== undefined) this.#unanswered.add(address)
      return NOT_FOUND
    }
    const origin = this.#originOf(told)
    if (options.fillsCache) this.#remember(question, told, origin)
    return resultOf(told.records, 'network', origin)
  }

  #remembered(question: Question): QuerierResult | undefined {
    const hit = this.#cache.lookup(question, '', true, this.#parts.clock.now())
    if (hit !== undefined) return resultOf(parseMessage(hit.wire).answer, 'cache', hit.learntFrom)
    const address = addressOfReverseName(question.name)
    return address !== undefined && this.#unanswered.has(address) ? NOT_FOUND : undefined
  }

  /** Only what answers the question (LL-Q-6), and that there is nothing where an SOA says for how long (LL-W-4). */
  #remember(question: Question, { records, soa }: Told, origin: AnswerOrigin): void {
    const authority = records.length === 0 && soa !== undefined ? [soa] : []
    const wire = compose({ id: 0, flags: QR, question, answer: records, authority })
    this.#cache.store(question, '', wire, parseMessage(wire), origin, this.#parts.clock.now())
  }

  /** Who asks what is asked already waits for the same answer. */
  #ask(question: Question): Promise<Told | undefined> {
    const key = questionKey(question)
    const asked = this.#asked.get(key)
    if (asked !== undefined) return asked
    if (this.#open.size >= MOST_UNDER_WAY) return Promise.resolve(undefined)
    const asking = this.#exchange(question).finally(() => this.#asked.delete(key))
    this.#asked.set(key, asking)
    return asking
  }

  async #exchange(question: Question): Promise<Told | undefined> {
    const address = addressOfReverseName(question.name)
    if (address !== undefined) return this.#askByStream(address, question)
    const answer = await this.#askGroup(question)
    if (answer.kind === 'truncated' && !this.#isClosed) return this.#askByStream(answer.server, question)
    return answer.kind === 'told' ? answer.told : undefined
  }

  #askGroup(question: Question): Promise<GroupAnswer> {
    return new Promise((resolve) => {
      const lookup = new GroupLookup(this.#parts, question, resolve, () => this.#open.delete(lookup))
      this.#open.add(lookup)
    })
  }

  #askByStream(server: IpAddress, question: Question): Promise<Told | undefined> {
    if (server.family !== this.#parts.place.family || !isOnLink(server, this.#parts.link())) {
      return Promise.resolve(undefined)
    }
    return new Promise((resolve) => {
      const id = this.#parts.random.below(65_536)
      const stream = new StreamQuestion(this.#parts, server, question, id, (told) => {
        this.#open.delete(stream)
        resolve(told)
      })
      this.#open.add(stream)
    })
  }

  #originOf({ server, channel }: Told): AnswerOrigin {
    return { server: server.text, channel, isConfidential: false, learntAt: this.#parts.clock.wall() }
  }
}

function resultOf(
  records: readonly ResourceRecord[],
  source: 'cache' | 'network',
  { server, learntAt }: AnswerOrigin,
): QuerierResult {
  const told = { source, server, learntAt }
  return records.length === 0 ? { kind: 'nodata', ...told } : { kind: 'found', records, ...told }
}
