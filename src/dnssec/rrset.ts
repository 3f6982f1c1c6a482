import type { Seconds } from '../base/index.ts'
import type { Message, Name, ResourceRecord, Section } from '../wire/index.ts'
import { TYPE } from '../wire/index.ts'
import type { Rrsig } from './rdata.ts'
import { readRrsig } from './rdata.ts'

const SECTIONS = ['answer', 'authority', 'additional'] as const satisfies readonly Section[]

/** All records of one owner, class and type in a section, and the signatures that cover them there. */
export interface RrSet {
  readonly name: Name
  readonly type: number
  readonly class: number
  /** The least of its records. */
  readonly ttl: Seconds
  readonly records: readonly ResourceRecord[]
  readonly signatures: readonly Rrsig[]
}

/** A set that verified. */
export interface VerifiedSet {
  readonly kind: 'verified'
  readonly set: RrSet
  readonly zone: Name
  /** Longest time to keep it: no longer than received, signed or valid (RFC 4035 §5.3.3). */
  readonly ttl: Seconds
  /** Labels of the name above the wildcard that it was expanded from; undefined when it was not. */
  readonly wildcardLabels: number | undefined
  readonly rrsig: Rrsig
}

/**
 * Those of one section, in the order of their first records; their signatures may stand in any. RRSIG records are no sets
 * of their own: nothing signs them (RFC 4035 §2.2). `types`: the only ones to look for, where given.
 */
export function rrsetsOf(message: Pick<Message, Section>, section: Section, types?: ReadonlySet<number>): RrSet[] {
  if (message[section].length === 0) return []
  const groups = new Map<string, ResourceRecord[]>()
  const signatures = new Map<string, Rrsig[]>()
  for (const record of message[section]) {
    const isMeant = record.type !== TYPE.RRSIG && (types === undefined || types.has(record.type))
    if (isMeant) add(groups, keyOf(record, record.type), record)
  }
  if (groups.size === 0) return []
  for (const name of [section, ...SECTIONS.filter((each) => each !== section)]) {
    for (const record of message[name]) {
      if (record.type !== TYPE.RRSIG || record.rdata.length < 2) continue
      const key = keyOf(record, record.rdata.readUInt16BE(0))
      const rrsig = groups.has(key) ? readRrsig(record) : undefined
      if (rrsig !== undefined) add(signatures, key, rrsig)
    }
  }
  return [...groups].map(([key, records]) => {
    const { name, type, class: recordClass } = records[0] as ResourceRecord
    const ttl = Math.min(...records.map((record) => record.ttl))
    return { name, type, class: recordClass, ttl, records, signatures: signatures.get(key) ?? [] }
  })
}

/** Its records and their signatures, as they go into a reply. */
export function recordsOf({ records, signatures }: RrSet): ResourceRecord[] {
  return [...records, ...signatures.map(({ record }) => record)]
}

function keyOf({ name, class: recordClass }: ResourceRecord, type: number): string {
  return `${type} ${recordClass} ${name}`
}

function add<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [value])
  else list.push(value)
}
