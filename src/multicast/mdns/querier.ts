import type { Millis } from '../../base/index.ts'
import { AbortableWaits, AF_INET6, TokenBucket } from '../../base/index.ts'
import type { CacheRow } from '../../cache/index.ts'
import type { Question } from '../../wire/index.ts'
import { addressOfReverseName, questionKey } from '../../wire/index.ts'
import { admit } from '../intake.ts'
import type { MulticastMessage } from '../message.ts'
import { packetSizes, readMulticast } from '../message.ts'
import type { MulticastDatagram } from '../network.ts'
import { MULTICAST_PORTS } from '../network.ts'
import type { Querier, QuerierOptions, QuerierParts, QuerierResult } from '../querier.ts'
import { aged, type KnownRecord } from './known-record.ts'
import { LegacyQueries } from './legacy-queries.ts'
import { hasSeveralOwners, OneShot } from './one-shot.ts'
import { Outbox } from './outbox.ts'
import { RecordCache } from './record-cache.ts'
import { type OnChange, Subscription } from './subscription.ts'

/** Questions of clients under way at once; more are not asked, as if nobody answered. */
const MAX_QUESTIONS = 1024
/**
 * Datagrams of the usual size that are looked at in a second, larger ones counting as several; a link where more is said is
 * flooded (MC-IN-3).
 */
const DATAGRAMS_PER_SECOND = 1000
/** Bytes; more than most have, with a dozen records. */
const USUAL_SIZE = 500
/** For so long after a question with QU an answer may come by unicast (MD-W-3). */
const UNICAST_WINDOW: Millis = 2000
/** For so long a reverse name that nobody answered for is not asked for again (MC-REV-2). */
const ABSENCE: Millis = 10_000
const MAX_ABSENT = 1024
/** For so long after neighbours were asked, those who answered are all there are (MD-Q-11). */
const COMPLETE: Millis = 60_000
/** Record sets held where nothing is to be remembered: for questions under way. */
const LEAST_ENTRIES = 1024

const NOT_FOUND: QuerierResult = { kind: 'not-found' }

/** Asks by multicast DNS on one link over one IP version (RFC 6762 §5), and remembers what neighbours say, asked or not. */
export class MdnsQuerier implements Querier {
  readonly #parts: QuerierParts
  readonly #cache: RecordCache
  readonly #outbox: Outbox
  readonly #legacy: LegacyQueries
  readonly #waits = new AbortableWaits()
  readonly #oneShots = new Map<string, OneShot<QuerierResult>>()
  readonly #subscriptions = new Map<string, Subscription>()
  /** When neighbours were last asked for what several may have, and until when a reverse name is known to have no answer. */
  readonly #askedAt = new Map<string, Millis>()
  readonly #absentUntil = new Map<string, Millis>()
  readonly #datagrams = new TokenBucket(DATAGRAMS_PER_SECOND)
  #earnedAt: Millis
  #askedUnicastAt: Millis = Number.NEGATIVE_INFINITY
  #isClosed = false
  hits = 0
  misses = 0

  constructor(parts: QuerierParts) {
    this.#parts = parts
    this.#cache = new RecordCache(Math.max(parts.maxEntries, LEAST_ENTRIES))
    this.#earnedAt = parts.clock.now()
    const sizes = () => packetSizes(parts.link().mtu, parts.place.family === AF_INET6)
    this.#outbox = new Outbox(parts.clock, sizes, (packet) => parts.socket.sendToGroup(packet))
    this.#legacy = new LegacyQueries(parts, (message, datagram) => this.#learn(message, datagram, true))
  }

  get size(): number {
    return this.#parts.maxEntries === 0 ? 0 : this.#cache.size
  }

