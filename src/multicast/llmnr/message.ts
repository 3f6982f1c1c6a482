import type { Seconds } from '../../base/index.ts'
import type { Question, ResourceRecord } from '../../wire/index.ts'
import {
  compose,
  HEADER_SIZE,
  isReplyTo,
  isSameRecord,
  matches,
  mayBeRedirected,
  questionCount,
  readQuestion,
  TYPE,
} from '../../wire/index.ts'
import { LLMNR_CONFLICT, LLMNR_TENTATIVE, readMulticast } from '../message.ts'

/** How long holds what is told (LL-W-3). */
export const LLMNR_TTL: Seconds = 30
/** Without EDNS (LL-W-3). */
const SMALLEST_PAYLOAD = 512
/** Records of one reply that are looked at: no host has so many addresses on a link. */
const MOST_RECORDS = 64

export interface LlmnrReply {
  /** The name is not one host's alone. */
  readonly isShared: boolean
  readonly isTentative: boolean
  readonly isTruncated: boolean
  /** Those that answer the question, and no others. */
  readonly records: readonly ResourceRecord[]
  /** Tells how long it holds that there are none (LL-W-4: in the authority section; systemd-resolved has it behind that). */
  readonly soa: ResourceRecord | undefined
}

export interface LlmnrQuery {
  readonly id: number
  readonly question: Question
  /** The question as it was written. */
  readonly questionBytes: Buffer
  /** It tells that several hosts answered, and asks nothing. */
  readonly isAdvisory: boolean
  /** Bytes that the reply may have by UDP. */
  readonly payloadSize: number
}

/** The reply of a neighbour to `query`; undefined for everything else, which is passed over (LL-W-2, MC-IN-3). */
export function readReply(bytes: Buffer, query: Buffer): LlmnrReply | undefined {
  if (!isReplyTo(bytes, query) || questionCount(bytes) !== 1) return undefined
  const message = readMulticast(bytes, 'llmnr')
  const question = message?.questions[0]
  if (message === undefined || question === undefined || (message.flags & 0xf) !== 0) return undefined
  return {
    isShared: (message.flags & LLMNR_CONFLICT) !== 0,
    isTentative: (message.flags & LLMNR_TENTATIVE) !== 0,
    isTruncated: message.isTruncated,
    records: message.answer.filter((record) => answers(record, question)).slice(0, MOST_RECORDS),
    soa: [...message.authority, ...message.additional].find(
      ({ type, name }) => type === TYPE.SOA && name === question.name,
    ),
  }
}

/** A question of a neighbour; undefined for what is none, or has what no question has (LL-W-1, LL-W-2, LL-R-2). */
export function readQuery(bytes: Buffer): LlmnrQuery | undefined {
  const message = readMulticast(bytes, 'llmnr')
  if (message === undefined || message.isResponse || message.isTruncated || message.questions.length !== 1)
    return undefined
  if (message.answer.length > 0 || message.authority.length > 0) return undefined
  return {
    id: message.id,
    question: message.questions[0] as Question,
    questionBytes: bytes.subarray(HEADER_SIZE, readQuestion(bytes).end),
    isAdvisory: (message.flags & LLMNR_CONFLICT) !== 0,
    payloadSize: Math.max(SMALLEST_PAYLOAD, message.payloadSize ?? 0),
  }
}

/** Tells everybody that several hosts answered: each of them is to make sure that the name is its alone (LL-Q-3). */
export function composeAdvisory(id: number, question: Question, records: readonly ResourceRecord[]): Buffer {
  return compose({ id, flags: LLMNR_CONFLICT, question, additional: records }, { maxSize: SMALLEST_PAYLOAD })
}

/** Whether both say the same, in whatever order. */
export function isSameAnswer(a: readonly ResourceRecord[], b: readonly ResourceRecord[]): boolean {
  return a.length === b.length && a.every((record) => b.some((other) => isSameRecord(record, other)))
}

function answers(record: ResourceRecord, { name, type, class: questionClass }: Question): boolean {
  if (matches(record, name, type, questionClass)) return true
  return mayBeRedirected(type) && matches(record, name, TYPE.CNAME, questionClass)
}
