import type { IfIndex, Millis } from '../base/index.ts'
import type { AnswerOrigin, CacheRow, CacheView, ViewableCache } from '../cache/index.ts'
import type { Querier, QuerierResult } from '../multicast/index.ts'
import { multicastTypes, type Score, scoreLlmnr, scoreMdns } from '../routing/index.ts'
import type { Name, Question, ResourceRecord } from '../wire/index.ts'
import { keyOf } from '../cache/index.ts'
import { type Answer, failed } from './answer.ts'
import { FLAG } from './flags.ts'
import type { MulticastPlan } from './multicast-plan.ts'
import type { ScopeRequest } from './request.ts'
import type { RouteRequest, Scope, ScopeQuestions } from './scope.ts'

/** RFC 8914 §4.1, Other Error. */
const OTHER_ERROR = 0

/** What the scope needs beside its plan. */
export interface MulticastScopeParts {
  readonly querier: Querier
  /** What this machine publishes on the link for the question; undefined where that is nothing (R-ORDER-2). */
  readonly zone: (question: Question) => readonly ResourceRecord[] | undefined
  readonly wall: () => Millis
}

/** Multicast DNS or LLMNR on one link over one IP version: the neighbours are asked, all at once, and nobody is trusted. */
export class MulticastScope implements Scope {
  #plan: MulticastPlan
  readonly cache: QuerierCache
  readonly #parts: MulticastScopeParts

  constructor(plan: MulticastPlan, parts: MulticastScopeParts) {
    this.#plan = plan
    this.#parts = parts
    this.cache = new QuerierCache(parts.querier)
  }

  get plan(): MulticastPlan {
    return this.#plan
  }

  get protocol(): MulticastPlan['protocol'] {
    return this.#plan.protocol
  }

  get label(): string {
    return this.#plan.label
  }

  get ifindex(): IfIndex {
    return this.#plan.ifindex
  }

  /** Takes over a plan with the same fingerprint: other addresses, another mode. */
  follow(plan: MulticastPlan): void {
    this.#plan = plan
  }

  score({ name, types }: RouteRequest): Score {
    const score = this.protocol.name === 'mdns' ? scoreMdns : scoreLlmnr
    return score(name, types, this.#plan.route)
  }

  /** The name as it stands. Types that no neighbour is asked for are left out, unless there is no other. */
  questionsFor({ name, types }: RouteRequest): readonly ScopeQuestions[] {
    const asked = this.#asked(types)
    return [{ name, types: asked.length > 0 ? asked : types }]
  }

  /** Nobody in particular. */
  servers(): readonly [] {
    return []
  }

  /** Own zone, cache, neighbours (R-ORDER-2). @throws the signal's reason when aborted */
  async lookUp(request: ScopeRequest, signal: AbortSignal): Promise<Answer> {
    const { question } = request.request
    const { name, type } = question
    const own = request.readsZone === false ? undefined : this.#parts.zone(question)
    if (own !== undefined) return this.#found(name, own, FLAG.FROM_ZONE, this.#ownOrigin())
    if (this.#asked([type]).length === 0) return this.#found(name, [], FLAG.FROM_ZONE, this.#ownOrigin()) // MC-ROUTE-5
    const result = await this.#parts.querier.lookUp(question, request, signal)
    return result.kind === 'not-found' ? this.#notFound(name, request) : this.#told(name, result)
  }

  flush(): void {
    this.#parts.querier.flush()
  }

  /** Names of the neighbourhood belong to no other scope. */
  purge(): void {}

  close(): void {
    this.#parts.querier.close()
  }

  #asked(types: readonly number[]): number[] {
    return multicastTypes(this.protocol.name, types, this.protocol.family)
  }

  #told(name: Name, result: Exclude<QuerierResult, { kind: 'not-found' }>): Answer {
    const { server, learntAt, source } = result
    const flag = source === 'cache' ? FLAG.FROM_CACHE : FLAG.FROM_NETWORK
    const origin: AnswerOrigin = { server, channel: 'udp', isConfidential: false, learntAt }
    return this.#found(name, result.kind === 'found' ? result.records : [], flag, origin)
  }

  /** Never authenticated, nor to be replayed: it must go with its last second, or when somebody withdraws it. */
  #found(name: Name, records: readonly ResourceRecord[], from: number, origin: AnswerOrigin): Answer {
    const { ifindex } = this
    return {
      ...failed(name, 'success', this),
      records: records.map((record) => ({ record, ifindex })),
      flags: this.protocol.flag | from,
      source: from === FLAG.FROM_CACHE ? 'cache' : from === FLAG.FROM_ZONE ? 'synthesized' : 'network',
      origin,
    }
  }

  #notFound(name: Name, { mayAskNetwork }: ScopeRequest): Answer {
    if (!mayAskNetwork) return failed(name, 'no-source', this)
    const protocol = this.protocol.name === 'mdns' ? 'multicast DNS' : 'LLMNR'
    const text = `nobody on ${this.#plan.linkName ?? 'the link'} answers for the name by ${protocol}`
    return { ...failed(name, 'not-found', this), extendedError: { code: OTHER_ERROR, text } }
  }

  #ownOrigin(): AnswerOrigin {
    return { server: 'this machine', channel: 'udp', isConfidential: true, learntAt: this.#parts.wall() }
  }
}

/** A querier's memory as others look at caches. */
class QuerierCache implements ViewableCache {
  readonly #querier: Querier
  #hitsBefore = 0
  #missesBefore = 0
  readonly replays = 0

  constructor(querier: Querier) {
    this.#querier = querier
  }

  get size(): number {
    return this.#querier.size
  }

  get hits(): number {
    return this.#querier.hits - this.#hitsBefore
  }

  get misses(): number {
    return this.#querier.misses - this.#missesBefore
  }

  resetCounts(): void {
    this.#hitsBefore = this.#querier.hits
    this.#missesBefore = this.#querier.misses
  }

  peek(question: Question, _variant: string, _mayRedirect: boolean, now: Millis): CacheView | undefined {
    const key = keyOf(question, '')
    for (const row of this.rows(now))
      if (keyOf(row.question, '') === key) return { ...row, storedAt: now, learntFrom: UNKNOWN }
    return undefined
  }

  rows(now: Millis): Iterable<CacheRow> {
    return this.#querier.rows(now)
  }
}

const UNKNOWN: AnswerOrigin = { server: 'neighbours', channel: 'udp', isConfidential: false, learntAt: 0 }
