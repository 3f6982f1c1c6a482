import type { Millis } from '../base/index.ts'
import type { Step } from './verdict.ts'

/** What one client's question may cost (S-LIM-1, CVE-2023-50387, CVE-2023-50868). */
export interface Limits {
  /** Signatures checked. */
  readonly checks: number
  /** Of them, those that may fail. */
  readonly failures: number
  /** SHA-1 computations for NSEC3, and digests of keys. */
  readonly hashes: number
  /** RRsets looked into. */
  readonly sets: number
  /** Records of one RRset whose signature is checked. */
  readonly records: number
  /** Questions for DS and DNSKEY. */
  readonly questions: number
  /** Above it an NSEC3 zone counts as unsigned (RFC 9276 §3.2). */
  readonly iterations: number
}

/** A chain of 32 labels with a DS question each fits, as do 4 keys under way to the next with 3 signatures each. */
export const DEFAULT_LIMITS: Limits = {
  checks: 96,
  failures: 16,
  hashes: 16_384,
  sets: 256,
  records: 512,
  questions: 80,
  iterations: 50,
}

/**
 * Work in one go before others get their turn. Signatures are checked elsewhere; the dearest single steps are the import of a
 * key of curve secp384r1 and the sorting of as many records as are allowed, about 1.5 ms each. A turn begins no such work after
 * 2 ms: validation alone holds the event loop for 3.5 at most, and a collection of garbage comes on top.
 */
const SLICE: Millis = 1
const HASH_COST: Millis = 0.003
/** Bringing a record into canonical form and order. */
const RECORD_COST: Millis = 0.003
/** Finding out who may sign a set. */
const SET_COST: Millis = 0.02

/** Thrown where a limit is reached; the validator makes a verdict of it. */
export class OverBudget extends Error {
  override readonly name = 'OverBudget'
}

/** Counts the work of one validation, and pauses in it. */
export class Budget {
  readonly limits: Limits
  #checks = 0
  #failures = 0
  #hashes = 0
  #questions = 0
  #sets = 0
  #since: Millis = 0

  constructor(limits: Limits) {
    this.limits = limits
  }

  /** Before what is signed of `records` is put together. @throws {OverBudget} */
  arrange(records: number): Generator<Step, void, void> {
    if (records > this.limits.records) throw new OverBudget(`signatures over more than ${this.limits.records} records`)
    return this.work(records * RECORD_COST)
  }

  /** Before a signature is checked. @throws {OverBudget} */
  check(): void {
    if (++this.#checks > this.limits.checks) throw new OverBudget('too many signatures to check')
  }

  /** Others have had their turn. */
  rested(): void {
    this.#since = 0
  }

  /** A signature that did not verify. @throws {OverBudget} */
  fail(): void {
    if (++this.#failures > this.limits.failures) throw new OverBudget('too many signatures that do not verify')
  }

  /** Before `count` hashes are computed. @throws {OverBudget} */
  hash(count: number): Generator<Step, void, void> {
    this.#hashes += count
    if (this.#hashes > this.limits.hashes) throw new OverBudget('too many hashes to compute')
    return this.work(count * HASH_COST)
  }

  /** Before an RRset is looked into. @throws {OverBudget} */
  look(): Generator<Step, void, void> {
    if (++this.#sets > this.limits.sets) throw new OverBudget('too many RRsets')
    return this.work(SET_COST)
  }

  /** Before `count` questions are asked. @throws {OverBudget} */
  ask(count: number): void {
    this.#questions += count
    if (this.#questions > this.limits.questions) throw new OverBudget('too many questions about the chain of trust')
  }

  /** Lets others have their turn first where this would be too much at once. */
  *work(cost: Millis): Generator<Step, void, void> {
    if (this.#since > 0 && this.#since + cost > SLICE) {
      this.#since = 0
      yield { kind: 'pause' }
    }
    this.#since += cost
  }
}
