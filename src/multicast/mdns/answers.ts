import type { Seconds } from '../../base/index.ts'
import { CLASS, type Name, nameOfWire, type Question, TYPE } from '../../wire/index.ts'
import type { MulticastRecord } from '../message.ts'
import { type Claim, type OwnRecord, recordKey } from './zone.ts'

/** Types that tell where a host is: their TTL is that of records with host names (RFC 6762 §10). */
const HOST_TYPES: ReadonlySet<number> = new Set([TYPE.A, TYPE.AAAA, TYPE.SRV, TYPE.HINFO])
const HOST_TTL: Seconds = 120
const OTHER_TTL: Seconds = 4500
/** The port and what is before it in the rdata of SRV. */
const SRV_NUMBERS = 6

/** What this machine answers on a link: the records of the names that are its own by now. */
export class OwnRecords {
  readonly #byName = new Map<Name, OwnRecord[]>()
  readonly #keys = new Set<string>()

  constructor(claims: Iterable<Claim>) {
    for (const { unique, others } of claims) for (const record of [...unique, ...others]) this.#add(record)
  }

  has(key: string): boolean {
    return this.#keys.has(key)
  }

  at(name: Name): readonly OwnRecord[] {
    return this.#byName.get(name) ?? []
  }

  /** All records that answer, or an NSEC where a unique name lacks the type (MD-R-2, MD-R-4). */
  answersTo({ name, type, class: asked }: Question): readonly OwnRecord[] {
    if (asked !== CLASS.IN && asked !== CLASS.ANY) return []
    const here = this.at(name)
    if (type === TYPE.ANY) return here
    const answers = here.filter((record) => record.type === type)
    return answers.length > 0 ? answers : denialOf(here, type)
  }

  /** What goes along so that nobody has to ask for it (MD-R-12), and nothing that is in `answers`. */
  additionalTo(answers: readonly OwnRecord[]): OwnRecord[] {
    const taken = new Set(answers.map(({ key }) => key))
    const additional: OwnRecord[] = []
    const all = [...answers]
    // Grows by what was added: PTR leads to SRV, and that to addresses.
    for (const record of all) {
      for (const next of this.#implied(record)) {
        if (taken.has(next.key)) continue
        taken.add(next.key)
        additional.push(next)
        all.push(next)
      }
    }
    return additional
  }

  #implied(record: OwnRecord): readonly OwnRecord[] {
    switch (record.type) {
      case TYPE.PTR:
        return this.at(nameOfWire(record.rdata)).filter(({ type }) => type === TYPE.SRV || type === TYPE.TXT)
      case TYPE.SRV:
        return this.#addresses(nameOfWire(record.rdata.subarray(SRV_NUMBERS)))
      case TYPE.A:
      case TYPE.AAAA:
        return this.#addresses(record.name)
      default:
        return []
    }
  }

  /** Of both IP versions; an NSEC tells that there are none of one (RFC 6762 §6.2). */
  #addresses(name: Name): readonly OwnRecord[] {
    const here = this.at(name)
    return [TYPE.A, TYPE.AAAA].flatMap((type) => {
      const some = here.filter((record) => record.type === type)
      return some.length > 0 ? some : denialOf(here, type)
    })
  }

  #add(record: OwnRecord): void {
    if (this.#keys.has(record.key)) return
    this.#keys.add(record.key)
    const here = this.#byName.get(record.name)
    if (here === undefined) this.#byName.set(record.name, [record])
    else here.push(record)
  }
}

/** An NSEC for a name that is ours alone; nothing for shared names, as neighbours may have the type (RFC 6762 §6.1). */
function denialOf(here: readonly OwnRecord[], missing: number): readonly OwnRecord[] {
  const first = here.find(({ flushesCache }) => flushesCache)
  if (first === undefined || missing > 255) return []
  const { owner, name } = first
  const rdata = Buffer.concat([owner, typeBitmap(new Set(here.map(({ type }) => type)))])
  const ttl = HOST_TYPES.has(missing) ? HOST_TTL : OTHER_TTL
  const key = recordKey({ name, type: TYPE.NSEC, rdata })
  return [{ owner, name, type: TYPE.NSEC, class: CLASS.IN, ttl, rdata, flushesCache: true, key }]
}

/** Window 0 only, as all our types are below 256 (RFC 4034 §4.1.2). */
function typeBitmap(types: ReadonlySet<number>): Buffer {
  const bits = Buffer.alloc((Math.max(...types) >> 3) + 1)
  for (const type of types) (bits[type >> 3] as number) |= 0x80 >> (type & 7)
  return Buffer.concat([Buffer.from([0, bits.length]), bits])
}

/** Whether the asker's known answers hold the record with at least half of its TTL (MD-R-7). */
export function isKnown(record: OwnRecord, known: ReadonlyMap<string, Seconds>): boolean {
  return (known.get(record.key) ?? -1) * 2 >= record.ttl
}

/** The TTLs of what somebody told, by `recordKey`. */
export function ttlsOf(records: readonly MulticastRecord[]): Map<string, Seconds> {
  return new Map(records.map((record) => [recordKey(record), record.ttl]))
}
