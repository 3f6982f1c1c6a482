import { FormError } from './form-error.ts'
import { HEADER_SIZE, questionCount, recordCount } from './header.ts'
import { skipName } from './name.ts'

/** One record seen in place: offsets into the message, nothing copied. */
export interface RecordView {
  /** 0 answer, 1 authority, 2 additional. */
  readonly section: 0 | 1 | 2
  /** Start of the owner name. */
  readonly ownerAt: number
  /** Start of type, class, TTL and rdata length: ten bytes. */
  readonly fixedAt: number
  readonly type: number
  readonly rdataAt: number
  readonly end: number
}

/** Where the questions end. @throws {FormError} past the end. */
export function skipQuestions(message: Buffer): number {
  if (message.length < HEADER_SIZE) throw new FormError('message is shorter than its header', message.length)
  let at = HEADER_SIZE
  for (let left = questionCount(message); left > 0; left--) {
    at = skipName(message, at) + 4
    if (at > message.length) throw new FormError('question runs past the end', message.length)
  }
  return at
}

/**
 * Visits every record of a message in order and returns where the last one ends; bytes after that are left to the
 * caller. @throws {FormError} when a count promises more than there is.
 */
export function scanRecords(message: Buffer, visit: (view: RecordView) => void): number {
  let at = skipQuestions(message)
  for (const section of [0, 1, 2] as const) {
    for (let left = recordCount(message, section); left > 0; left--) {
      const fixedAt = skipName(message, at)
      const rdataAt = fixedAt + 10
      if (rdataAt > message.length) throw new FormError('record runs past the end', at)
      const end = rdataAt + message.readUInt16BE(fixedAt + 8)
      if (end > message.length) throw new FormError('rdata runs past the end', rdataAt)
      visit({ section, ownerAt: at, fixedAt, type: message.readUInt16BE(fixedAt), rdataAt, end })
      at = end
    }
  }
  return at
}
