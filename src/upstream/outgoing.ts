import type { Random } from '../base/index.ts'
import type { Question } from '../wire/index.ts'
import { CD, composeQuestion, RD, withId } from '../wire/index.ts'

/** What is asked of a scope: a question of our own, or a client's message to be relayed as it is (R-STUB-13). */
export type Request =
  | {
      readonly kind: 'question'
      readonly question: Question
      /** We validate the reply: signatures are asked for, and data that the server itself finds bogus (RFC 6840 §5.9). */
      readonly isToBeValidated?: boolean
    }
  | { readonly kind: 'relay'; readonly question: Question; readonly message: Buffer }

/**
 * One message for one server under a fresh unpredictable ID (R-SRV-7, R-SRV-9; RFC 5452 §9.2). `payloadSize` is what
 * we say we take over UDP; without one there is no EDNS.
 */
export function outgoingMessage(request: Request, payloadSize: number | undefined, random: Random): Buffer {
  const id = random.below(65_536)
  if (request.kind === 'relay') return withId(request.message, id)
  const { question, isToBeValidated = false } = request
  return composeQuestion(id, isToBeValidated ? RD | CD : RD, question, payloadSize, isToBeValidated)
}
