import { matches, MAX_REDIRECTS, mayBeRedirected, redirectFrom } from './chain.ts'
import { compose } from './compose.ts'
import { capTtls } from './edit.ts'
import { flagsOf, recordCount } from './header.ts'
import type { Message } from './message.ts'
import { parseMessage } from './message.ts'
import type { Name } from './name.ts'
import { isWithin, labelCount, nameOfWire, ROOT, wireOfName } from './name.ts'
import { CLASS, RCODE, TYPE } from './numbers.ts'
import type { Question } from './question.ts'
import { fieldsOf } from './rdata-fields.ts'
import type { ResourceRecord, Section } from './record.ts'
import { recordOf, targetOf } from './record.ts'

/** A message and what it says. */
export interface ReadMessage {
  readonly wire: Buffer
  readonly message: Message
}

/** Names that one reply may lead through: one more than the resolver accepts, which tells its clients. */
const MAX_LINKS = MAX_REDIRECTS + 2

/** What may come along in the additional section: what the names in other records lead to. */
const SUPPLEMENTARY: ReadonlySet<number> = new Set([TYPE.A, TYPE.AAAA, TYPE.SRV, TYPE.TXT])

/** The reply with every TTL in its bytes as it is meant; changed in place. */
export function withPlainTtls({ wire, message }: ReadMessage): ReadMessage {
  if (message.hasExcessiveTtl) capTtls(wire)
  return { wire, message }
}

/**
 * A reply to `question` that holds nothing but what answers it, in the order that clients rely on (RFC 1034 §4.3.2): each
 * redirect before what it leads to, then the type asked; above it, the zone's SOA and NS; beside it, what those records
 * point to. The server's own bytes where they are that already, which is nearly always; otherwise composed anew, so that
 * nobody behind us finds an answer to what was not asked (RFC 5452 §6).
 *
 * `domain` tells for what the server is asked: a DNAME above it, or one that would take a whole top-level domain or all
 * names, is left out. Its CNAME, if any, still holds for the name that was asked.
 */
export function answerTo(question: Question, reply: ReadMessage, domain: () => Name = () => ROOT): ReadMessage {
  const { message } = reply
  const isBelieved = (record: ResourceRecord) => !isForeignDname(record, question, domain)
  if (isInOrder(question, message) && message.answer.every(isBelieved)) return withPlainTtls(reply)
  const answer = answerOf(question, message.answer.filter(isBelieved))
  const names = [question.name, ...answer.filter(isCname).map(targetOf)]
  const authority = message.authority.filter((record) => isAbove(record, names, question))
  const isAlone = message.additional.length === 0 // as replies with signatures mostly are
  const additional = isAlone ? [] : supplements(message.additional, [...answer, ...authority], question)
  return recomposed(message, { question: message.question ?? question, answer, authority, additional })
}

/** The message with other records and nothing else changed, but that an OPT record that says nothing is gone. */
export function recomposed(
  message: Message,
  parts: Pick<Message, Section> & { readonly question: Question; readonly flags?: number },
): ReadMessage {
  const { id, opt } = message
  const { question, answer, authority, additional, flags = message.flags } = parts
  const wire = compose({ id, flags, question, answer, authority, additional, opt })
  const written = recordCount(wire, 0) + recordCount(wire, 1) + recordCount(wire, 2) - (opt === undefined ? 0 : 1)
  const isWhole = written === answer.length + authority.length + additional.length
  if (!isWhole) return { wire, message: parseMessage(wire) }
  const rcode = (opt?.extendedRcode ?? 0) * 16 + (flags & 15)
  const made = { question, answer, authority, additional, flags, rcode, hasBadOpt: false, hasExcessiveTtl: false }
  return { wire, message: { ...message, ...made } }
}

/** The same reply without the claim that the name does not exist. */
export function asNodata({ wire, message }: ReadMessage): ReadMessage {
  const copy = Buffer.from(wire)
  copy.writeUInt16BE(flagsOf(wire) & ~0xf, 2)
  return { wire: copy, message: { ...message, flags: flagsOf(copy), rcode: RCODE.NOERROR } }
}

/** A DNAME that speaks for more names than the server is asked for, or for more than any one zone's owner may. */
function isForeignDname({ type, name }: ResourceRecord, question: Question, domain: () => Name): boolean {
  if (type !== TYPE.DNAME || name === question.name) return false
  return labelCount(name) < 2 || !isWithin(name, domain())
}

