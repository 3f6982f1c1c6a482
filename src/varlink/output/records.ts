import type { IfIndex } from '../../base/index.ts'
import type { FoundAddress } from '../../lookup/index.ts'
import type { Question, ResourceRecord as Rr } from '../../wire/index.ts'
import { recordJson, textOfWire, wireOfRecord, writtenName } from '../../wire/index.ts'
import type { ResourceKey, ResourceRecord, ValueOf } from '../../varlink-idl/index.ts'

type KeyValue = ValueOf<(typeof ResourceKey)['fields']>
type RecordValue = ValueOf<(typeof ResourceRecord)['fields']>

/**
 * A record as clients see it: `rr` only for types with a JSON form, `raw` always and with the TTL (varlink.md §3.2).
 */
export interface RecordOutput {
  readonly rr: RecordValue | undefined
  /** Base64 of the whole record in wire form. */
  readonly raw: string
}

export function recordOutput(record: Rr): RecordOutput {
  const key = { class: record.class, type: record.type, name: textOfWire(record.owner) }
  return {
    // The wire room builds its objects from the same table (varlink.md §3.2).
    rr: recordJson(key, record.rdata) as RecordValue | undefined,
    raw: wireOfRecord(record).toString('base64'),
  }
}

/** The same with the link it was learnt on, unless that is none. */
export function linkedRecord({ ifindex, record }: { readonly ifindex: IfIndex; readonly record: Rr }) {
  return { ifindex: ifindex || undefined, ...recordOutput(record) }
}

export function keyOutput(question: Question): KeyValue {
  return { class: question.class, type: question.type, name: writtenName(question) }
}

/** An address as its bytes, with the link it was learnt on, unless that is none. */
export function addressOutput({ ifindex, address }: FoundAddress) {
  return { ifindex: ifindex || undefined, family: address.family, address: [...address.bytes] }
}
