import type { Message, Opt, Question } from '../wire/index.ts'
import {
  FormError,
  flagsOf,
  HEADER_SIZE,
  hasFlag,
  idOf,
  isObsoleteType,
  isUnaskableType,
  isZoneTransfer,
  opcodeOf,
  parseMessage,
  QR,
  questionCount,
  RCODE,
  RD,
  recordCount,
  skipQuestions,
  TC,
} from '../wire/index.ts'

/** A request that can be answered, taken apart. */
export interface ClientRequest {
  /** The client's bytes. */
  readonly packet: Buffer
  readonly id: number
  readonly flags: number
  readonly question: Question
  /** The question section as the client wrote it, letter case and all. */
  readonly questionBytes: Buffer
  readonly opt: Opt | undefined
}

/** What becomes of a packet before anybody is asked. */
export type Reception =
  | { readonly kind: 'drop' }
  | { readonly kind: 'refuse'; readonly rcode: number; readonly request: RefusedRequest }
  | { readonly kind: 'answer'; readonly request: ClientRequest }

/** What can be said of a request that is turned down; a malformed one has no question to repeat. */
export interface RefusedRequest {
  readonly id: number
  readonly flags: number
  readonly questionBytes: Buffer | undefined
  readonly opt: Opt | undefined
}

const DROP: Reception = { kind: 'drop' }
/** Records beside the question; a real request has OPT and perhaps a signature. More would only be read to be ignored. */
const MAX_RECORDS = 8

/**
 * Sorts a packet: not a request (dropped, R-STUB-5), one we turn down with an rcode (R-STUB-7…9), or a question.
 * Other than the original, an opcode we do not implement is answered with NOTIMP, so that its sender need not time out.
 */
export function receive(packet: Buffer): Reception {
  if (packet.length < HEADER_SIZE || hasFlag(packet, QR)) return DROP
  if (opcodeOf(packet) !== 0) return refuse(RCODE.NOTIMP, headerOnly(packet))
  if (hasFlag(packet, TC) || questionCount(packet) !== 1 || recordCount(packet, 0) > 0) return DROP
  if (recordCount(packet, 1) + recordCount(packet, 2) > MAX_RECORDS) return refuse(RCODE.FORMERR, headerOnly(packet))
  const request = parse(packet)
  if (request === undefined || isUnaskableType(request.question.type)) return refuse(RCODE.FORMERR, headerOnly(packet))
  if (request.opt !== undefined && request.opt.version !== 0) return refuse(RCODE.BADVERS, request)
  const { type } = request.question
  if (isZoneTransfer(type) || isObsoleteType(type) || !hasFlag(packet, RD)) return refuse(RCODE.REFUSED, request)
  return { kind: 'answer', request }
}

function parse(packet: Buffer): ClientRequest | undefined {
  const message = tryParse(packet)
  if (message?.question === undefined || message.hasBadOpt) return undefined
  const { id, flags, question, opt } = message
  const questionBytes = packet.subarray(HEADER_SIZE, skipQuestions(packet))
  return { packet, id, flags, question, questionBytes, opt }
}

function tryParse(packet: Buffer): Message | undefined {
  try {
    return parseMessage(packet)
  } catch (error) {
    if (error instanceof FormError) return undefined
    throw error
  }
}

function refuse(rcode: number, request: RefusedRequest): Reception {
  return { kind: 'refuse', rcode, request }
}

/** What can be echoed of a message whose question cannot be read: ID and flags. */
function headerOnly(packet: Buffer): RefusedRequest {
  return { id: idOf(packet), flags: flagsOf(packet), questionBytes: undefined, opt: undefined }
}
