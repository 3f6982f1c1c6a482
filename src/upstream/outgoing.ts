import type { Random } from '../base/index.ts'
import type { Question } from '../wire/index.ts'
import {
  CD,
  composeQuestion,
  cookieOption,
  isSigned,
  mixCase,
  RD,
  takesOption,
  withId,
  withOwnOption,
} from '../wire/index.ts'
import { NO_GUARDS } from './guards.ts'
import type { Upstream } from './upstream.ts'

/** What is asked of a scope: a question of our own, or a client's message to be relayed as it is (R-STUB-13). */
export type Request =
  | {
      readonly kind: 'question'
      readonly question: Question
      readonly validation?: Validation | undefined
      /** Only this server is asked. */
      readonly server?: Upstream
    }
  | {
      readonly kind: 'relay'
      readonly question: Question
      readonly message: Buffer
      readonly validation?: Validation | undefined
    }

/**
 * We validate the reply: signatures are asked for, and data that the server itself finds bogus (RFC 6840 §5.9). Servers
 * that cannot do DNSSEC are not asked, or only while no other is left.
 */
export type Validation = 'required' | 'where-possible'

/**
 * One message for one server under a fresh unpredictable ID (R-SRV-7, R-SRV-9; RFC 5452 §9.2). `payloadSize` is what
 * we say we take over UDP; without one there is no EDNS, and so no cookie. Cookies of relayed clients stay here (RFC 7873
 * §8); what is signed stays as it is.
 */
export function outgoingMessage(
  request: Request,
  payloadSize: number | undefined,
  random: Random,
  guards = NO_GUARDS,
): Buffer {
  const { mixesCase, cookie } = guards
  const id = random.below(65_536)
  const option = cookie && cookieOption(cookie.client, cookie.server)
  const message =
    request.kind === 'relay' ? relayed(request.message, id, option) : ownMessage(request, id, payloadSize, option)
  if (mixesCase) mixCase(message, random)
  return message
}

/** Which guards its messages can carry: what is signed stays as it is, and a cookie needs an OPT record. */
export interface Guardable {
  readonly mayBeMixed: boolean
  readonly mayHaveCookie: boolean
}

/** `payloadSize`: what we say we take, where it is a question of our own. */
export function guardable(request: Request, payloadSize: number | undefined): Guardable {
  if (request.kind === 'question') return { mayBeMixed: true, mayHaveCookie: payloadSize !== undefined }
  return { mayBeMixed: !isSigned(request.message), mayHaveCookie: takesOption(request.message) }
}

function relayed(message: Buffer, id: number, option: Buffer | undefined): Buffer {
  return withId(withOwnOption(message, option), id)
}

function ownMessage(
  { question, validation }: Extract<Request, { kind: 'question' }>,
  id: number,
  payloadSize: number | undefined,
  option: Buffer | undefined,
): Buffer {
  const isValidated = validation !== undefined
  return composeQuestion(id, isValidated ? RD | CD : RD, question, payloadSize, isValidated, option)
}
