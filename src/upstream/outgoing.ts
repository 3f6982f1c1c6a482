import type { Random } from '../base/index.ts'
import type { Question } from '../wire/index.ts'
import { composeQuestion, RD, withId } from '../wire/index.ts'

/** What is asked of a scope: a question of our own, or a client's message to be relayed as it is (R-STUB-13). */
export type Request =
  | { readonly kind: 'question'; readonly question: Question }
  | { readonly kind: 'relay'; readonly question: Question; readonly message: Buffer }

/**
 * One message for one server under a fresh unpredictable ID (R-SRV-7, R-SRV-9; RFC 5452 §9.2). `payloadSize` is what
 * we say we take over UDP; without one there is no EDNS.
 */
export function outgoingMessage(request: Request, payloadSize: number | undefined, random: Random): Buffer {
  const id = random.below(65_536)
  if (request.kind === 'relay') return withId(request.message, id)
  return composeQuestion(id, RD, request.question, payloadSize)
}
