import type { Seconds } from '../../base/index.ts'
import { CLASS, recordCount, TYPE } from '../../wire/index.ts'
import {
  composeLegacyResponse,
  composeProbe,
  composeResponses,
  type MulticastMessage,
  type MulticastQuestion,
  type MulticastRecord,
  type PacketSizes,
} from '../message.ts'
import type { Claim, OwnRecord } from './zone.ts'

/** The most for a resolver that does not see when records change (RFC 6762 §6.7). */
const LEGACY_TTL: Seconds = 10
/** Name, type, class, TTL and length of a record beside its names and rdata. */
const FIXED_PART = 10

/** Probes for as many claims as fit into a packet each (RFC 6762 §8.1). */
export function probePackets(claims: readonly Claim[], sizes: PacketSizes): Buffer[] {
  const groups: Claim[][] = []
  let room = 0
  for (const claim of claims) {
    const size = sizeOf(claim)
    if (size > room) {
      groups.push([])
      room = sizes.usual
    }
    groups.at(-1)?.push(claim)
    room -= size
  }
  return groups.map((group) => {
    const proposed = group.flatMap(({ unique }) => unique.map((record) => ({ ...record, flushesCache: false })))
    return composeProbe(group.map(probeQuestion), proposed, sizes)
  })
}

/** Answers with what belongs to them. Sets that replace what is known are whole or not there (MD-R-10). */
export function responsePackets(
  answer: readonly OwnRecord[],
  additional: readonly OwnRecord[],
  sizes: PacketSizes,
): Buffer[] {
  const packets = composeResponses(answer, additional, sizes)
  const written = recordCount(packets.at(-1) as Buffer, 2)
  const whole = startOfSet(additional, written)
  return whole === written ? packets : composeResponses(answer, additional.slice(0, whole), sizes)
}

/** What ends is said with TTL 0; without cache-flush, as what neighbours have of the same name stays (MD-P-9). */
export function goodbyePackets(records: readonly OwnRecord[], sizes: PacketSizes): Buffer[] {
  const ended = records.map((record) => ({ ...record, ttl: 0, flushesCache: false }))
  return ended.length === 0 ? [] : composeResponses(ended, [], sizes)
}

/** To a resolver that asks from another port (MD-R-9). */
export function legacyPacket(
  { id, questions }: MulticastMessage,
  answer: readonly OwnRecord[],
  additional: readonly OwnRecord[],
  sizes: PacketSizes,
): Buffer {
  return composeLegacyResponse({ id, questions, answer: forLegacy(answer), additional: forLegacy(additional) }, sizes)
}

function forLegacy(records: readonly OwnRecord[]): MulticastRecord[] {
  return records.map((record) => ({ ...record, ttl: Math.min(record.ttl, LEGACY_TTL), flushesCache: false }))
}

function probeQuestion({ name, unique }: Claim): MulticastQuestion {
  return { name, type: TYPE.ANY, class: CLASS.IN, isUnicast: true, spelling: unique[0]?.owner }
}

/** Bytes in a packet at most. */
function sizeOf({ unique }: Claim): number {
  const records = unique.map(({ owner, rdata }) => owner.length + FIXED_PART + rdata.length)
  return records.reduce((sum, size) => sum + size, (unique[0]?.owner.length ?? 0) + 4)
}

/** Where the set begins that is cut before `end`; `end` where none is. */
function startOfSet(records: readonly OwnRecord[], end: number): number {
  let start = end
  while (
    start > 0 &&
    end < records.length &&
    isSameOwnSet(records[start - 1] as OwnRecord, records[end] as OwnRecord)
  ) {
    start--
  }
  return start
}

export function isSameOwnSet(a: OwnRecord, b: OwnRecord): boolean {
  return a.name === b.name && a.type === b.type
}
