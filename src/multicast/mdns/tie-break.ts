import type { MulticastRecord } from '../message.ts'

/**
 * Two hosts probe for the same name at once: the records that each proposes are sorted by class, type and rdata, and the
 * later list wins (RFC 6762 §8.2). Above 0: ours; below: theirs; 0: they are the same, which is no conflict. Names in rdata
 * are uncompressed.
 */
export function tieBreak(ours: readonly MulticastRecord[], theirs: readonly MulticastRecord[]): number {
  const [a, b] = [ours.toSorted(compare), theirs.toSorted(compare)]
  for (const [i, record] of a.entries()) {
    const other = b[i]
    if (other === undefined) return 1
    const order = compare(record, other)
    if (order !== 0) return order
  }
  return a.length - b.length
}

function compare(a: MulticastRecord, b: MulticastRecord): number {
  return a.class - b.class || a.type - b.type || Buffer.compare(a.rdata, b.rdata)
}