/** Whether the message is what `answerTo` would make of it. */
function isInOrder(question: Question, { answer, authority, additional }: Message): boolean {
  const { type, class: questionClass } = question
  const names = [question.name]
  let name = question.name
  let hasArrived = false
  for (const [i, record] of answer.entries()) {
    if (matches(record, name, type, questionClass)) hasArrived = true
    else if (hasArrived || !mayBeRedirected(type) || record.class !== questionClass) return false
    else if (record.type === TYPE.CNAME && record.name === name) names.push((name = targetOf(record)))
    else if (record.type !== TYPE.DNAME || !isBelow(name, record.name) || !isCnameAt(name, answer[i + 1])) return false
  }
  if (names.length > MAX_LINKS) return false
  return (
    authority.every((record) => isAbove(record, names, question)) &&
    (additional.length === 0 ||
      supplements(additional, [...answer, ...authority], question).length === additional.length)
  )
}

/**
 * The chain from the question's name on, and the records of the asked type at its end, as far as they are there. Of a
 * chain that is too long anyway the part that shows it: to look for thousands of links takes their number squared.
 */
function answerOf(question: Question, answer: readonly ResourceRecord[]): ResourceRecord[] {
  const { type, class: questionClass } = question
  const records = answer.filter(
    (record) => record.class === questionClass || matches(record, record.name, type, questionClass),
  )
  const chain: ResourceRecord[] = []
  const seen = new Set<Name>()
  for (let name = question.name; !seen.has(name) && seen.size < MAX_LINKS; ) {
    seen.add(name)
    const asked = records.filter((record) => matches(record, name, type, questionClass))
    if (asked.length > 0) return [...chain, ...asked]
    const redirect = mayBeRedirected(type) ? redirectFrom(name, records) : undefined
    if (redirect === undefined) return chain
    chain.push(...stepOf(name, redirect.record, redirect.target, records))
    name = redirect.target
  }
  return chain
}

/** One redirect: the CNAME, with the DNAME it was made of before it. Clients follow no DNAME alone (RFC 6672 §3.1). */
function stepOf(
  name: Name,
  record: ResourceRecord,
  target: Name,
  records: readonly ResourceRecord[],
): ResourceRecord[] {
  if (record.type === TYPE.DNAME) {
    return [record, recordOf(name, TYPE.CNAME, wireOfName(target), record.ttl, record.class)]
  }
  const dname = records.find(({ type, name: owner }) => type === TYPE.DNAME && isBelow(name, owner))
  return dname === undefined ? [record] : [dname, record]
}

/** The SOA or NS of a zone that one of the names is in. */
function isAbove(record: ResourceRecord, names: readonly Name[], question: Question): boolean {
  if (record.type !== TYPE.SOA && record.type !== TYPE.NS) return false
  return isOfClass(record, question) && names.some((name) => isWithin(name, record.name))
}

/** The records that those already there, or one another, point to; a target of `.` is the owner itself (RFC 9460 §2.5). */
function supplements(
  additional: readonly ResourceRecord[],
  named: readonly ResourceRecord[],
  question: Question,
): ResourceRecord[] {
  const names = new Set(named.flatMap((record) => [record.name, ...namesIn(record)]))
  return additional.filter((record) => {
    if (!SUPPLEMENTARY.has(record.type) || !isOfClass(record, question) || !names.has(record.name)) return false
    for (const name of namesIn(record)) names.add(name)
    return true
  })
}

/** The names in the rdata of a record. */
function namesIn({ type, rdata }: ResourceRecord): Name[] {
  const fields = fieldsOf(type, rdata) ?? []
  return fields.flatMap((field) => (field.kind === 'name' ? [nameOfWire(field.value)] : []))
}

function isOfClass(record: ResourceRecord, question: Question): boolean {
  return record.class === question.class || question.class === CLASS.ANY
}

function isCname({ type }: ResourceRecord): boolean {
  return type === TYPE.CNAME
}

function isCnameAt(name: Name, record: ResourceRecord | undefined): boolean {
  return record?.type === TYPE.CNAME && record.name === name
}

function isBelow(name: Name, domain: Name): boolean {
  return name !== domain && isWithin(name, domain)
}
