import type { Millis } from '../base/index.ts'

/** What one client's question may cost (S-LIM-1, CVE-2023-50387, CVE-2023-50868). */
export interface Limits {
  /** Signatures checked. */
  readonly checks: number
  /** Of them, those that may fail. */
  readonly failures: number
  /** SHA-1 computations for NSEC3. */
  readonly hashes: number
  /** Questions for DS and DNSKEY. */
  readonly questions: number
  /** Above it an NSEC3 zone counts as unsigned (RFC 9276 §3.2). */
  readonly iterations: number
}

/** A chain of 32 labels with a DS question each fits, as do 4 keys under way to the next with 3 signatures each. */
export const DEFAULT_LIMITS: Limits = { checks: 96, failures: 16, hashes: 16_384, questions: 80, iterations: 50 }

/** Work in one go before others get their turn. */
const SLICE: Millis = 2
const HASH_COST: Millis = 0.003

/** Thrown where a limit is reached; the validator makes a verdict of it. */
export class OverBudget extends Error {
  override readonly name = 'OverBudget'
}

/** Counts the work of one validation. */
export class Budget {
  readonly limits: Limits
  #checks = 0
  #failures = 0
  #hashes = 0
  #questions = 0
  #since: Millis = 0

  constructor(limits: Limits) {
    this.limits = limits
  }

  /** Before a signature is checked. @throws {OverBudget} */
  check(cost: Millis): void {
    if (++this.#checks > this.limits.checks) throw new OverBudget('too many signatures to check')
    this.#since += cost
  }

  /** A signature that did not verify. @throws {OverBudget} */
  fail(): void {
    if (++this.#failures > this.limits.failures) throw new OverBudget('too many signatures that do not verify')
  }

  /** Before `count` computations of SHA-1. @throws {OverBudget} */
  hash(count: number): void {
    this.#hashes += count
    if (this.#hashes > this.limits.hashes) throw new OverBudget('too many NSEC3 hashes to compute')
    this.#since += count * HASH_COST
  }

  /** Before `count` questions are asked. @throws {OverBudget} */
  ask(count: number): void {
    this.#questions += count
    if (this.#questions > this.limits.questions) throw new OverBudget('too many questions about the chain of trust')
  }

  /** True when it is time to let others have their turn. */
  isSliceOver(): boolean {
    if (this.#since < SLICE) return false
    this.#since = 0
    return true
  }
}
