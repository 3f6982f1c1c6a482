import type { Question, ResourceRecord } from '../wire/index.ts'
import { AA, compose, FormError, parseMessage, QR, RD, readQuestions, recordCount, TC } from '../wire/index.ts'
import type { MulticastProtocol } from './network.ts'

/*
 * Messages of multicast DNS and LLMNR are read and written by `wire/`, and not by dns-packet: that one masks the top class
 * bit, cannot split known answers over packets, and refuses labels that are not plain text, which names of services are.
 */

/** The top bit of a class: QU in a question, cache-flush in a record (MD-W-2). */
const TOP_BIT = 0x8000
/** LLMNR's C (conflict) and T (tentative) stand where DNS has AA and RD (LL-W-1). */
export const LLMNR_CONFLICT = AA
export const LLMNR_TENTATIVE = RD
/** More than fit into a packet of 9000 bytes that asks anything of use. */
const MAX_QUESTIONS = 1024

export interface MulticastQuestion extends Question {
  /** QU: the answer may come by unicast (RFC 6762 §5.4). Never in LLMNR. */
  readonly isUnicast?: boolean
}

export interface MulticastRecord extends ResourceRecord {
  /** The whole set of its name and type is in this packet, and replaces what is known of it (RFC 6762 §10.2). Never in LLMNR. */
  readonly flushesCache?: boolean
}

/** A message taken apart, the top bits of classes told apart from the classes. */
export interface MulticastMessage {
  readonly id: number
  readonly flags: number
  readonly isResponse: boolean
  /** More of the same follows (RFC 6762 §7.2), or had no room (LLMNR). */
  readonly isTruncated: boolean
  readonly questions: readonly MulticastQuestion[]
  readonly answer: readonly MulticastRecord[]
  readonly authority: readonly MulticastRecord[]
  readonly additional: readonly MulticastRecord[]
  /** Bytes that the sender takes in a reply, where it says so (EDNS). */
  readonly payloadSize: number | undefined
}

/** Undefined for what is malformed: neither protocol answers that (MC-IN-3). */
export function readMulticast(bytes: Buffer, protocol: MulticastProtocol): MulticastMessage | undefined {
  try {
    const { id, flags, answer, authority, additional, opt } = parseMessage(bytes, MAX_QUESTIONS)
    const hasTopBits = protocol === 'mdns'
    const records = (all: readonly ResourceRecord[]) => (hasTopBits ? all.map(recordOfMdns) : all)
    return {
      id,
      flags,
      isResponse: (flags & QR) !== 0,
      isTruncated: (flags & TC) !== 0,
      questions: hasTopBits ? readQuestions(bytes).map(questionOfMdns) : readQuestions(bytes),
      answer: records(answer),
      authority: records(authority),
      additional: records(additional),
      payloadSize: opt?.payloadSize,
    }
  } catch (error) {
    if (error instanceof FormError) return undefined
    throw error
  }
}

/** What an mDNS message is to hold; the ID is that of a legacy query that is answered, else 0. */
export interface MdnsParts {
  readonly id?: number
  readonly questions?: readonly MulticastQuestion[]
  readonly answer?: readonly MulticastRecord[]
  readonly authority?: readonly MulticastRecord[]
  readonly additional?: readonly MulticastRecord[]
}

/** The most that a packet may have with its headers, when one record alone takes it (RFC 6762 §17). */
const LARGEST_PACKET = 9000
const UDP_HEADER = 8
const IPV4_HEADER = 20
const IPV6_HEADER = 40

/** Bytes of DNS in one packet: as many as go over the link unfragmented, or for one large record (MD-W-6). */
export interface PacketSizes {
  readonly usual: number
  readonly largest: number
}

export function packetSizes(mtu: number, isIpv6: boolean): PacketSizes {
  const headers = UDP_HEADER + (isIpv6 ? IPV6_HEADER : IPV4_HEADER)
  return { usual: Math.max(512, Math.min(mtu, LARGEST_PACKET) - headers), largest: LARGEST_PACKET - headers }
}

/**
 * Questions with their known answers: as many packets as it takes. All questions come before the first known answer; TC in all but
 * the last packet tells that more of these follow (RFC 6762 §7.2).
 */
