import type { MessageParts, Name, Question, Redirect, ResourceRecord } from '../../src/wire/index.ts'
import {
  composeQuestion,
  isSameRecord,
  isWithin,
  labelCount,
  matches,
  nameOf,
  parentOf,
  QR,
  RA,
  RCODE,
  RD,
  recordOf,
  redirectFrom,
  ROOT,
  targetOf,
  TYPE,
  wireOfName,
} from '../../src/wire/index.ts'
import type { Packet } from './rpl-entry.ts'
import { mismatch } from './rpl-entry.ts'
import type { RplEntry } from './rpl-parse.ts'

/** What is left of a message when it is put into a reply of a forwarder. */
export type FoldedReply = Pick<MessageParts, 'flags' | 'answer' | 'authority' | 'additional'>

/** Servers of a zone to begin with. */
export interface RplStub {
  readonly name: string
  readonly servers: readonly string[]
  /** They ask others themselves: what they say is no referral. */
  readonly isForward?: boolean
}

/** Canned answers that are in force, each at its server's address, or at all. */
export interface RplCanned {
  readonly address: string | undefined
  readonly entries: readonly RplEntry[]
}

/** Questions are compared by what the entries say alone. */
const AS_SERVER = { isMinimal: true, dnssec: undefined }

const MAX_REFERRALS = 12
const MAX_LINKS = 12

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
  links = 0,
): FoldedReply | undefined {
  if (links > MAX_LINKS) return undefined
  const entries = canned.flatMap((each) => each.entries)
  const found =
    alongReferrals(packet, question, stubs, canned) ??
    bestReply(packet, question, entries) ??
    knownReply(question, entries)
  const target = found && openTarget(question, found)
  if (found === undefined || target === undefined) return found
  const next = { ...question, name: target }
  const wire = composeQuestion(0, RD, next, 1232, true)
  const rest = foldedReply({ ...packet, wire }, next, stubs, canned, links + 1)
  if (rest === undefined) return undefined
  const joined = (a: readonly ResourceRecord[] = [], other: readonly ResourceRecord[] = []) => [...a, ...other]
  return {
    flags: rest.flags,
    answer: joined(found.answer, rest.answer),
    authority: joined(found.authority, rest.authority),
    additional: [],
  }
}

/** Where the reply's aliases lead, if it does not say what is there. */
function openTarget({ name, type, class: recordClass }: Question, { answer = [] }: FoldedReply): Name | undefined {
  if (type === TYPE.CNAME || type === TYPE.ANY) return undefined // RFC 1034 §3.6.2
  let at = name
  for (let links = 0; links <= answer.length; links++) {
    if (answer.some((record) => matches(record, at, type, recordClass))) return undefined
    const redirect = redirectFrom(at, answer)
    if (redirect === undefined) return at === name ? undefined : at
    at = redirect.target
  }
  return undefined
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
  const nearest = above.toSorted((a, b) => labelCount(nameOf(b.name)) - labelCount(nameOf(a.name)))[0]
  let servers = nearest?.servers ?? []
  let zone = nameOf(nearest?.name ?? '.')
  for (let steps = 0; steps < MAX_REFERRALS; steps++) {
    const entries = canned
      .filter(({ address }) => address === undefined || servers.includes(address))
      .flatMap((each) => each.entries)
    const found = entries.find((entry) => mismatch(entry, packet, AS_SERVER) === undefined)
    const isHere = found !== undefined && (nearest?.isForward === true || !isReferral(found, question, zone))
    if (isHere) return replyOf(found)
    if (type === TYPE.DS) {
      const delegation = delegationIn(question, entries)
      if (delegation !== undefined) return delegation
    }
    const referral = found ?? entries.find((entry) => isReferral(entry, question, zone) && entry.match.has('subdomain'))
    if (referral === undefined) return undefined
    servers = serversOf(referral, question, canned)
    zone = nsOwner(referral, question) ?? zone
  }
  return undefined
}

/** The zone that a referral leads to. */
function nsOwner({ sections }: RplEntry, { name }: Question): Name | undefined {
  return sections.authority.find((record) => record.type === TYPE.NS && isWithin(name, record.name))?.name
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
  const fitting = entries.filter(
    (entry) => mismatch(entry, packet, AS_SERVER) === undefined && !isReferral(entry, question),
  )
  const best = fitting.toSorted((a, b) => rank(b, question) - rank(a, question))[0]
  if (question.type !== TYPE.DS) return best && replyOf(best)
  const referral = delegationIn(question, entries)
  if (referral !== undefined && (best === undefined || rank(best, question) < 2)) return referral
  // Nobody delegates the name: whoever asks authoritative servers knows without asking.
  return best === undefined ? { flags: QR | RD | RA } : replyOf(best)
}

