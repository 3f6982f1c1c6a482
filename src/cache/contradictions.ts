import type { Millis } from '../base/index.ts'
import { TYPE } from '../wire/index.ts'

/** Types that show most names to exist. */
export const USUAL_TYPES: readonly number[] = [
  TYPE.A,
  TYPE.AAAA,
  TYPE.CNAME,
  TYPE.MX,
  TYPE.TXT,
  TYPE.SRV,
  TYPE.PTR,
  TYPE.NS,
  TYPE.SOA,
  TYPE.HTTPS,
]
/** Records that have expired show that a name exists for so much longer. */
export const JUST_EXPIRED: Millis = 60_000
/** A server that contradicted itself is known for so long as one that does. */
const MEMORY: Millis = 3_600_000

/**
 * Servers that say NXDOMAIN for one type of a name that they have records of, as some that serve containers do for AAAA.
 * Their NXDOMAIN says nothing of other types, whatever RFC 2308 §2.1 has it mean.
 */
export class Contradictions {
  /** By server, of which a scope has few. */
  readonly #until = new Map<string, Millis>()

  get hasAny(): boolean {
    return this.#until.size > 0
  }

  note(server: string, now: Millis): void {
    this.#until.set(server, now + MEMORY)
  }

  isKnown(server: string, now: Millis): boolean {
    const until = this.#until.get(server)
    if (until !== undefined && until <= now) this.#until.delete(server)
    return until !== undefined && until > now
  }
}