export function composeQueries(
  questions: readonly MulticastQuestion[],
  knownAnswers: readonly MulticastRecord[],
  sizes: PacketSizes,
): Buffer[] {
  const groups = groupsThatFit(questions, sizes.usual)
  const last = groups.pop() ?? []
  return [
    ...groups.map((group) => composeMdns({ questions: group }, 0, sizes.usual)),
    ...pack(last, knownAnswers, sizes),
  ]
}

/** Questions and what goes into their authority section: one packet, as both are useless alone (RFC 6762 §8.2). */
export function composeProbe(
  questions: readonly MulticastQuestion[],
  authority: readonly MulticastRecord[],
  sizes: PacketSizes,
): Buffer {
  return composeMdns({ questions, authority }, 0, sizes.largest)
}

/** Answers over as many packets as it takes; of the additional records what finds room in the last. */
export function composeResponses(
  answer: readonly MulticastRecord[],
  additional: readonly MulticastRecord[],
  sizes: PacketSizes,
): Buffer[] {
  const packets: Buffer[] = []
  let left = answer
  do {
    let packet = composeMdns({ answer: left, additional }, QR | AA, sizes.usual)
    if (recordCount(packet, 0) === 0) packet = composeMdns({ answer: left.slice(0, 1) }, QR | AA, sizes.largest)
    const written = recordCount(packet, 0)
    packet.writeUInt16BE(QR | AA, 2) // what is left over follows, and is not lost
    if (written > 0) packets.push(packet)
    left = left.slice(Math.max(1, written)) // what fits no packet at all is left out
  } while (left.length > 0)
  return packets
}

/**
 * To a resolver that knows nothing of multicast: its ID and question, no cache-flush bits, names compressed as in DNS
 * (MD-R-9). TTLs are up to the caller.
 */
export function composeLegacyResponse(parts: MdnsParts, sizes: PacketSizes): Buffer {
  return compose({ id: parts.id ?? 0, flags: QR | AA, ...parts }, { maxSize: sizes.usual })
}

/** Known answers are one list, cut where packets end. */
function pack(
  questions: readonly MulticastQuestion[],
  knownAnswers: readonly MulticastRecord[],
  sizes: PacketSizes,
): Buffer[] {
  const packets: Buffer[] = []
  let left = knownAnswers
  let asked = questions
  for (;;) {
    const packet = composeMdns({ questions: asked, answer: left }, 0, sizes.usual)
    const written = recordCount(packet, 0)
    // A known answer that fits no packet is not worth one: it is sent once more by who has it.
    left = left.slice(written === 0 && asked.length === 0 ? 1 : written)
    if (written > 0 || asked.length > 0) packets.push(packet)
    asked = []
    if (left.length > 0) continue
    packets.at(-1)?.writeUInt16BE(0, 2)
    return packets
  }
}

/** `compose` sets TC where not all answers had room. */
function composeMdns(parts: MdnsParts, flags: number, maxSize: number): Buffer {
  const { id = 0, questions, answer = [], authority = [], additional = [] } = parts
  return compose(
    {
      id,
      flags,
      questions: questions?.map(withTopBit),
      answer: answer.map(recordWithTopBit),
      authority: authority.map(recordWithTopBit),
      additional: additional.map(recordWithTopBit),
    },
    { maxSize, isMulticastDns: true },
  )
}

/** As many in a row as surely fit into a packet; names are counted as if they were not compressed. */
function groupsThatFit(questions: readonly MulticastQuestion[], maxSize: number): MulticastQuestion[][] {
  const groups: MulticastQuestion[][] = []
  let room = 0
  for (const question of questions) {
    const size = question.name.length + 6
    if (size > room) {
      groups.push([])
      room = maxSize - 12
    }
    groups.at(-1)?.push(question)
    room -= size
  }
  return groups
}

function withTopBit(question: MulticastQuestion): Question {
  return question.isUnicast === true ? { ...question, class: question.class | TOP_BIT } : question
}

function recordWithTopBit(record: MulticastRecord): ResourceRecord {
  return record.flushesCache === true ? { ...record, class: record.class | TOP_BIT } : record
}

function questionOfMdns(question: Question): MulticastQuestion {
  return { ...question, class: question.class & ~TOP_BIT, isUnicast: (question.class & TOP_BIT) !== 0 }
}

function recordOfMdns(record: ResourceRecord): MulticastRecord {
  return { ...record, class: record.class & ~TOP_BIT, flushesCache: (record.class & TOP_BIT) !== 0 }
}
