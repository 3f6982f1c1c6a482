import type { Seconds } from '../base/index.ts'
import type { Name, ResourceRecord } from '../wire/index.ts'
import { lowerCaseNames, TYPE, wireOfName } from '../wire/index.ts'
import { lastLabels, signedLabels, wildcardOf } from './order.ts'
import type { Rrsig } from './rdata.ts'
import type { RrSet } from './rrset.ts'

/**
 * What a signature is made over (RFC 4034 §3.1.8.1): its own rdata without the signature, then every record in
 * canonical form and order (§6.2, §6.3), equal ones once. Where the set was expanded from a wildcard, that is the owner.
 * Undefined when the owner cannot be, or a record is too short for its type.
 */
export function signedData({ name, type, class: recordClass, records }: RrSet, rrsig: Rrsig): Buffer | undefined {
  const isExpanded = rrsig.labels < signedLabels(name)
  const owner = isExpanded ? wildcardOf(lastLabels(name, rrsig.labels)) : name
  const rdatas = canonicalRdatas(records)
  if (owner === undefined || rdatas === undefined) return undefined
  const start = startOf(owner, type, recordClass, rrsig.originalTtl)
  const size = rdatas.reduce((sum, rdata) => sum + start.length + 2 + rdata.length, rrsig.signed.length)
  const data = Buffer.allocUnsafe(size)
  let at = rrsig.signed.copy(data)
  for (const rdata of rdatas) {
    at += start.copy(data, at)
    at = data.writeUInt16BE(rdata.length, at)
    at += rdata.copy(data, at)
  }
  return data
}

/** Of every record, up to the length of its rdata. */
function startOf(owner: Name, type: number, recordClass: number, ttl: Seconds): Buffer {
  const name = wireOfName(owner)
  const start = Buffer.allocUnsafe(name.length + 8)
  let at = name.copy(start)
  at = start.writeUInt16BE(type, at)
  at = start.writeUInt16BE(recordClass, at)
  start.writeUInt32BE(ttl, at)
  return start
}

/** Sorted as octet strings without their lengths. */
function canonicalRdatas(records: readonly ResourceRecord[]): Buffer[] | undefined {
  const rdatas: Buffer[] = []
  for (const { type, rdata } of records) {
    const canonical = canonicalRdata(type, rdata)
    if (canonical === undefined) return undefined
    rdatas.push(canonical)
  }
  if (rdatas.length === 1) return rdatas
  rdatas.sort((a, b) => Buffer.compare(a, b))
  return rdatas.filter((rdata, i) => i === 0 || !rdata.equals(rdatas[i - 1] as Buffer))
}

/** With names in lower case for the types of RFC 4034 §6.2; NSEC is no more among them (RFC 6840 §5.1). */
export function canonicalRdata(type: number, rdata: Buffer): Buffer | undefined {
  return type === TYPE.NSEC ? rdata : lowerCaseNames(type, rdata)
}