/** What a forwarder with a cache would make of answers to other questions: the same records, an alias, a name that is not there. */
function knownReply(
  { name, type, class: recordClass }: Question,
  entries: readonly RplEntry[],
): FoldedReply | undefined {
  const flags = QR | RD | RA
  const known = entries.flatMap(({ sections }) => sections.answer)
  const same = known.filter((record) => matches(record, name, type, recordClass))
  if (same.length > 0) return { flags, answer: signedOf(same, known) }
  const isDenial = (entry: RplEntry) => (entry.flags & 15) === RCODE.NXDOMAIN && entry.question?.name === name
  const denial = entries.find(isDenial)
  if (denial !== undefined) return replyOf(denial)
  const alias = redirectFrom(name, known)
  return alias && { flags, answer: aliasOf(name, alias, known) }
}

function aliasOf(name: Name, { record, target }: Redirect, known: readonly ResourceRecord[]): ResourceRecord[] {
  const alias = signedOf([record], known)
  return record.type === TYPE.CNAME ? alias : [...alias, recordOf(name, TYPE.CNAME, wireOfName(target), record.ttl)]
}

/** Each once, with all signatures of its kind. */
function signedOf(records: readonly ResourceRecord[], known: readonly ResourceRecord[]): ResourceRecord[] {
  const [{ name, type } = { name: ROOT, type: 0 }] = records
  const all = [...records, ...known.filter((each) => each.name === name && each.type !== type && covers(each, type))]
  return all.filter((record, i) => all.findIndex((other) => isSameRecord(other, record)) === i)
}

/** Signatures stand with what they sign. */
function replyOf({ sections, flags }: RplEntry): FoldedReply {
  const all = [...sections.answer, ...sections.authority, ...sections.additional]
  const signatures = all.filter(({ type }) => type === TYPE.RRSIG)
  const tidied = (records: readonly ResourceRecord[]) => {
    const data = records.filter(({ type }) => type !== TYPE.RRSIG)
    const isFor = (signature: ResourceRecord) =>
      data.some((record) => record.name === signature.name && record.type === signature.rdata.readUInt16BE(0))
    return data.length === 0 ? records : [...data, ...signatures.filter(isFor)]
  }
  const { answer, authority, additional } = sections
  const parts = { answer: tidied(answer), authority: tidied(authority), additional: tidied(additional) }
  return { ...parts, flags: (flags & 15) | QR | RD | RA }
}

/** To a zone below the one whose servers are asked, if that is known: its own NS records lead nowhere. */
function isReferral({ flags, sections, hex }: RplEntry, { name }: Question, zone?: Name): boolean {
  if (hex !== undefined || sections.answer.length > 0 || (flags & 15) !== 0) return false
  const { authority } = sections
  const isBelow = (record: ResourceRecord) => record.name !== zone && isWithin(name, record.name)
  return authority.some((record) => record.type === TYPE.NS && isBelow(record)) && !hasSoa(authority)
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
    const proof = signed.length > 0 ? [] : [...soaAbove(name, entries), ...denials]
    return { flags: QR | RD | RA, answer: signed, authority: proof, additional: [] }
  }
  return undefined
}

/** The signed SOA of the nearest zone above that any server has told. */
function soaAbove(name: Name, entries: readonly RplEntry[]): ResourceRecord[] {
  const known = entries.flatMap(({ sections }) => [...sections.answer, ...sections.authority])
  const above = known.filter(
    (record) => covers(record, TYPE.SOA) && record.name !== name && isWithin(name, record.name),
  )
  const nearest = above.toSorted((a, b) => labelCount(b.name) - labelCount(a.name))[0]
  const own = above.filter((record) => record.name === nearest?.name)
  return own.filter((record, i) => own.findIndex((other) => other.rdata.equals(record.rdata)) === i)
}

/** Whether it is of the type or signs it. */
function covers(record: ResourceRecord, type: number): boolean {
  return record.type === type || (record.type === TYPE.RRSIG && record.rdata.readUInt16BE(0) === type)
}
