import type { MessageParts, Question, ResourceRecord } from '../../src/wire/index.ts'
import { isWithin, labelCount, matches, nameOf, parentOf, QR, RA, RD, targetOf, TYPE } from '../../src/wire/index.ts'
import type { Packet } from './rpl-entry.ts'
import { mismatch } from './rpl-entry.ts'
import type { RplEntry } from './rpl-parse.ts'

/** What is left of a message when it is put into a reply of a forwarder. */
export type FoldedReply = Pick<MessageParts, 'flags' | 'answer' | 'authority' | 'additional'>

/** Servers of a zone to begin with. */
export interface RplStub {
  readonly name: string
  readonly servers: readonly string[]
}

/** Canned answers that are in force, each at its server's address, or at all. */
export interface RplCanned {
  readonly address: string | undefined
  readonly entries: readonly RplEntry[]
}

const MAX_REFERRALS = 12

/**
 * What one forwarder would say that asks all these servers (S-TEST-3): it goes from the stub's servers along referrals.
 * DS records and proofs that a referral brings are the answer to a question for DS. Where that leads nowhere, the best
 * that any server says.
 */
export function foldedReply(
  packet: Packet,
  question: Question,
  stubs: readonly RplStub[],
  canned: readonly RplCanned[],
): FoldedReply | undefined {
  return (
    alongReferrals(packet, question, stubs, canned) ??
    bestReply(
      packet,
      question,
      canned.flatMap((each) => each.entries),
    )
  )
}

function alongReferrals(
  packet: Packet,
  question: Question,
  stubs: readonly RplStub[],
  canned: readonly RplCanned[],
): FoldedReply | undefined {
  const { name, type } = question
  // The DS records of a zone are with the servers of the one above.
  const place = type === TYPE.DS ? (parentOf(name) ?? name) : name
  const above = stubs.filter((stub) => isWithin(place, nameOf(stub.name)))
  let servers = above.toSorted((a, b) => labelCount(nameOf(b.name)) - labelCount(nameOf(a.name)))[0]?.servers ?? []
  for (let steps = 0; steps < MAX_REFERRALS; steps++) {
    const entries = canned
      .filter(({ address }) => address === undefined || servers.includes(address))
      .flatMap((each) => each.entries)
    const found = entries.find((entry) => mismatch(entry, packet, true) === undefined)
    const isHere = found !== undefined && !isReferral(found, question)
    if (isHere) return replyOf(found)
    if (type === TYPE.DS) {
      const delegation = delegationIn(question, entries)
      if (delegation !== undefined) return delegation
    }
    const referral = found ?? entries.find((entry) => isReferral(entry, question) && entry.match.has('subdomain'))
    if (referral === undefined) return undefined
    servers = serversOf(referral, question, canned)
  }
  return undefined
}

/** Addresses of the servers that a referral names, by its glue or by what any server says of them. */
function serversOf({ sections }: RplEntry, { name }: Question, canned: readonly RplCanned[]): string[] {
  const names = sections.authority
    .filter((record) => record.type === TYPE.NS && isWithin(name, record.name))
    .map((record) => targetOf(record))
  const known = canned.flatMap(({ entries }) =>
    entries.flatMap((entry) => [...entry.sections.answer, ...entry.sections.additional]),
  )
  const addresses = (records: readonly ResourceRecord[]) =>
    records
      .filter((record) => record.type === TYPE.A && names.includes(record.name))
      .map(({ rdata }) => rdata.join('.'))
  const glue = addresses(sections.additional)
  return glue.length > 0 ? glue : addresses(known)
}

function bestReply(packet: Packet, question: Question, entries: readonly RplEntry[]): FoldedReply | undefined {
  const fitting = entries.filter((entry) => mismatch(entry, packet, true) === undefined && !isReferral(entry, question))
  const best = fitting.toSorted((a, b) => rank(b, question) - rank(a, question))[0]
  const referral = question.type === TYPE.DS ? delegationIn(question, entries) : undefined
  if (referral !== undefined && (best === undefined || rank(best, question) < 2)) return referral
  return best && replyOf(best)
}

function replyOf({ sections, flags }: RplEntry): FoldedReply {
  return { ...sections, flags: (flags & 15) | QR | RD | RA }
}

function isReferral({ flags, sections, hex }: RplEntry, { name }: Question): boolean {
  if (hex !== undefined || sections.answer.length > 0 || (flags & 15) !== 0) return false
  const { authority } = sections
  return authority.some((record) => record.type === TYPE.NS && isWithin(name, record.name)) && !hasSoa(authority)
}

function rank(
  { sections: { answer, authority }, flags }: RplEntry,
  { name, type, class: recordClass }: Question,
): number {
  const isChildSide = (record: ResourceRecord) => type === TYPE.DS && record.type === TYPE.SOA && record.name === name
  if (answer.some((record) => matches(record, name, type, recordClass))) return 4
  if (answer.length > 0) return 3
  if (authority.some(isChildSide)) return 0
  return hasSoa(authority) ? 2 : (flags & 15) === 0 ? 1 : 0
}

function hasSoa(records: readonly ResourceRecord[]): boolean {
  return records.some(({ type }) => type === TYPE.SOA)
}

/** The DS records of a referral to `name`, or the proof that it has none. */
function delegationIn({ name }: Question, entries: readonly RplEntry[]): FoldedReply | undefined {
  for (const { sections } of entries) {
    const { authority } = sections
    if (!authority.some((record) => record.type === TYPE.NS && record.name === name)) continue
    const signed = authority.filter((record) => covers(record, TYPE.DS) && record.name === name)
    const denials = authority.filter((record) => covers(record, TYPE.NSEC) || covers(record, TYPE.NSEC3))
    if (signed.length === 0 && denials.length === 0) continue
    return { flags: QR | RD | RA, answer: signed, authority: signed.length > 0 ? [] : denials, additional: [] }
  }
  return undefined
}

/** Whether it is of the type or signs it. */
function covers(record: ResourceRecord, type: number): boolean {
  return record.type === type || (record.type === TYPE.RRSIG && record.rdata.readUInt16BE(0) === type)
}
