import type { AnswerOrigin } from '../cache/index.ts'
import { ProvenNames, sentinelFailure, type SecureAnswer, type Synthesis, type TrustAnchors } from '../dnssec/index.ts'
import type { Name, ReadMessage } from '../wire/index.ts'
import { compose, parseMessage, QR, RA, RCODE, RD, TYPE } from '../wire/index.ts'
import type { Request } from '../upstream/index.ts'

/** A reply that nobody sent: made of what earlier ones have proven. */
export interface ProvenReply extends ReadMessage {
  readonly origin: AnswerOrigin
}

const OPT = { payloadSize: 1232, extendedRcode: 0, version: 0, dnssecOk: true, options: [] }

/**
 * Replies that follow from what one scope's servers have proven (RFC 8198). They are made anew each time and not kept: names
 * that are made up by the thousand push nothing out of the cache.
 */
export class ProvenAnswers {
  readonly #names = new ProvenNames<AnswerOrigin>()
  readonly #anchors: TrustAnchors

  constructor(anchors: TrustAnchors) {
    this.#anchors = anchors
  }

  /** @param now seconds since 1970 */
  learn({ sets }: SecureAnswer, origin: AnswerOrigin, now: number): void {
    this.#names.learn(sets, origin, now)
  }

  /** Nothing below a negative trust anchor follows from what stands above it (S-CACHE-4). */
  find({ kind, question }: Request, now: number): ProvenReply | undefined {
    if (this.#anchors.above(question.name) === undefined) return undefined
    if (sentinelFailure(question, this.#anchors) !== undefined) return undefined // validation says so
    const found = this.#names.answer(question, now)
    // Whoever has messages relayed follows no alias himself: the server does.
    const isHalf =
      kind === 'relay' && question.type !== TYPE.CNAME && found?.answer.some(({ type }) => type === TYPE.CNAME)
    if (found === undefined || isHalf === true) return undefined
    const { denied, answer, authority } = found
    const flags = QR | RD | RA | (denied === 'nxdomain' ? RCODE.NXDOMAIN : RCODE.NOERROR)
    const wire = compose({ id: 0, flags, question, answer, authority, opt: OPT })
    return { wire, message: parseMessage(wire), origin: originOf(found) }
  }

  forget(isAffected?: (name: Name) => boolean): void {
    this.#names.forget(isAffected)
  }
}

/** Confidential only if all parts are, and as old as the oldest. */
function originOf({ origins }: Synthesis<AnswerOrigin>): AnswerOrigin {
  const isConfidential = origins.every((each) => each.isConfidential)
  const oldest = origins.reduce((a, b) => (b.learntAt < a.learntAt ? b : a))
  return { ...oldest, isConfidential }
}
