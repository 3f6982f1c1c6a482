import type { Family, Millis, Random, Seconds } from '../../base/index.ts'
import { isKnown } from './answers.ts'
import type { OwnRecord } from './zone.ts'

/** Answers of several machines must not meet (RFC 6762 §6). */
const SHARED_DELAY = { least: 20, most: 120 }
/** More known answers are to follow (RFC 6762 §7.2). */
const TRUNCATED_DELAY = { least: 400, most: 500 }
/** Queries that wait at once on a link; of more in half a second nobody is helped by the answer to each. */
const MAX_PENDING = 256

/** Somebody's query that is answered after a while. */
interface Pending {
  readonly family: Family
  /** Address of the asker: more of its known answers may come. */
  readonly source: string
  readonly answers: Map<string, OwnRecord>
  readonly isTruncated: boolean
  dueAt: Millis
}

/** Answers that wait to be multicast: for those of others, and for more known answers. */
export class PendingAnswers {
  readonly #random: Random
  #pending: Pending[] = []

  constructor(random: Random) {
    this.#random = random
  }

  /** What waits already is joined, so that few packets go out (RFC 6762 §6.4): a truncated query by its own asker only. */
  add(family: Family, source: string, answers: readonly OwnRecord[], isTruncated: boolean, now: Millis): void {
    if (answers.length === 0) return
    const batch = this.#pending.find((each) => {
      return each.family === family && each.isTruncated === isTruncated && (!isTruncated || each.source === source)
    })
    if (batch !== undefined) {
      for (const answer of answers) batch.answers.set(answer.key, answer)
      return
    }
    if (this.#pending.length >= MAX_PENDING) return
    const byKey = new Map(answers.map((answer) => [answer.key, answer]))
    this.#pending.push({ family, source, answers: byKey, isTruncated, dueAt: now + this.#delay(isTruncated) })
  }

  /** A further part of a truncated query: what its asker knows is not sent, and with more to follow that is waited for. */
  onKnownAnswers(
    family: Family,
    source: string,
    known: ReadonlyMap<string, Seconds>,
    moreFollow: boolean,
    now: Millis,
  ): void {
    for (const pending of this.#pending) {
      if (!pending.isTruncated || pending.family !== family || pending.source !== source) continue
      for (const [key, answer] of pending.answers) if (isKnown(answer, known)) pending.answers.delete(key)
      if (moreFollow) pending.dueAt = now + this.#delay(true)
    }
    this.#dropEmpty()
  }

  /** Somebody else has just multicast these: who asked has them (RFC 6762 §7.4). */
  onAnswerOfOthers(family: Family, told: ReadonlyMap<string, Seconds>): void {
    for (const { family: its, answers } of this.#pending) {
      if (its !== family) continue
      for (const [key, { ttl }] of answers) if ((told.get(key) ?? -1) >= ttl) answers.delete(key)
    }
    this.#dropEmpty()
  }

  /** When `take` is to be called; infinite for never. */
  get nextDue(): Millis {
    let next = Number.POSITIVE_INFINITY
    for (const { dueAt } of this.#pending) next = Math.min(next, dueAt)
    return next
  }

  /** What is due, once each, by IP version. */
  take(now: Millis): Map<Family, OwnRecord[]> {
    const due = new Map<Family, Map<string, OwnRecord>>()
    for (const { family, answers, dueAt } of this.#pending) {
      if (dueAt > now) continue
      const all = due.get(family) ?? new Map<string, OwnRecord>()
      for (const [key, answer] of answers) all.set(key, answer)
      due.set(family, all)
    }
    this.#pending = this.#pending.filter(({ dueAt }) => dueAt > now)
    return new Map([...due].map(([family, answers]) => [family, [...answers.values()]]))
  }

  /** Keeps only what is still ours. */
  retain(isOurs: (record: OwnRecord) => boolean): void {
    for (const { answers } of this.#pending) {
      for (const [key, answer] of answers) if (!isOurs(answer)) answers.delete(key)
    }
    this.#dropEmpty()
  }

  #delay(isTruncated: boolean): Millis {
    const { least, most } = isTruncated ? TRUNCATED_DELAY : SHARED_DELAY
    return least + this.#random.below(most - least + 1)
  }

  #dropEmpty(): void {
    this.#pending = this.#pending.filter(({ answers }) => answers.size > 0)
  }
}
