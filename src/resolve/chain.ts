import type { Answer, LinkedRecord } from '../scope/index.ts'
import { FLAG, flagsOfAll, flatOf, joined } from '../scope/index.ts'
import type { Name, Question, Redirect, Spelling } from '../wire/index.ts'
import {
  matches,
  MAX_REDIRECTS,
  mayBeRedirected,
  recordOf,
  redirectFrom,
  spellingIn,
  TYPE,
  wireOfName,
} from '../wire/index.ts'
import type { Query } from './query.ts'

/** Where a query goes from name to name: what it has collected on the way, and whether it has arrived. */
export class Chain {
  readonly #query: Query
  #name: Name
  /** CNAMEs and DNAMEs passed, in order. */
  readonly #passed: LinkedRecord[] = []
  /** Of `#name`, where the redirect to it has capital letters. */
  #spelling: Spelling | undefined
  #redirects = 0
  readonly #seen = new Set<Name>()
  readonly #collected: Question[] = []
  /** One for each name that was asked; the last decides. */
  readonly #answers: Answer[] = []
  #matching: readonly LinkedRecord[] = []
  #isLoop = false

  /** @param answer what it has come to already */
  constructor(query: Query, answer?: Answer) {
    this.#query = query
    this.#name = query.name
    if (answer !== undefined) this.#answers.push(answer)
  }

  get name(): Name {
    return this.#name
  }

  /** What the name that was asked came to; to be read once something has. */
  get first(): Answer {
    return this.#answers[0] as Answer
  }

  /** How the redirect that led to `name` writes it. */
  get spelling(): Spelling | undefined {
    return this.#spelling
  }

  get redirects(): number {
    return this.#redirects
  }

  /** Earlier questions, one per type, of every name that redirected, whether the redirect came with the rest or alone. */
  get collected(): readonly Question[] {
    return this.#collected
  }

  /**
   * What all of it comes to: the CNAMEs passed in order, then the records that match. Where only one name was asked it is
   * that one's answer, the very same if nothing is to be left out. To be read once the query has arrived.
   */
  get answer(): Answer {
    const last = this.#answers.at(-1) as Answer
    const isWhole = this.#answers.length === 1 && !this.#isLoop
    if (isWhole && this.#passed.length === 0 && this.#matching.length === last.records.length) return last
    return {
      ...last,
      state: this.#isLoop ? 'cname-loop' : last.state,
      records: this.#passed.length === 0 ? this.#matching : [...this.#passed, ...this.#matching],
      wire: isWhole ? last.wire : undefined,
      flags: flagsOfAll(this.#answers),
      attempts: flatOf(this.#answers.map(({ attempts }) => attempts)),
      entry: isWhole ? last.entry : undefined,
      dependsOn: this.#isLoop ? undefined : joined(this.#answers.map(({ dependsOn }) => dependsOn)),
    }
  }

  /**
   * Takes in an answer and walks the redirects that its records hold. Returns the name to ask next, with all steps of the
   * pipeline anew (R-CNAME-2), or undefined when the query has arrived, failed or turned in a circle. A target that
   * `isKnownBetter` is asked anew, whatever the records say of it.
   */
  follow(answer: Answer, isKnownBetter: (name: Name) => boolean = () => false): Name | undefined {
    this.#answers.push(answer)
    this.#name = answer.name
    if (answer.state !== 'success') return undefined
    for (let steps = 0; ; steps++) {
      const isAnswered = this.#collect(answer)
      const redirect = isAnswered ? undefined : this.#redirect(answer)
      if (redirect === undefined) {
        const isAtEnd = isAnswered || this.#matching.length > 0 || steps === 0
        return isAtEnd || this.#isLoop ? undefined : this.#name
      }
      this.#name = redirect
      if (isKnownBetter(redirect)) {
        this.#matching = []
        return redirect
      }
    }
  }

  /** Takes in an answer as it is: a relayed one goes back whole, and the client follows redirects itself. */
  arrive(answer: Answer): undefined {
    this.#answers.push(answer)
    this.#name = answer.name
    this.#matching = answer.records
  }

  /** Picks the records for the name we are at; true when every type has some (R-CNAME-1). */
  #collect({ records }: Answer): boolean {
    const { types, class: queryClass } = this.#query
    const matching = records.filter(({ record }) => types.some((type) => matches(record, this.#name, type, queryClass)))
    this.#matching = matching
    return types.every((type) => matching.some(({ record }) => matches(record, this.#name, type, queryClass)))
  }

  /** The next name of the chain within this answer's records, for all types at once. */
  #redirect({ records }: Answer): Name | undefined {
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
    this.#spelling = redirect.record.type === TYPE.CNAME ? spellingIn(redirect.record.rdata) : undefined
    this.#collected.push(...types.map((type) => ({ name: this.#name, type, class: queryClass })))
    this.#pass(records.find(({ record }) => record === redirect.record) as LinkedRecord, redirect)
    return redirect.target
  }

  /** A DNAME without its CNAME, as the cache has it, gets one: clients follow nothing else (RFC 6672 §3.1). */
  #pass(passed: LinkedRecord, { record: { type, ttl, class: recordClass }, target }: Redirect): void {
    this.#passed.push(passed)
    if (type !== TYPE.DNAME) return
    const cname = recordOf(this.#name, TYPE.CNAME, wireOfName(target), ttl, recordClass)
    this.#passed.push({ record: cname, ifindex: passed.ifindex })
  }
}
