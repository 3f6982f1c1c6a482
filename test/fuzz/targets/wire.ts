import {
  age,
  answerTo,
  compose,
  fieldsOf,
  FormError,
  hasUnaskedDnssecRecords,
  isReplyTo,
  isSameRecord,
  lowerCaseNames,
  type Message,
  parseMessage,
  rdataText,
  recordJson,
  relay,
  type ResourceRecord,
  setTtls,
  shuffleAddresses,
  skipQuestions,
  TC,
  wireOfRecord,
  withHopOptions,
  withoutHopOptions,
} from '../../../src/wire/index.ts'
import { MESSAGES } from '../../kit/fixture-messages.ts'
import { SeededRandom } from '../../kit/seeded-random.ts'
import { must, type Target, unless } from '../target.ts'

/** DNS messages: what is read of one is written again, and all that is done to its bytes on the way. */
export const target: Target = {
  name: 'wire',
  maxLength: 65_535,
  // A dozen ways through the message, each of them linear.
  allowance: { time: 8, memory: 2 << 20 },
  seeds: () => MESSAGES.map(([, message]) => message),
  run(input) {
    const message = unless(FormError, () => parseMessage(input))
    if (message === undefined) return
    for (const record of recordsOf(message)) show(record)
    writeAgain(message)
    edit(input, message)
  },
}

function recordsOf({ answer, authority, additional }: Message): readonly ResourceRecord[] {
  return [...answer, ...authority, ...additional]
}

function show(record: ResourceRecord): void {
  const { type, rdata, name } = record
  rdataText(type, rdata)
  recordJson({ class: record.class, type, name }, rdata)
  fieldsOf(type, rdata)
  lowerCaseNames(type, rdata)
  wireOfRecord(record)
}

function writeAgain(message: Message): void {
  const read = parseMessage(compose(message))
  if ((read.flags & TC & ~message.flags) !== 0) return
  const [before, after] = [recordsOf(message), recordsOf(read)]
  must(
    after.every((record, i) => isSameRecord(folded(record), folded(before[i] as ResourceRecord))),
    'records are written as they were read',
  )
}

/** Compression may take over the letter case in which the end of a name was written before (RFC 4343 §3). */
function folded(record: ResourceRecord): ResourceRecord {
  return { ...record, rdata: lowerCaseNames(record.type, record.rdata) ?? record.rdata }
}

function edit(input: Buffer, message: Message): void {
  const { question } = message
  const end = skipQuestions(input)
  const parts = { id: 1, flags: message.flags, question: input.subarray(12, end), opt: message.opt }
  const relayed = relay(input, parts)
  if (relayed !== undefined) parseMessage(relayed)
  parseMessage(age(Buffer.from(input), 5, 300))
  parseMessage(setTtls(Buffer.from(input), 5))
  const shuffled = Buffer.from(input)
  shuffleAddresses(shuffled, new SeededRandom(1))
  parseMessage(shuffled)
  parseMessage(withHopOptions(input, true))
  parseMessage(withoutHopOptions(input).message)
  isReplyTo(input, input)
  if (question === undefined) return
  hasUnaskedDnssecRecords(input)
  const answer = answerTo(question, { wire: Buffer.from(input), message })
  must(answerTo(question, answer).message.answer.length === answer.message.answer.length, 'an answer stays as it is')
}