  async lookUp(question: Question, options: QuerierOptions, signal: AbortSignal): Promise<QuerierResult> {
    signal.throwIfAborted()
    const readsCache = options.readsCache && this.#parts.maxEntries > 0
    const known = readsCache ? this.#remembered(question) : undefined
    if (known === undefined) this.misses++
    else this.hits++
    if (known !== undefined || !options.mayAskNetwork || this.#isClosed) return known ?? NOT_FOUND
    const oneShot = this.#ask(question, readsCache)
    return oneShot === undefined ? NOT_FOUND : this.#waits.until(oneShot.outcome, signal)
  }

  /** Goes on asking until disposed; `onChange` is told all records there are, whenever that changes (RFC 6762 §5.2). */
  subscribe(question: Question, onChange: OnChange): Disposable {
    if (this.#isClosed) return { [Symbol.dispose]: () => undefined }
    const key = questionKey(question)
    const subscription = this.#subscriptions.get(key) ?? this.#openSubscription(question)
    // One function may listen twice.
    const listener: OnChange = (records) => onChange(records)
    this.#subscriptions.set(key, subscription)
    subscription.add(listener)
    return {
      [Symbol.dispose]: () => {
        subscription.delete(listener)
        if (subscription.hasListeners || this.#subscriptions.get(key) !== subscription) return
        this.#subscriptions.delete(key)
        subscription[Symbol.dispose]()
      },
    }
  }

  onDatagram(datagram: MulticastDatagram): void {
    if (this.#isClosed || !this.#hasTurn(datagram)) return
    const { link, network, place } = this.#parts
    const isShared =
      datagram.port === MULTICAST_PORTS.mdns && link().own.has(datagram.source.text) && network.isShared(place)
    const intake = admit('mdns', datagram, link(), isShared)
    if (intake === undefined) return
    if (intake === 'query') return this.#onQuery(datagram)
    if (!datagram.isToGroup && this.#now() > this.#askedUnicastAt + UNICAST_WINDOW) return
    const message = readMulticast(datagram.bytes, 'mdns')
    if (message !== undefined) this.#learn(message, datagram, false)
  }

  rows(now: Millis): Iterable<CacheRow> {
    return this.#parts.maxEntries === 0 ? [] : this.#cache.rows(now)
  }

  flush(): void {
    this.#cache.clear()
    this.#askedAt.clear()
    this.#absentUntil.clear()
    for (const subscription of this.#subscriptions.values()) subscription.restart()
  }

  close(): void {
    this.#isClosed = true
    this.flush()
    for (const oneShot of this.#oneShots.values()) oneShot.settle(NOT_FOUND)
    this.#oneShots.clear()
    for (const subscription of this.#subscriptions.values()) subscription[Symbol.dispose]()
    this.#subscriptions.clear()
    this.#outbox[Symbol.dispose]()
    this.#legacy[Symbol.dispose]()
  }

  /** What the cache has to say, if it is the whole answer. */
  #remembered(question: Question): QuerierResult | undefined {
    const now = this.#now()
    const known = this.#cache.find(question, now)
    if (known.length > 0 && (known.some(({ isUnique }) => isUnique) || this.#isComplete(question, now))) {
      return this.#found(known, 'cache')
    }
    const denial = known.length > 0 ? undefined : this.#cache.denial(question, now)
    if (denial !== undefined) return denied(denial, 'cache')
    return (this.#absentUntil.get(questionKey(question)) ?? now) > now ? NOT_FOUND : undefined
  }

  /** Whether all who have such a record have been heard. */
  #isComplete(question: Question, now: Millis): boolean {
    if (!hasSeveralOwners(question)) return true
    const key = questionKey(question)
    return this.#subscriptions.has(key) || (this.#askedAt.get(key) ?? Number.NEGATIVE_INFINITY) + COMPLETE > now
  }

  /** Shared with who asks the same; who wants nothing remembered is answered by what comes from now on. */
  #ask(question: Question, readsCache: boolean): OneShot<QuerierResult> | undefined {
    const key = readsCache ? questionKey(question) : `${questionKey(question)} fresh`
    const underWay = this.#oneShots.get(key)
    if (underWay !== undefined || this.#oneShots.size >= MAX_QUESTIONS) return underWay
    const oneShot = new OneShot<QuerierResult>(question, readsCache, this.#parts.clock)
    this.#oneShots.set(key, oneShot)
    oneShot.begin(
      (isRepetition) => this.#send(oneShot, isRepetition),
      () => this.#end(key, oneShot),
    )
    return oneShot
  }

  #send({ question, since }: OneShot<QuerierResult>, isUnicast: boolean): void {
    if (this.#parts.network.isShared(this.#parts.place)) return this.#legacy.send(question) // MC-AV-3
    if (isUnicast) this.#askedUnicastAt = this.#now()
    const knownAnswers = this.#cache.knownAnswers(question, this.#now(), since)
    this.#outbox.add({ question, isUnicast, knownAnswers })
  }

  /** Its time is over, or enough has come. */
  #end(key: string, oneShot: OneShot<QuerierResult>): void {
    const { question, since } = oneShot
    this.#oneShots.delete(key)
    const outcome = this.#outcome(question, since)
    const now = this.#now()
    if (hasSeveralOwners(question)) remember(this.#askedAt, key, now)
    if (outcome.kind === 'not-found' && addressOfReverseName(question.name) !== undefined) {
      remember(this.#absentUntil, key, now + ABSENCE)
    }
    oneShot.settle(outcome)
  }

  #outcome(question: Question, since: Millis): QuerierResult {
    const now = this.#now()
    const known = this.#cache.find(question, now, since)
    if (known.length > 0) return this.#found(known, 'network')
    const denial = this.#cache.denial(question, now, since)
    return denial === undefined ? NOT_FOUND : denied(denial, 'network')
  }

  #openSubscription(question: Question): Subscription {
    const { clock, random } = this.#parts
    return new Subscription({
      question,
      clock,
      random,
      known: () => this.#cache.present(question, clock.now()),
      // By multicast also beside another responder, which hears the answers too.
      ask: () =>
        this.#outbox.add({ question, isUnicast: false, knownAnswers: this.#cache.knownAnswers(question, clock.now()) }),
    })
  }

  /** All of a response may answer any question (MD-Q-7). */
  #learn(message: MulticastMessage, { source }: MulticastDatagram, isLegacy: boolean): void {
    const teller = { server: source.text, learntAt: this.#parts.clock.wall() }
    const records = [...message.answer, ...message.additional]
    const names = this.#cache.learn(records, teller, this.#now(), isLegacy)
    if (names.size === 0) return
    for (const [key, oneShot] of this.#oneShots) if (names.has(oneShot.question.name)) this.#look(key, oneShot)
    for (const subscription of this.#subscriptions.values()) {
      if (names.has(subscription.question.name)) subscription.onNews()
    }
  }

  #look(key: string, oneShot: OneShot<QuerierResult>): void {
    const { question, begunAt } = oneShot
    const fresh = this.#cache.find(question, this.#now(), begunAt)
    if (fresh.length === 0 && this.#cache.denial(question, this.#now(), begunAt) === undefined) return
    const end = () => this.#end(key, oneShot)
    if (fresh.length > 0 && hasSeveralOwners(question) && !fresh.some(({ isUnique }) => isUnique)) oneShot.collect(end)
    else end()
  }

  /** Somebody asks what we are about to ask, and knows no more than we do (MD-Q-6). */
  #onQuery({ bytes, port }: MulticastDatagram): void {
    if (port !== MULTICAST_PORTS.mdns || (this.#oneShots.size === 0 && this.#subscriptions.size === 0)) return
    const message = readMulticast(bytes, 'mdns')
    if (message === undefined || message.isTruncated) return
    for (const question of message.questions) {
      if (question.isUnicast === true || !this.#knowsAll(message, question)) continue
      const key = questionKey(question)
      this.#subscriptions.get(key)?.onAskedByOther()
      const oneShot = this.#oneShots.get(key)
      if (oneShot !== undefined) oneShot.isAskedByOther = true
    }
  }

  #knowsAll({ answer }: MulticastMessage, question: Question): boolean {
    const key = questionKey(question)
    const theirs = answer.filter((record) => questionKey(record) === key)
    if (theirs.length === 0) return true
    const ours = new Set(this.#cache.find(question, this.#now()).map(({ record }) => record.rdata.toString('latin1')))
    return theirs.every(({ rdata }) => ours.has(rdata.toString('latin1')))
  }

  /** False in a flood. */
  #hasTurn({ bytes }: MulticastDatagram): boolean {
    const now = this.#now()
    this.#datagrams.earn(((now - this.#earnedAt) / 1000) * DATAGRAMS_PER_SECOND)
    this.#earnedAt = now
    if (!this.#datagrams.take()) return false
    this.#datagrams.charge(Math.max(0, bytes.length / USUAL_SIZE - 1))
    return true
  }

  #found(known: readonly KnownRecord[], source: 'cache' | 'network'): QuerierResult {
    const [{ server, learntAt }] = known as [KnownRecord]
    return { kind: 'found', records: known.map((one) => aged(one, this.#now())), source, server, learntAt }
  }

  #now(): Millis {
    return this.#parts.clock.now()
  }
}

function denied({ server, learntAt }: KnownRecord, source: 'cache' | 'network'): QuerierResult {
  return { kind: 'nodata', source, server, learntAt }
}

/** As the youngest of a bounded number. */
function remember(times: Map<string, Millis>, key: string, at: Millis): void {
  times.delete(key)
  times.set(key, at)
  const [oldest] = times.size > MAX_ABSENT ? times.keys() : []
  if (oldest !== undefined) times.delete(oldest)
}
