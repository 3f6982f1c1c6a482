import type { CachedAnswer } from '../cache/index.ts'
import type { ExchangeResult } from '../upstream/index.ts'
import type { Name, Question, Redirect } from '../wire/index.ts'
import { matches, mayBeRedirected, recordOf, redirectFrom, TYPE, wireOfName } from '../wire/index.ts'
import { FLAG } from './flags.ts'
import { flatOf, joined } from './flat.ts'
import type { Query, ResolvedRecord } from './query.ts'
import type { Round } from './round.ts'

/** CNAME and DNAME redirects a query may take (R-ORDER-5). */
export const MAX_REDIRECTS = 16

/** Bits that hold for a chain only when they hold for every step of it. */
const HELD_BY_ALL = FLAG.AUTHENTICATED | FLAG.CONFIDENTIAL

/** Where a query goes from name to name: what it has collected on the way, and whether it has arrived. */
export class Chain {
  readonly #query: Query
  #name: Name
  /** CNAMEs and DNAMEs passed, in order. */
  readonly #passed: ResolvedRecord[] = []
  #redirects = 0
  readonly #seen = new Set<Name>()
  readonly #collected: Question[] = []
  readonly #rounds: Round[] = []
  #matching: ResolvedRecord[] = []
  #isLoop = false

  constructor(query: Query) {
    this.#query = query
    this.#name = query.name
  }

  get name(): Name {
    return this.#name
  }

  get isLoop(): boolean {
    return this.#isLoop
  }

  get redirects(): number {
    return this.#redirects
  }

  get rounds(): readonly Round[] {
    return this.#rounds
  }

  /** All cache entries that its rounds rest on; undefined when anything else played a part. */
  get cached(): readonly CachedAnswer[] | undefined {
    return joined(this.#rounds.map(({ cached }) => cached))
  }

  get exchanges(): readonly ExchangeResult[] {
    return flatOf(this.#rounds.map(({ exchanges }) => exchanges))
  }

  /** Earlier questions, one per type, of every name that redirected, whether the redirect came with the rest or alone. */
  get collected(): readonly Question[] {
    return this.#collected
  }

  /** The way here and what was found at its end. */
  get answer(): readonly ResolvedRecord[] {
    return [...this.#passed, ...this.#matching]
  }

  get flags(): number {
    const any = this.#rounds.reduce((bits, round) => bits | round.flags, 0)
    const all = this.#rounds.reduce((bits, round) => bits & round.flags, HELD_BY_ALL)
    return (any & ~HELD_BY_ALL) | all
  }

  /**
   * Takes in a round and walks the redirects that its records hold. Returns the name to ask next, with all steps of the
   * pipeline anew (R-CNAME-2), or undefined when the query has arrived, failed or turned in a circle.
   */
  follow(round: Round): Name | undefined {
    this.#rounds.push(round)
    this.#name = round.name
    if (round.state !== 'success') return undefined
    for (let steps = 0; ; steps++) {
      const answered = this.#collect(round)
      const redirect = answered ? undefined : this.#redirect(round)
      if (redirect === undefined) {
        const isAtEnd = answered || this.#matching.length > 0 || steps === 0
        return isAtEnd || this.#isLoop ? undefined : this.#name
      }
      this.#name = redirect
    }
  }

  /** Takes in a round as it is: a relayed answer goes back whole, and the client follows redirects itself. */
  arrive(round: Round): undefined {
    this.#rounds.push(round)
    this.#name = round.name
    this.#matching = [...round.records]
  }

  /** Picks the records for the name we are at; true when every type has some (R-CNAME-1). */
  #collect({ records }: Round): boolean {
    const { types, class: queryClass } = this.#query
    this.#matching = records.filter(({ record }) => types.some((type) => matches(record, this.#name, type, queryClass)))
    return types.every((type) => this.#matching.some(({ record }) => matches(record, this.#name, type, queryClass)))
  }

  /** The next name of the chain within this round's records, for all types at once. */
  #redirect({ records }: Round): Name | undefined {
    const { types, class: queryClass } = this.#query
    if (!types.some(mayBeRedirected)) return undefined
    const redirect = redirectFrom(
      this.#name,
      records.map(({ record }) => record),
    )
    if (redirect === undefined) return undefined
    const isRefused = (this.#query.flags & FLAG.NO_CNAME) !== 0 || this.#redirects >= MAX_REDIRECTS
    this.#seen.add(this.#name)
    this.#isLoop = isRefused || this.#seen.has(redirect.target) // R-CNAME-3
    if (this.#isLoop) return undefined
    this.#redirects++
    this.#collected.push(...types.map((type) => ({ name: this.#name, type, class: queryClass })))
    this.#pass(records.find(({ record }) => record === redirect.record) as ResolvedRecord, redirect)
    return redirect.target
  }

  /** A DNAME without its CNAME, as the cache has it, gets one: clients follow nothing else (RFC 6672 §3.1). */
  #pass(passed: ResolvedRecord, { record: { type, ttl, class: recordClass }, target }: Redirect): void {
    this.#passed.push(passed)
    if (type !== TYPE.DNAME) return
    const cname = recordOf(this.#name, TYPE.CNAME, wireOfName(target), ttl, recordClass)
    this.#passed.push({ record: cname, ifindex: passed.ifindex })
  }
}
