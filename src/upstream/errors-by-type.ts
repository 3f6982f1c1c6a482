import type { Millis } from '../base/index.ts'
import { TYPE } from '../wire/index.ts'

/** So many errors in a row, each to a question that another server answered, and the server is asked last. */
const ERRORS = 3
/** For so long. */
const DURATION: Millis = 4000
/** Types that any server of names has to know; errors to others alone say nothing about the rest. */
const ADDRESS_TYPES: ReadonlySet<number> = new Set([TYPE.A, TYPE.AAAA])
/** Types remembered at most; the oldest goes. */
const CAPACITY = 64

interface Errors {
  count: number
  at: Millis
}

/**
 * What one server could not answer and another could, by the type asked: many forwarders answer HTTPS or SRV with errors
 * and addresses well. Errors count for their type alone, unless they are for several, addresses among them, with no
 * answer in between: then they speak against the server.
 */
export class ErrorsByType {
  readonly #byType = new Map<number, Errors>()
  /** Types of the errors since the last answer to anything. */
  readonly #row = new Set<number>()
  #inRow: Errors = { count: 0, at: 0 }

  onError(type: number, now: Millis): void {
    const errors = { count: (this.#byType.get(type)?.count ?? 0) + 1, at: now }
    this.#byType.delete(type)
    const [oldest] = this.#byType.keys()
    if (this.#byType.size >= CAPACITY && oldest !== undefined) this.#byType.delete(oldest)
    this.#byType.set(type, errors)
    if (this.#row.size < CAPACITY) this.#row.add(type)
    this.#inRow = { count: this.#inRow.count + 1, at: now }
  }

  onAnswer(type: number): void {
    if (this.#inRow.count > 0) this.#endRow()
    if (this.#byType.size > 0) this.#byType.delete(type)
  }

  /** Whether the server is of no use for questions of this type just now. */
  isUselessFor(type: number, now: Millis): boolean {
    if (this.#byType.size === 0) return false
    return isInForce(this.#byType.get(type), now) || this.#isUselessForAll(now)
  }

  /** Types for which it is. */
  useless(now: Millis): number[] {
    return [...this.#byType.keys()].filter((type) => this.isUselessFor(type, now)).toSorted((a, b) => a - b)
  }

  reset(): void {
    this.#byType.clear()
    this.#endRow()
  }

  #isUselessForAll(now: Millis): boolean {
    const hasAddresses = [...ADDRESS_TYPES].some((type) => this.#row.has(type))
    return this.#row.size > 1 && hasAddresses && isInForce(this.#inRow, now)
  }

  #endRow(): void {
    this.#row.clear()
    this.#inRow = { count: 0, at: 0 }
  }
}

function isInForce(errors: Errors | undefined, now: Millis): boolean {
  return errors !== undefined && errors.count >= ERRORS && now - errors.at < DURATION
}
